import LinuxSystem
import SQLiteFiles

/// The wal-index's state at a moment when it agreed with the commits that the tail had consumed.
///
/// `iChange` in the wal-index header is incremented by every commit, and a reset of the log does not change
/// it (sqlite.org/walformat, section 2.1). So the number of commits consumed since, compared with it, proves
/// that none was overwritten unread.
struct CommitMark {
    let salts: WALSalts
    let frameCount: Int
    let changeCounter: UInt32
    /// Commits consumed since then.
    var commitsSince: UInt32 = 0

    init(_ index: WALIndexHeader) {
        salts = index.salts
        frameCount = Int(index.lastFrame)
        changeCounter = index.changeCounter
    }

    /// The mark of a new log. The first process that opens a log starts the index anew, from zero.
    static let birth = CommitMark()

    private init() {
        salts = WALSalts(salt1: 0, salt2: 0)
        frameCount = 0
        changeCounter = 0
    }

    var isBirth: Bool { salts.areEmpty }
    var expected: UInt32 { changeCounter &+ commitsSince }
}

extension WALTail {
    /// Whether no commit was lost between the consumed ones and `header`'s generation. Any of these proves
    /// it:
    /// 1. `header`'s generation is the next one, and a frame of an older generation follows the last consumed
    ///    frame. The old generation then ended there.
    /// 2. `header`'s generation is the next one, no process uses the index, and the file ends directly after
    ///    the last consumed frame.
    /// 3. All commits since the last mark were consumed.
    ///
    /// A frame of the old generation proves nothing: a truncation (by a checkpoint, or by
    /// `journal_size_limit`) may have removed the rest of its commit. Nil when the answer is not known yet,
    /// or when the next generation has begun meanwhile. That one's header decides then.
    func nothingWasOverwritten(by header: WALHeader, _ scratch: inout [UInt8]) throws(SystemError) -> Bool? {
        if let chain {
            if header.salts.mayFollow(chain.salts), header.pageSize == chain.pageSize {
                let next = try frameHeader(chain.frameCount, chain, &scratch)?.salts
                // A generation that has begun meanwhile is not the one that was there before.
                guard try readHeader(&scratch)?.salts == header.salts else { return nil }
                if let next, chain.salts.mayComeAfter(next) { return true }
                // A log that ends exactly here was not truncated, unless this is its size limit.
                let isEnd = try log.file.status().sizeBytes == chain.offset(ofFrame: chain.frameCount)
                if isEnd, chain.frameCount > 0, !indexIsUsed,
                    try frameHeader(chain.frameCount - 1, chain, &scratch)?.salts == chain.salts
                {
                    return true
                }
            }
        } else if mark == nil {
            // Nothing is known of earlier commits.
            return true
        }
        switch try uncounted(before: header, &scratch) {
        case .commits(let commits): return commits == 0
        case .later: return nil
        case .unknown: return false
        }
    }

