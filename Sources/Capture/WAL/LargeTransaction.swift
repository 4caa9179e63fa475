import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// A transaction that is too large to hold. It is read twice: first up to its commit frame, then again in
/// parts. Both reads pause after a chunk so that other files need not wait, and continue with the next call.
///
/// If there is no commit frame yet, the next call continues the search from its end: later frames of the
/// transaction chain on. But a rollback can remove frames that the search has passed. A shorter transaction
/// may then commit before that place. The wal-index shows it (`mayHavePassedOver`). If no process uses an
/// index, each search starts at the front. It is repeated if the log was written during it.
struct LargeTransaction {
    struct Commit {
        let end: WALChain
        let databasePages: PageCount
        /// Whether it is proven to be complete.
        var isProven = false
    }

    enum Search {
        case found(Commit)
        /// The chunk is used up.
        case paused
        /// There is none yet. The search goes on when the log was written.
        case waits
        /// There is none, and the next search starts at the front. `isOld`: the log was written during this
        /// one.
        case ended(isOld: Bool)
    }

    /// The chain before it.
    let start: WALChain
    /// Whether writers may continue the generation.
    private let isOpen: Bool
    /// The last frame that the wal-index knew when the search began.
    private let knownFrame: UInt32?
    /// Whether the log was written since then.
    private var isOld = false
    /// Before the commit frame is found: all frames before this belong to the transaction. Then: the chain
    /// after the last frame that was delivered.
    private(set) var reached: WALChain
    private(set) var commit: Commit?

    init(
        behind start: WALChain,
        isOpen: Bool,
        _ reader: inout WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) {
        self.start = start
        self.isOpen = isOpen
        reached = start
        knownFrame = try reader.index.read(&scratch)?.lastFrame
    }

    /// Whether this is what continues the work on the transaction behind `start`.
    func continues(_ start: WALChain, isOpen: Bool) -> Bool {
        self.start == start && (commit != nil || self.isOpen == isOpen)
    }

    /// The log was written. A rollback may have led to a shorter transaction that the search has passed.
    mutating func logWasWritten() { isOld = true }

    /// Whether the commit frame behind `chain` is still searched.
    func isSearching(behind chain: WALChain?) -> Bool { commit == nil && start == chain }

    /// Whether the search may have passed a commit that the index counts.
    func mayHavePassedOver(_ index: WALIndexHeader) -> Bool { knownFrame != index.lastFrame }

    /// Continues the search for the commit frame.
    mutating func search(
        _ reader: inout WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Search {
        if let commit { return .found(commit) }
        var frames = FrameCursor(behind: reached)
        defer {
            if commit == nil {
                reached = frames.chain
                reader.unfinishedBytes = (reached.frameCount - start.frameCount) * start.frameBytes
            }
        }
        while try reader.next(&frames, &scratch) {
            if let databasePages = frames.databasePages {
                let found = Commit(end: frames.chain, databasePages: databasePages)
                (commit, reached) = (found, start)
                return .found(found)
            }
            guard !reader.isOverChunk else { return .paused }
        }
        return isOpen && reader.index.isUsed ? .waits : .ended(isOld: isOpen && isOld)
    }

    mutating func isProven() { commit?.isProven = true }

    mutating func delivered(to chain: WALChain) { reached = chain }
}
