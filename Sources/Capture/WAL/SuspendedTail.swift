import LinuxSystem
import SQLiteFiles

/// A log that was closed because too many are open: which file it is, and how far it was consumed.
struct SuspendedTail {
    let identity: FileIdentity
    fileprivate let chain: WALChain?
    fileprivate let mark: CommitMark?
    fileprivate let knownEnd: WALChain?
}

extension WALTail {
    /// What is needed to go on with the log when it is opened again.
    var suspended: SuspendedTail {
        SuspendedTail(identity: log.identity, chain: chain, mark: mark, knownEnd: knownEnd)
    }

    /// Goes on where the same log was left.
    func resume(_ suspended: SuspendedTail) {
        chain = suspended.chain
        mark = suspended.mark
        knownEnd = suspended.knownEnd
    }
}
