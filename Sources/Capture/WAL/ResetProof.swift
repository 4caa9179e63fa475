import LinuxSystem
import SQLiteFiles

/// Whether commits were lost between the consumed ones and a new generation. None was if any of these holds:
/// 1. The new generation is the next one, and a frame of an older generation follows the last consumed frame.
///    The old generation then ended there.
/// 2. The new generation is the next one, no process uses the index, and the file ends directly after the
///    last consumed frame.
/// 3. The wal-index counts no other commits than the consumed ones and those of the new generation.
///
/// A frame of the old generation proves nothing: a truncation (by a checkpoint, or by `journal_size_limit`)
/// may have removed the rest of its commit.
struct ResetProof {
    /// The number of commits that the wal-index counts, without the consumed ones and those of a new
    /// generation.
    enum Uncounted: Equatable {
        case commits(UInt32)
        /// Not known yet, or the next generation has begun meanwhile.
        case later
        case unknown
    }

    /// A count of a generation's commits, between two calls.
    private struct Count {
        let start: WALChain
        /// Frames were taken because the wal-index counts them.
        let isOfIndex: Bool
        /// The chain behind the frames that were read because they chain.
        var reached: WALChain
        /// The number of frames that were read because the wal-index counts them.
        var frameCount = 0
        var commits: UInt32 = 0

        init(_ start: WALChain, isOfIndex: Bool) {
            self.start = start
            self.isOfIndex = isOfIndex
            reached = start
        }
    }

    private var count: Count?
    private static let mostCounted: UInt32 = 16

