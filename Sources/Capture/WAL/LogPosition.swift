import LinuxSystem
import SQLiteFiles

/// How far a log was consumed, and what is known of its wal-index there. A pure decision.
struct LogPosition {
    /// The chain at the last consumed commit. Nil before the first header and after a truncation.
    private(set) var chain: WALChain?
    /// The wal-index's state when it last agreed with the consumed commits. Nil if it never did; a reset then
    /// cannot be distinguished from a loss.
    private(set) var mark: CommitMark?
    /// The last chain that was taken because the wal-index counted its frames. The header of the frame before
    /// it may be empty.
    private var knownEnd: WALChain?
    /// The wal-index that the last user of an empty log left. It has no information about later commits.
    private var leftIndex: WALIndexHeader?

    /// `isNew`: the log was made after everything before it had been captured.
    init(isNew: Bool = false) {
        if isNew { mark = .initial }
    }

    /// Goes to the start of a generation, or to the end of a commit that is not consumed.
    mutating func move(to chain: WALChain) { self.chain = chain }

    /// One more commit was consumed.
    mutating func consumed(to end: WALChain) {
        chain = end
        mark?.commitsSince &+= 1
    }

    /// Commits of a generation that is over were consumed.
    mutating func consumed(_ commits: Int) { mark?.commitsSince &+= UInt32(commits) }

    /// Everything was consumed up to the frames that the wal-index counts.
    mutating func move(toKnown end: WALChain) { (chain, knownEnd) = (end, end) }

    /// The wal-index agrees with the consumed commits.
    mutating func mark(_ index: WALIndexHeader) { mark = CommitMark(index) }

    /// The same, if it ends exactly where the consumed commits end.
    mutating func markIfAgreeing(_ index: WALIndexHeader?) {
        if let index, agrees(with: index) { mark(index) }
    }

    /// The log has no header, and no process uses the index. The next process that does starts it from zero.
    private mutating func markUnused(_ index: WALIndexHeader?) { (mark, leftIndex) = (.initial, index) }

    /// The log has no commit. False when one has come meanwhile. In a log with a header, an index that no
    /// process uses starts from what the recovery of the next one finds.
    mutating func markEmpty(_ index: WALIndexHeader?, isUsed: Bool, hasHeader: Bool) -> Bool {
        guard isUsed else {
            if !hasHeader { markUnused(index) }
            return true
        }
        guard let index, index.lastFrame == 0 else { return false }
        mark(index)
        return true
    }

    /// A process may have begun to use an unused index, which then counts from zero.
    mutating func indexMayBeNew() {
        if let mark, !mark.isInitial { self.mark = .initial }
    }

    /// Drops everything consumed. The next poll starts at the generation's first frame.
    mutating func forget() { (chain, mark) = (nil, nil) }
}

// What the wal-index says of the consumed commits
extension LogPosition {
    /// Whether the index ends exactly where the consumed commits end.
    func agrees(with index: WALIndexHeader) -> Bool {
        guard let chain else { return false }
        return index.hasSalts(of: chain) && Int(index.lastFrame) == chain.frameCount
            && (index.lastFrame == 0 || index.frameChecksum == chain.checksum)
    }

    /// Whether all commits that the index counts were consumed, and checkpointed by the process that deleted
    /// the log.
    func wasCopied(by index: WALIndexHeader?) -> Bool {
        guard let index else { return false }
        return agrees(with: index) && index.backfilledFrames == index.lastFrame
    }

    /// Whether a frame header is that of the last frame before `end`, as it was read.
    func isLast(_ frame: WALFrameHeader, before end: WALChain) -> Bool {
        if frame.salts.areEmpty { return end == knownEnd }
        return frame.salts == end.salts && frame.checksum == end.checksum
    }

    /// Whether SQLite has rolled back consumed commits of this generation, in a recovery.
    ///
    /// When all writers have died, a recovery counts the frames anew. It stops at the first one whose
    /// checksum does not chain. So SQLite loses its own commits after frames that it left empty
    /// (`WALTail.consumeKnown`). The next transactions overwrite them. A recovery also resets the index's
    /// change counter to zero. So commits were rolled back if and only if the index is of this generation
    /// and one of these holds:
    /// 1. A process uses it, and it counts fewer frames than were consumed.
    /// 2. A process uses it, and it ends at the same frame with another checksum.
    /// 3. It counts fewer frames than at the last mark, which is of this generation.
    /// 4. It counts fewer commits than at that mark, and the last consumed frame was overwritten.
    func wasRolledBackByRecovery(
        by index: WALIndexHeader,
        isUsed: @autoclosure () -> Bool,
        isInLog: (WALChain) throws(SystemError) -> Bool
    ) throws(SystemError) -> Bool {
        guard let chain, index.hasSalts(of: chain) else { return false }
        let lastFrame = Int(index.lastFrame)
        if lastFrame < chain.frameCount, isUsed() { return true }
        if lastFrame == chain.frameCount, lastFrame > 0, index.frameChecksum != chain.checksum {
            return isUsed()
        }
        guard let mark, mark.salts == chain.salts else { return false }
        if lastFrame < mark.frameCount { return true }
        guard index.changeCounter < mark.changeCounter else { return false }
        return try !isInLog(chain)
    }

    /// What follows if the log has no header: it was truncated, or has none yet. It has no commits now, and
    /// the mark decides whether any were lost. None was lost if and only if one of these holds:
    /// 1. Nothing was known of the log.
    /// 2. Nothing of it was consumed since it was new, and there is no index.
    /// 3. The same, and no process uses the index, which the last user left so.
    /// 4. The index counts all consumed commits and no other, and was reset.
    /// 5. The same, it ends where the consumed commits end, and no process uses it. The last user of a log
    ///    that is kept (SQLITE_FCNTL_PERSIST_WAL) may truncate it without a reset.
    mutating func truncated(_ index: WALIndexHeader?, isUsed: Bool, isNamed: Bool) -> WALTail.Outcome {
        guard chain != nil || mark != nil else { return .current }
        let isUntouched = chain == nil && mark?.isInitial == true
        guard let index else {
            // Without an index nobody has committed. An index in use is just being written.
            if isUsed { return .congested }
            return isUntouched ? .current : .lost
        }
        if isUntouched, !isUsed, index == leftIndex { return .current }
        let endsHere = agrees(with: index)
        // A new generation began meanwhile: its header decides.
        if index.lastFrame > 0, isUsed, isNamed, chain.map(index.hasSalts) != true { return .congested }
        guard index.lastFrame == 0 || (!isUsed && endsHere), index.changeCounter == mark?.expected else {
            return .lost
        }
        chain = nil
        if !isUsed { markUnused(index) }
        return .current
    }

    /// Whether the index of a log without a name counts the commit that ends at `end`. This is true if one of
    /// these holds:
    /// 1. There is no index.
    /// 2. The index is of this generation and counts the commit, and the log still has the commit's last
    ///    frame.
    /// 3. The index was reset, and its change counter is one above that of the consumed commits.
    func isCounted(
        _ end: WALChain,
        by index: WALIndexHeader?,
        isInLog: (WALChain) throws(SystemError) -> Bool
    ) throws(SystemError) -> Bool {
        guard let index else { return true }
        if index.hasSalts(of: end) {
            guard Int(index.lastFrame) >= end.frameCount else { return false }
            return try isInLog(end)
        }
        return index.lastFrame == 0 && index.changeCounter == mark.map { $0.expected &+ 1 }
    }
}