    /// The header of a frame; nil behind the end of the file.
    func frameHeader(
        _ index: Int,
        _ chain: WALChain,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> WALFrameHeader? {
        let offset = chain.offset(ofFrame: index)
        let got = try log.file.read(into: &scratch, count: WALLayout.frameHeaderBytes, at: offset)
        return unsafe WALFrameHeader(scratch.span.bytes.extracting(0..<got))
    }

    /// The log was truncated, or has no valid header yet. It has no commits now, and the mark decides whether
    /// any were lost.
    func pollWithoutHeader(_ scratch: inout [UInt8]) throws(SystemError) -> Outcome {
        guard try log.file.status().sizeBytes < UInt64(WALLayout.headerBytes) else { return .current }
        guard chain != nil || mark != nil else { return .current }
        let isUntouched = chain == nil && mark?.isBirth == true
        guard let index = try readIndex(&scratch) else {
            // Without an index nobody has committed. An index in use is just being written.
            if indexIsUsed { return .congested }
            if isUntouched { return .current }
            forget()
            return .lost
        }
        let isUsed = indexIsUsed
        // An unchanged index from earlier processes has no new information.
        if isUntouched, !isUsed, index == leftIndex { return .current }
        let endsHere = agrees(index)
        // A new generation began meanwhile: its header decides.
        if index.lastFrame > 0, isUsed, log.isNamed, chain.map(index.hasSalts) != true { return .congested }
        // The last user of a log that is kept (SQLITE_FCNTL_PERSIST_WAL) may truncate it without a reset.
        guard index.lastFrame == 0 || (!isUsed && endsHere), index.changeCounter == mark?.expected else {
            forget()
            return .lost
        }
        chain = nil
        if !isUsed { (mark, leftIndex) = (.birth, index) }
        return .current
    }

    /// Saves the wal-index's counter if it ends exactly where the tail ends.
    func updateMark(_ scratch: inout [UInt8]) throws(SystemError) {
        guard let index = try readIndex(&scratch), agrees(index) else { return }
        mark = CommitMark(index)
    }

    /// A process may have begun to use an unused index, which then counts from zero.
    func indexMayBeNew(_ scratch: inout [UInt8]) {
        guard let mark else { return }
        if !mark.isBirth { self.mark = .birth }
        // The next poll gets the same error, and reports it.
        try? updateMark(&scratch)
    }

    /// Whether all commits that the wal-index counts were consumed, and checkpointed by the process that
    /// deleted the log.
    func endWasCopied(_ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        guard let index = try readIndex(&scratch) else { return false }
        return agrees(index) && index.backfilledFrames == index.lastFrame
    }

    /// Whether the index ends exactly where the tail ends.
    private func agrees(_ index: WALIndexHeader) -> Bool {
        guard let chain else { return false }
        return index.hasSalts(of: chain) && Int(index.lastFrame) == chain.frameCount
            && (index.lastFrame == 0 || index.frameChecksum == chain.checksum)
    }

    /// The number of commits that the wal-index counts, without the consumed ones and those of a new
    /// generation.
    enum Uncounted: Equatable {
        case commits(UInt32)
        /// Not known yet, or the next generation has begun meanwhile.
        case later
        case unknown
    }

    /// The number of commits between the consumed ones and the generation under `header`.
    func uncounted(before header: WALHeader, _ scratch: inout [UInt8]) throws(SystemError) -> Uncounted {
        guard let mark else { return .unknown }
        let start = WALChain(header: header)
        for _ in 0..<8 {
            guard let index = try readIndex(&scratch) else { continue }
            var commits: UInt32 = 0
            var lastMayBeUntold = false
            if index.hasSalts(of: start) {
                guard let known = try commitCount(in: start, knownTo: index, &scratch) else { return .later }
                commits = known
            } else if index.lastFrame > 0 {
                return try readHeader(&scratch)?.salts == header.salts ? .unknown : .later
            } else if index.salts.mayComeAfter(start.salts) {
                // The reset came after this generation, which is still complete in the log. Its last writer
                // may have been killed.
                guard let standing = try commitCount(from: start, &scratch) else { return .later }
                commits = standing
                lastMayBeUntold = commits > 0
            }
            guard let again = try readIndex(&scratch), again.salts == index.salts,
                index.lastFrame > 0 || again.lastFrame == 0
            else { continue }
            guard try readHeader(&scratch)?.salts == header.salts else { return .later }
            // If a process opens the database while its only other user closes it, it recovers the log and
            // counts from zero.
            let isFirst = mark.isBirth && header.checkpointSequence == 0
            if isFirst, index.changeCounter < commits { return .commits(0) }
            let all = index.changeCounter &- mark.expected
            return .commits(lastMayBeUntold && all &+ 1 == commits ? 0 : all &- commits)
        }
        if indexIsUsed { return .later }
        // In exclusive locking mode there is no index, and the only process counts the log's generations
        // correctly.
        return index == nil && mark.isBirth && header.checkpointSequence == 0 ? .commits(0) : .unknown
    }

    /// A count of a generation's commits, between two calls.
    struct CommitCount {
        let start: WALChain
        /// Frames were taken because the wal-index counts them.
        let isOfIndex: Bool
        var reached: WALChain
        /// The number of frames that were read because the wal-index counts them.
        var frameCount = 0
        var commits: UInt32 = 0
    }

    private func counted(_ start: WALChain, isOfIndex: Bool) -> CommitCount {
        if let count, count.start == start, count.isOfIndex == isOfIndex { return count }
        return CommitCount(start: start, isOfIndex: isOfIndex, reached: start)
    }

    /// The number of commits of the generation that `index` knows. Frames that it counts do not change until
    /// the next reset. Nil when it takes longer than one call may.
    private func commitCount(
        in generation: WALChain,
        knownTo index: WALIndexHeader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> UInt32? {
        var sum = counted(generation, isOfIndex: true)
        let known = Int(index.lastFrame)
        if sum.frameCount > known {
            sum = CommitCount(start: generation, isOfIndex: true, reached: generation)
        }
        let end = min(known, sum.frameCount + Self.chunkHeaders)
        for frame in sum.frameCount..<end {
            // An index that counts more frames than there are is no evidence for the commits in them.
            guard let header = try frameHeader(frame, generation, &scratch) else { return sum.commits }
            if header.committedDatabasePages != nil { sum.commits &+= 1 }
        }
        sum.frameCount = end
        count = sum
        return end == known ? sum.commits : nil
    }

    /// The number of commits of a generation as far as its frames chain. Nil when it takes longer than one
    /// call may.
    private func commitCount(from start: WALChain, _ scratch: inout [UInt8]) throws(SystemError) -> UInt32? {
        var sum = counted(start, isOfIndex: false)
        var isPaused = false
        // Earlier reads of this call are repeated each time: they must not use up the whole chunk.
        chunk = Self.chunkBytes
        try scan(from: &sum.reached, &scratch) { (verdict, _, _) throws(SystemError) in
            if case .commit = verdict { sum.commits &+= 1 }
            isPaused = chunk <= 0 && verdict != .end
            return !isPaused
        }
        count = sum
        return isPaused ? nil : sum.commits
    }

    /// The number of commits in the log, if none came before them in it. Nil when the log was reset since it
    /// was created, or is too long to be counted at once.
    func commitsSinceMade(_ scratch: inout [UInt8]) throws(SystemError) -> Int? {
        guard let header = try readHeader(&scratch) else { return 0 }
        guard header.checkpointSequence == 0, try log.file.status().sizeBytes <= Self.countedBytes else {
            return nil
        }
        var commits = 0
        var reached = WALChain(header: header)
        try scan(from: &reached, &scratch) { (verdict, _, _) throws(SystemError) in
            if case .commit = verdict { commits += 1 }
            return true
        }
        return commits
    }

    /// A longer log is not counted, in bytes.
    private static let countedBytes: UInt64 = 64 << 20
    /// The number of frame headers that are read in one call.
    static let chunkHeaders = 1 << 12

    /// Whether a process uses the wal-index. An unused index has no information about the frames written
    /// since.
    var indexIsUsed: Bool {
        holdIndex()
        let switchByte = WALIndexLayout.deadMansSwitch
        guard let index else { return false }
        // If the file system cannot answer, a process may use it.
        return (try? index.file.isLocked(in: switchByte..<switchByte + 1)) ?? true
    }

    private func holdIndex() {
        guard index == nil else { return }
        indexObstacle = nil
        do {
            let found = try PinnedFile(indexPath)
            // Beside a log without a name it would be another log's index.
            if log.isNamed { index = found }
        } catch {
            indexObstacle = error.isMissing || !log.isNamed ? nil : error
        }
    }

    /// Throws when there is a wal-index that cannot be opened: its commits would otherwise be taken as none.
    func requireIndex() throws(SystemError) {
        holdIndex()
        if let indexObstacle { throw indexObstacle }
    }

    /// The wal-index header; nil when there is none or it is being written. Throws when it exists and cannot
    /// be read. It is read, never mapped: another process may truncate the file.
    func readIndex(_ scratch: inout [UInt8]) throws(SystemError) -> WALIndexHeader? {
        holdIndex()
        guard let index else { return nil }
        let got = try index.file.read(into: &scratch, count: WALIndexLayout.bytes, at: 0)
        guard got == WALIndexLayout.bytes else { return nil }
        return try? unsafe WALIndexHeader(scratch.span.bytes.extracting(0..<got))
    }
}