    /// Whether no commit was lost before `header`'s generation. Nil when the answer is not known yet, or when
    /// the next generation has begun meanwhile. That one's header decides then.
    mutating func nothingWasOverwritten(
        by header: WALHeader,
        _ position: LogPosition,
        _ reader: inout WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Bool? {
        // Nothing is known of earlier commits.
        guard position.chain != nil || position.mark != nil else { return true }
        if let chain = position.chain, header.salts.mayFollow(chain.salts),
            header.pageSize == chain.pageSize
        {
            let next = try reader.frameHeader(chain.frameCount, chain, &scratch)?.salts
            // A generation that has begun meanwhile is not the one that was there before.
            guard try reader.header(&scratch)?.salts == header.salts else { return nil }
            if let next, chain.salts.mayComeAfter(next) { return true }
            // A log that ends exactly here was not truncated, unless this is its size limit.
            let isEnd = try reader.log.file.status().sizeBytes == chain.offset(ofFrame: chain.frameCount)
            if isEnd, chain.frameCount > 0, !reader.index.isUsed,
                try reader.frameHeader(chain.frameCount - 1, chain, &scratch)?.salts == chain.salts
            {
                return true
            }
        }
        switch try uncounted(before: header, position.mark, &reader, &scratch) {
        case .commits(let commits): return commits == 0
        case .later: return nil
        case .unknown: return false
        }
    }

    /// The commits at the end of the generation before `header`'s that only the wal-index's count includes.
    ///
    /// The chain does not reach them (`WALTail.consumeKnown`), and since the reset the index no longer has
    /// their end. But it has their number, and a log is written from front to back. While the last consumed
    /// frame is unchanged, all frames behind it are too, and the first commit frame ends the first
    /// transaction.
    ///
    /// The commits are those if and only if one of these holds:
    /// 1. `header`'s generation is the next one. The commits are then of the one before.
    /// 2. A frame with the generation's salts follows them. Frames before it are of that generation, or
    ///    newer.
    mutating func countedCommits(
        before header: WALHeader,
        _ position: LogPosition,
        _ reader: inout WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> [WALReader.Commit] {
        guard let start = position.chain, start.frameCount > 0,
            let next = try reader.frameHeader(start.frameCount, start, &scratch)?.salts,
            next == start.salts || next.areEmpty,
            case .commits(let count) = try uncounted(before: header, position.mark, &reader, &scratch),
            (1...Self.mostCounted).contains(count)
        else { return [] }
        let frames = WALReader.heldBytes / start.pageSize.bytes
        let found = try reader.unchained(behind: start, frames: frames, commits: Int(count), &scratch)
        guard let found, found.count == Int(count), let end = found.last?.end else { return [] }
        let isSameGeneration = try reader.frameHeader(end, start, &scratch)?.salts == start.salts
        guard header.salts.mayFollow(start.salts) || isSameGeneration else { return [] }
        return try reader.has(start, position, &scratch) ? found : []
    }

    /// The number of commits between the consumed ones and the generation under `header`.
    mutating func uncounted(
        before header: WALHeader,
        _ mark: CommitMark?,
        _ reader: inout WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Uncounted {
        guard let mark else { return .unknown }
        let start = WALChain(header: header)
        for _ in 0..<8 {
            guard let index = try reader.index.read(&scratch) else { continue }
            var commits: UInt32 = 0
            var lastMayBeUnindexed = false
            if index.hasSalts(of: start) {
                guard let known = try commitCount(in: start, knownTo: index, reader, &scratch) else {
                    return .later
                }
                commits = known
            } else if index.lastFrame > 0 {
                return try reader.header(&scratch)?.salts == header.salts ? .unknown : .later
            } else if index.salts.mayComeAfter(start.salts) {
                // The reset came after this generation, which is still complete in the log. Its last writer
                // may have been killed.
                guard let chained = try commitCount(from: start, &reader, &scratch) else { return .later }
                commits = chained
                lastMayBeUnindexed = commits > 0
            }
            guard let again = try reader.index.read(&scratch), again.salts == index.salts,
                index.lastFrame > 0 || again.lastFrame == 0
            else { continue }
            guard try reader.header(&scratch)?.salts == header.salts else { return .later }
            return .commits(
                mark.uncounted(
                    by: index,
                    before: header,
                    commits: commits,
                    lastMayBeUnindexed: lastMayBeUnindexed
                )
            )
        }
        if reader.index.isUsed { return .later }
        // In exclusive locking mode there is no index, and the only process counts the log's generations
        // correctly.
        let isFirst = mark.isInitial && header.checkpointSequence == 0
        return !reader.index.isHeld && isFirst ? .commits(0) : .unknown
    }

    private func continuedCount(_ start: WALChain, isOfIndex: Bool) -> Count {
        if let count, count.start == start, count.isOfIndex == isOfIndex { return count }
        return Count(start, isOfIndex: isOfIndex)
    }

    /// The number of commits of the generation that `index` knows. Frames that it counts do not change until
    /// the next reset. Nil when it takes longer than one call may.
    private mutating func commitCount(
        in generation: WALChain,
        knownTo index: WALIndexHeader,
        _ reader: WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> UInt32? {
        var sum = continuedCount(generation, isOfIndex: true)
        let known = Int(index.lastFrame)
        if sum.frameCount > known { sum = Count(generation, isOfIndex: true) }
        let end = min(known, sum.frameCount + WALReader.chunkHeaders)
        for frame in sum.frameCount..<end {
            // An index that counts more frames than there are is no evidence for the commits in them.
            guard let header = try reader.frameHeader(frame, generation, &scratch) else {
                return sum.commits
            }
            if header.committedDatabasePages != nil { sum.commits &+= 1 }
        }
        sum.frameCount = end
        count = sum
        return end == known ? sum.commits : nil
    }

    /// The number of commits of a generation as far as its frames chain. Nil when it takes longer than one
    /// call may.
    private mutating func commitCount(
        from start: WALChain,
        _ reader: inout WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> UInt32? {
        var sum = continuedCount(start, isOfIndex: false)
        // Earlier reads of this call are repeated each time: they must not use up the whole chunk.
        reader.beginChunk()
        var frames = FrameCursor(behind: sum.reached)
        var isPaused = false
        while !isPaused, try reader.next(&frames, &scratch) {
            if frames.databasePages != nil { sum.commits &+= 1 }
            isPaused = reader.isOverChunk
        }
        sum.reached = frames.chain
        count = sum
        return isPaused ? nil : sum.commits
    }
}
