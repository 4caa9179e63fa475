import LinuxSystem
import SQLiteFiles

/// A log that was closed because too many are open: its identity, and how far it was consumed.
struct SuspendedTail {
    let identity: FileIdentity
    fileprivate let chain: WALChain?
    fileprivate let mark: CommitMark?
    fileprivate let knownEnd: WALChain?
}

extension WALTail {
    /// The state that is needed to continue the log when it is opened again.
    var suspended: SuspendedTail {
        SuspendedTail(identity: log.identity, chain: chain, mark: mark, knownEnd: knownEnd)
    }

    /// Continues from the saved state of the same log.
    func resume(_ suspended: SuspendedTail) {
        chain = suspended.chain
        mark = suspended.mark
        knownEnd = suspended.knownEnd
    }
}
