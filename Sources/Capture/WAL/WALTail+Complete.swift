import LinuxSystem
import RepositoryWriter
import SQLiteFiles

extension WALTail {
    /// How the generation with the commit to prove ends.
    enum GenerationEnd {
        /// Its writers continue.
        case open
        /// The log has lost its name: nothing follows.
        case unlinked
        /// The generation under this header follows.
        case reset(WALHeader)
    }

    /// The outcome if the commit that ends at `position` may not be taken; nil if it may.
    ///
    /// A writer that is killed before it updates the wal-index leaves a whole transaction that SQLite never
    /// commits. The other processes checkpoint, reset and delete the log without it. So once the generation
    /// is over, the index must count the commit too.
    func proofMissing(
        _ position: WALChain,
        _ end: GenerationEnd,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Outcome? {
        switch end {
        case .open:
            guard let isComplete = try isComplete(position, &scratch) else { return .unfinished }
            return isComplete ? nil : .unconfirmed
        case .unlinked: return try wasTold(position, &scratch) ? nil : .lost
        case .reset(let header):
            switch try uncounted(before: header, &scratch) {
            case .commits(0): return .current
            case .later: return .congested
            case .commits, .unknown: return nil
            }
        }
    }

    /// Whether the index of a log without a name counts the commit. This is true if one of these holds:
    /// 1. There is no index.
    /// 2. The index is of this generation and counts the commit, and the log still has the commit's last
    ///    frame.
    /// 3. The index was reset, and its change counter is one above that of the consumed commits.
    private func wasTold(_ position: WALChain, _ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        guard let index = try readIndex(&scratch) else { return true }
        if index.hasSalts(of: position) {
            guard Int(index.lastFrame) >= position.frameCount else { return false }
            return try stands(position, &scratch)
        }
        return mark.map { index.lastFrame == 0 && index.changeCounter == $0.expected &+ 1 } ?? false
    }

    /// Whether the transaction whose commit frame ends at `position` is complete, and is the one that was
    /// read.
    ///
    /// A transaction that has spilled its cache overwrites pages within its own frames (`walRewriteChecksums`
    /// in SQLite's wal.c):
    /// 1. It appends the commit frame with the checksum of the previous chain.
    /// 2. It writes the changed checksums into all frames.
    /// 3. It updates the wal-index.
    ///
    /// A reader may read some frames before step 1 and the commit frame after it. It then has a valid chain,
    /// but pages that never existed together. And a writer killed before step 3 leaves a commit that others
    /// overwrite. So the index must count the commit. From then on its frames do not change, and the checksum
    /// on the disk is the final one.
    ///
    /// There may be no index of this generation, or no process that uses it (exclusive locking mode, after a
    /// crash). Then the frames are read again. Frames are overwritten before the commit frame is written, so
    /// the second read has the final pages. Returns nil when that takes longer than one call may.
    func isComplete(_ position: WALChain, _ scratch: inout [UInt8]) throws(SystemError) -> Bool? {
        if let index = try readIndex(&scratch), index.hasSalts(of: position) {
            if Int(index.lastFrame) >= position.frameCount { return try stands(position, &scratch) }
            if indexIsUsed { return false }
        } else if indexIsUsed {
            // The index is being written, or does not have this generation yet. Or a reset has begun in it,
            // and the log's header follows. Only its count of commits shows which.
            guard let index = try readIndex(&scratch), index.lastFrame == 0, let mark,
                index.changeCounter != mark.expected
            else { return false }
        }
        guard let start = chain else { return false }
        var again = start
        if let proof, proof.end == position { again = proof.reached }
        var isPaused = false
        try scan(from: &again, &scratch) { (verdict, _, reached) throws(SystemError) in
            guard verdict != .end, reached.frameCount < position.frameCount else { return false }
            isPaused = chunk <= 0
            return !isPaused
        }
        proof = isPaused ? CommitProof(end: position, reached: again) : nil
        return isPaused ? nil : again == position
    }

    /// Whether the last frame before `position` is still in the log as it was read.
    func stands(_ position: WALChain, _ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        guard position.frameCount > 0 else { return true }
        guard let frame = try frameHeader(position.frameCount - 1, position, &scratch) else { return false }
        if frame.salts.areEmpty { return position == knownEnd }
        return frame.salts == position.salts && frame.checksum == position.checksum
    }

    /// Whether SQLite has rolled back consumed commits of this generation, in a recovery.
    ///
    /// When all writers have died, a recovery counts the frames anew. It stops at the first one whose
    /// checksum does not chain. So SQLite loses its own commits after frames that it left empty
    /// (`consumeKnown`). The next transactions overwrite them. A recovery also resets the index's change
    /// counter to zero.
    func wasTakenBack(_ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        guard let chain, let index = try readIndex(&scratch), index.hasSalts(of: chain) else { return false }
        let lastFrame = Int(index.lastFrame)
        if lastFrame < chain.frameCount, indexIsUsed { return true }
        if lastFrame == chain.frameCount, lastFrame > 0, index.frameChecksum != chain.checksum {
            return indexIsUsed
        }
        guard let mark, mark.salts == chain.salts else { return false }
        if lastFrame < mark.frameCount { return true }
        guard index.changeCounter < mark.changeCounter else { return false }
        return try !stands(chain, &scratch)
    }

    /// Whether the consumed frames are followed by a frame that SQLite left empty. Only a wal-index could
    /// explain such frames.
    func endsInEmptyFrame(_ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        guard let chain else { return false }
        return try frameHeader(chain.frameCount, chain, &scratch)?.salts.areEmpty ?? false
    }

    /// The wal-index, if it counts frames of this generation that are in the log and were not consumed.
    ///
    /// An index that no process uses is not evidence. After a power loss it may count more than the log has.
    /// The next process that opens the database rebuilds it from the frames that chain. Beside a log without
    /// a name it was used to the end.
    func knownBeyondChain(_ scratch: inout [UInt8]) throws(SystemError) -> WALIndexHeader? {
        guard let chain, let index = try readIndex(&scratch), index.hasSalts(of: chain),
            index.pageSize == chain.pageSize, Int(index.lastFrame) > chain.frameCount,
            !log.isNamed || indexIsUsed,
            try log.file.status().sizeBytes >= chain.offset(ofFrame: Int(index.lastFrame))
        else { return nil }
        return index
    }

    /// Takes commits that the wal-index counts although the chain does not reach them.
    ///
    /// SQLite before 3.51 leaves such a log when a transaction with a spilled cache rolls back to a savepoint
    /// and then commits. Some frames then have empty checksums, which only a recovery would read. The frames
    /// that the index counts are committed, and do not change until a reset. A reset writes the new salts
    /// into the index before it overwrites a frame. A later transaction that rewrites its own frames may
    /// start its checksums from the empty ones.
    func consumeKnown(
        to index: WALIndexHeader,
        _ scratch: inout [UInt8],
        into sink: some Sink
    ) throws(SystemError) -> Outcome {
        guard let start = chain else { return .current }
        guard try stands(start, &scratch) else { return .takenBack }
        // fits: 32 bits in 64
        let frameCount = Int(index.lastFrame) - start.frameCount
        // A comparison of the whole file needs no memory for it.
        guard frameCount * start.pageSize.bytes <= Self.heldBytes else { return .lost }
        guard let commits = try unchained(behind: start, frames: frameCount, &scratch),
            try readHeader(&scratch)?.hasSalts(of: start) == true,
            try readIndex(&scratch)?.hasSalts(of: start) == true
        else { return .unconfirmed }
        (chain, knownEnd) = (index.chain, index.chain)
        mark = CommitMark(index)
        for commit in commits { sink.committed(commit.pages, databasePages: commit.databasePages) }
        return sink.hasRoom ? .current : .congested
    }

    /// A commit that the chain does not reach. `end`: the number of frames up to its end, from the log's
    /// start.
    typealias UnchainedCommit = (pages: PageSet, databasePages: PageCount, end: Int)

    /// The first commits behind `start`, up to the given numbers of commits and frames, without regard to
    /// checksums. Nil when a frame is missing or belongs to another generation.
    func unchained(
        behind start: WALChain,
        frames: Int,
        commits mostCommits: Int = .max,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> [UnchainedCommit]? {
        var commits: [UnchainedCommit] = []
        var pages = PageSet(pageSize: start.pageSize)
        for frame in start.frameCount..<start.frameCount + frames where commits.count < mostCommits {
            let offset = start.offset(ofFrame: frame)
            let got = try log.file.read(into: &scratch, count: start.frameBytes, at: offset)
            let bytes = unsafe scratch.span.bytes.extracting(0..<got)
            guard got == start.frameBytes, let header = WALFrameHeader(bytes),
                header.salts == start.salts || header.salts.areEmpty
            else { return nil }
            pages.append(header.page, bytes.extracting(WALLayout.frameHeaderBytes..<got))
            guard let databasePages = header.committedDatabasePages else { continue }
            commits.append((pages, databasePages, frame + 1))
            pages = PageSet(pageSize: start.pageSize)
        }
        return commits
    }
}
