import LinuxSystem
import SQLiteFiles

/// What the wal-index said at a moment when it agreed with what the tail had consumed.
///
/// `iChange` in the wal-index header grows by one with every commit, and a reset of the log leaves it
/// alone (sqlite.org/walformat, section 2.1). So commits consumed since, counted against it, prove
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

    /// Where the wal-index of a new log stands: who opens a log as the first makes the index anew, from zero.
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
    /// Whether no commit was lost between what was consumed and `header`'s generation. Two proofs serve.
    /// Right behind what was consumed the file ends, or a frame of an older generation stands: then the old
    /// one ended here. Or all commits since the last mark are accounted for. A frame of the old generation
    /// itself proves nothing: a truncation (a checkpoint's, or that of `journal_size_limit`) may have taken
    /// the rest of its commit. Nil when it cannot be told yet, or the next generation has begun meanwhile:
    /// its header says more.
    func nothingWasOverwritten(by header: WALHeader, _ scratch: inout [UInt8]) throws(SystemError) -> Bool? {
        if let chain {
            if header.salts.mayFollow(chain.salts), header.pageSize == chain.pageSize {
                let next = try frameHeader(chain.frameCount, chain, &scratch)?.salts
                // A generation that has begun meanwhile is none that was there before.
                guard try readHeader(&scratch)?.salts == header.salts else { return nil }
                if let next, chain.salts.mayComeAfter(next) { return true }
                // A log that ends just here was not cut short, unless just here is its limit.
                let isEnd = try log.file.status().sizeBytes == chain.offset(ofFrame: chain.frameCount)
                if isEnd, chain.frameCount > 0, !indexIsUsed,
                    try frameHeader(chain.frameCount - 1, chain, &scratch)?.salts == chain.salts
                {
                    return true
                }
            }
        } else if mark == nil {
            // Nothing was said of what came before.
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

    /// The log was truncated, or has no valid header yet: nothing is in it now, and the mark says what was.
    func pollWithoutHeader(_ scratch: inout [UInt8]) throws(SystemError) -> Outcome {
        guard try log.file.status().sizeBytes < UInt64(WALLayout.headerBytes) else { return .current }
        guard chain != nil || mark != nil else { return .current }
        let isUntouched = chain == nil && mark?.isBirth == true
        guard let index = try readIndex(&scratch) else {
            // Without an index nobody has committed. One that is in use is being written just now.
            if indexIsUsed { return .congested }
            if isUntouched { return .current }
            forget()
            return .lost
        }
        let isUsed = indexIsUsed
        // What others left says nothing new.
        if isUntouched, !isUsed, index == leftIndex { return .current }
        let endsHere = agrees(index)
        // A new generation began meanwhile: its header says more.
        if index.lastFrame > 0, isUsed, log.isNamed, chain.map(index.hasSalts) != true { return .congested }
        // The last user of a log that stays (SQLITE_FCNTL_PERSIST_WAL) may truncate it without a reset.
        guard index.lastFrame == 0 || (!isUsed && endsHere), index.changeCounter == mark?.expected else {
            forget()
            return .lost
        }
        chain = nil
        if !isUsed { (mark, leftIndex) = (.birth, index) }
        return .current
    }

    /// Remembers the wal-index's counter if it stands exactly where the tail stands.
    func updateMark(_ scratch: inout [UInt8]) throws(SystemError) {
        guard let index = try readIndex(&scratch), agrees(index) else { return }
        mark = CommitMark(index)
    }

    /// Somebody may have begun to use an index that nobody used, and that counts from zero then.
    func indexMayBeNew(_ scratch: inout [UInt8]) {
        guard let mark else { return }
        if !mark.isBirth { self.mark = .birth }
        // What goes wrong here goes wrong again when the file is processed, and is said there.
        try? updateMark(&scratch)
    }

    /// Whether all that the wal-index counts was consumed, and copied into the database by whoever deleted
    /// the log.
    func endWasCopied(_ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        guard let index = try readIndex(&scratch) else { return false }
        return agrees(index) && index.backfilledFrames == index.lastFrame
    }

    /// Whether the index ends exactly where the tail stands.
    private func agrees(_ index: WALIndexHeader) -> Bool {
        guard let chain else { return false }
        return index.hasSalts(of: chain) && Int(index.lastFrame) == chain.frameCount
            && (index.lastFrame == 0 || index.frameChecksum == chain.checksum)
    }

    /// Commits that the wal-index counts, without those that were consumed and those of a new generation.
    enum Uncounted: Equatable {
        case commits(UInt32)
        /// It cannot be told now, or the next generation has begun meanwhile.
        case later
        case unknown
    }

    /// How many commits there were between what was consumed and the generation under `header`.
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
                // The reset came after this generation, all of which stands. Its last writer may have been
                // killed.
                guard let standing = try commitCount(from: start, &scratch) else { return .later }
                commits = standing
                lastMayBeUntold = commits > 0
            }
            guard let again = try readIndex(&scratch), again.salts == index.salts,
                index.lastFrame > 0 || again.lastFrame == 0
            else { continue }
            guard try readHeader(&scratch)?.salts == header.salts else { return .later }
            // Who opens the database while its only other user closes it recovers the log, and counts from
            // zero.
            let isFirst = mark.isBirth && header.checkpointSequence == 0
            if isFirst, index.changeCounter < commits { return .commits(0) }
            let all = index.changeCounter &- mark.expected
            return .commits(lastMayBeUntold && all &+ 1 == commits ? 0 : all &- commits)
        }
        if indexIsUsed { return .later }
        // In exclusive locking mode there is none, and the only process counts the log's generations right.
        return index == nil && mark.isBirth && header.checkpointSequence == 0 ? .commits(0) : .unknown
    }

    /// A count of a generation's commits, between two calls.
    struct CommitCount {
        let start: WALChain
        /// Frames were taken on the wal-index's word.
        let isOfIndex: Bool
        var reached: WALChain
        /// Frames that were looked at on its word.
        var frameCount = 0
        var commits: UInt32 = 0
    }

    private func counted(_ start: WALChain, isOfIndex: Bool) -> CommitCount {
        if let count, count.start == start, count.isOfIndex == isOfIndex { return count }
        return CommitCount(start: start, isOfIndex: isOfIndex, reached: start)
    }

    /// Commits of the generation that `index` knows: what it counts stands until the next reset. Nil when it
    /// takes longer than one call may.
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
        let end = min(known, sum.frameCount + Self.sliceHeaders)
        for frame in sum.frameCount..<end {
            // An index that counts more frames than there are has no say in how many commits they hold.
            guard let header = try frameHeader(frame, generation, &scratch) else { return sum.commits }
            if header.committedDatabasePages != nil { sum.commits &+= 1 }
        }
        sum.frameCount = end
        count = sum
        return end == known ? sum.commits : nil
    }

    /// Commits of a generation as far as its frames chain. Nil when it takes longer than one call may.
    private func commitCount(from start: WALChain, _ scratch: inout [UInt8]) throws(SystemError) -> UInt32? {
        var sum = counted(start, isOfIndex: false)
        var isPaused = false
        // What was read before in this call is read with each: it must not take all of the time.
        slice = Self.sliceBytes
        try scan(from: &sum.reached, &scratch) { (verdict, _, _) throws(SystemError) in
            if case .commit = verdict { sum.commits &+= 1 }
            isPaused = slice <= 0 && verdict != .end
            return !isPaused
        }
        count = sum
        return isPaused ? nil : sum.commits
    }

    /// How many commits stand in the log, and whether none came before them in it: nil when the log was reset
    /// since it was made, or is too long to be counted at once.
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

    /// Of a log that is longer nobody waits for the count, in bytes.
    private static let countedBytes: UInt64 = 64 << 20
    /// So many headers of frames are read in one call.
    static let sliceHeaders = 1 << 12

    /// Whether some process uses the wal-index, which else says nothing about the frames written since.
    var indexIsUsed: Bool {
        holdIndex()
        let switchByte = WALIndexLayout.deadMansSwitch
        guard let index else { return false }
        // Where it cannot be asked, it may be.
        return (try? index.file.isLocked(in: switchByte..<switchByte + 1)) ?? true
    }

    private func holdIndex() {
        guard index == nil else { return }
        indexObstacle = nil
        do {
            let found = try PinnedFile(indexPath)
            // Beside a log without a name it would be another log's.
            if log.isNamed { index = found }
        } catch {
            indexObstacle = error.isMissing || !log.isNamed ? nil : error
        }
    }

    /// Throws when there is a wal-index that cannot be opened: what it counts would pass for nothing.
    func requireIndex() throws(SystemError) {
        holdIndex()
        if let indexObstacle { throw indexObstacle }
    }

    /// The wal-index header; nil when there is none or it is being written. Throws when it is there and
    /// cannot be read. Read, never mapped: another process may truncate it.
    func readIndex(_ scratch: inout [UInt8]) throws(SystemError) -> WALIndexHeader? {
        holdIndex()
        guard let index else { return nil }
        let got = try index.file.read(into: &scratch, count: WALIndexLayout.bytes, at: 0)
        guard got == WALIndexLayout.bytes else { return nil }
        return try? unsafe WALIndexHeader(scratch.span.bytes.extracting(0..<got))
    }
}
