import LinuxFiles
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
    /// Whether the old generation was consumed to its end before `header`'s generation overwrote it. Two proofs
    /// serve. Right behind what was consumed the file ends, or a frame of an older generation stands: then the old
    /// one ended here. Or all commits since the last mark are accounted for. A frame of the old generation itself
    /// proves nothing: a truncation (a checkpoint's, or that of `journal_size_limit`) may have taken the rest of
    /// its commit. Nil when the next generation has begun meanwhile: its header says more.
    func nothingWasOverwritten(by header: WALHeader, _ scratch: inout [UInt8]) throws(SystemError) -> Bool? {
        guard let chain else { return true }
        if header.salts.mayFollow(chain.salts), header.pageSize == chain.pageSize {
            let next = try frameHeader(chain.frameCount, chain, &scratch)?.salts
            // A generation that has begun meanwhile is none that was there before.
            guard try readHeader(&scratch)?.salts == header.salts else { return nil }
            if let next, next != header.salts, next != chain.salts, !next.areEmpty { return true }
            // A log that ends just here was not cut short.
            let isEnd = try log.file.status().sizeBytes == chain.offset(ofFrame: chain.frameCount)
            if isEnd, chain.frameCount > 0,
                try frameHeader(chain.frameCount - 1, chain, &scratch)?.salts == chain.salts
            {
                return true
            }
        }
        return try commitsAddUp(WALChain(header: header), &scratch)
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

    /// The log was truncated, or has no valid header yet.
    func pollWithoutHeader(_ scratch: inout [UInt8]) throws(SystemError) -> Outcome {
        guard let chain, chain.frameCount > 0 else { return try pollBeforeHeader(&scratch) }
        guard try log.file.status().sizeBytes < UInt64(WALLayout.headerBytes) else { return .current }
        let index = readIndex(&scratch)
        // A new generation began meanwhile: its header says more.
        if let index, index.lastFrame > 0, !index.hasSalts(of: chain) { return .congested }
        self.chain = nil
        if let index, index.lastFrame == 0, index.changeCounter == mark?.expected { return .current }
        forget()
        return .lost
    }

    /// Nothing was read of the log yet. Commits that its index counts are gone if there is still nothing.
    private func pollBeforeHeader(_ scratch: inout [UInt8]) throws(SystemError) -> Outcome {
        guard let mark, mark.isBirth, let index = readIndex(&scratch), index.changeCounter > mark.expected,
            indexIsUsed || !log.isNamed, try readHeader(&scratch) == nil
        else { return .current }
        forget()
        return .lost
    }

    /// Whether the wal-index of a new log counts commits that are not in its first generation that was found: they
    /// were overwritten or cut off unread, so what follows them must not be taken. Nil when the next generation has
    /// begun meanwhile.
    func lacksCommits(_ start: WALChain, _ scratch: inout [UInt8]) throws(SystemError) -> Bool? {
        // Before the frames: all that it counts is in the log by now.
        guard let mark, mark.isBirth, let index = readIndex(&scratch) else { return false }
        let isOfGeneration = index.hasSalts(of: start)
        // After a reset it counts on; its salts reach the log with the next frame.
        guard isOfGeneration || index.lastFrame == 0 else {
            return try readHeader(&scratch)?.hasSalts(of: start) == true ? false : nil
        }
        var reached = start
        var commits: UInt32 = 0
        try scan(from: &reached, &scratch) { (verdict, _, position) throws(SystemError) in
            guard case .commit = verdict else { return verdict != .end }
            if !isOfGeneration || position.frameCount <= Int(index.lastFrame) { commits &+= 1 }
            return true
        }
        guard try readHeader(&scratch)?.hasSalts(of: start) == true else { return nil }
        // Frames that SQLite left empty break the chain, and nothing behind them can be counted.
        guard !isOfGeneration || reached.frameCount >= Int(index.lastFrame) else { return false }
        return index.changeCounter > commits
    }

    /// Remembers the wal-index's counter if it stands exactly where the tail stands.
    func updateMark(_ scratch: inout [UInt8]) {
        guard let chain, let index = readIndex(&scratch), index.hasSalts(of: chain),
            Int(index.lastFrame) == chain.frameCount
        else { return }
        mark = CommitMark(index)
    }

    /// Whether the commits of the new generation and those consumed make up the wal-index's count; nil when the
    /// index is another generation's. The log may grow while this looks, so it looks a few times.
    private func commitsAddUp(_ start: WALChain, _ scratch: inout [UInt8]) throws(SystemError) -> Bool? {
        guard let mark else { return false }
        var reached = start
        var committed = start
        var commits: UInt32 = 0
        for _ in 0..<8 {
            reached = committed
            try scan(from: &reached, &scratch) { (verdict, _, position) throws(SystemError) in
                if case .commit = verdict {
                    committed = position
                    commits &+= 1
                }
                return true
            }
            guard let index = readIndex(&scratch) else { continue }
            guard index.hasSalts(of: start) else {
                return try readHeader(&scratch)?.hasSalts(of: start) == true ? false : nil
            }
            if Int(index.lastFrame) == committed.frameCount {
                return index.changeCounter == mark.expected &+ commits
            }
        }
        return false
    }

    /// Whether some process uses the wal-index, which else says nothing about the frames written since.
    var indexIsUsed: Bool {
        let switchByte = WALIndexLayout.deadMansSwitch
        return index?.isLocked(in: switchByte..<switchByte + 1) ?? false
    }

    /// The wal-index header; nil when there is none or it is being written. Read, never mapped: another
    /// process may truncate it.
    func readIndex(_ scratch: inout [UInt8]) -> WALIndexHeader? {
        if index == nil { index = try? OpenFile(indexPath, .look) }
        guard let got = try? index?.read(into: &scratch, count: WALIndexLayout.bytes, at: 0),
            got == WALIndexLayout.bytes
        else { return nil }
        return try? unsafe WALIndexHeader(scratch.span.bytes.extracting(0..<got))
    }
}
