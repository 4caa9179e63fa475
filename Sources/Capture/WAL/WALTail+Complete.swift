import LinuxSystem
import RepositoryWriter
import SQLiteFiles

extension WALTail {
    /// What comes after the generation whose last commit is asked about.
    enum GenerationEnd {
        /// Its writers go on.
        case open
        /// The log has lost its name: nothing.
        case unlinked
        /// The generation under this header.
        case reset(WALHeader)
    }

    /// What to do instead of taking the commit that ends at `position`; nil when it may be taken.
    ///
    /// A writer killed before it told the wal-index leaves a whole transaction that SQLite never commits: the
    /// others checkpoint, reset and delete the log without it. So when the generation is over the index has
    /// to know it, too.
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

    /// Whether the index of a log without a name counts the commit. One that was not held says nothing
    /// against it; one that others left may be older than the commit, and then the file has to tell.
    private func wasTold(_ position: WALChain, _ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        guard let index = try readIndex(&scratch) else { return true }
        if index.hasSalts(of: position) {
            guard Int(index.lastFrame) >= position.frameCount else { return false }
            return try stands(position, &scratch)
        }
        return mark.map { index.lastFrame == 0 && index.changeCounter == $0.expected &+ 1 } ?? false
    }

    /// Whether the transaction whose commit frame ends at `position` is complete, and is what was read.
    ///
    /// A transaction that has spilled its cache overwrites pages within its own frames. It appends the commit
    /// frame with the checksum of the chain as it was, then writes the changed checksums into all frames, and
    /// only then tells the wal-index (`walRewriteChecksums` in SQLite's wal.c). Who has read some frames
    /// before and the commit frame in between holds a chain without a fault and pages that never were
    /// together. And a writer killed before it told the index leaves a commit that others overwrite. So the
    /// index has to know the commit; from then on its frames do not change, and the checksum on the disk is
    /// the final one.
    ///
    /// Without an index of this generation, or with one that nobody has open (exclusive locking mode, remains
    /// of a crash), the log itself tells of the first danger: frames are overwritten before the commit frame
    /// is written, so whoever reads them again has the final pages. Nil when that takes longer than one call
    /// may.
    func isComplete(_ position: WALChain, _ scratch: inout [UInt8]) throws(SystemError) -> Bool? {
        if let index = try readIndex(&scratch), index.hasSalts(of: position) {
            if Int(index.lastFrame) >= position.frameCount { return try stands(position, &scratch) }
            if indexIsUsed { return false }
        } else if indexIsUsed {
            // It is being written, or knows nothing of this generation yet, or a reset has begun there, whose
            // header follows at once. Only the count of commits tells.
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
            isPaused = slice <= 0
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

    /// Whether SQLite has taken back commits of this generation that were consumed.
    ///
    /// A recovery, when all writers have died, counts the frames anew and stops at the first whose checksum
    /// does not follow: behind the frames that SQLite itself left empty (`consumeKnown`) its own commits are
    /// lost. The next transactions overwrite them. It also starts the index's change counter at zero.
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

    /// Whether the log goes on behind what was consumed with frames that SQLite left empty and that only a
    /// wal-index could explain.
    func endsInEmptyFrame(_ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        guard let chain else { return false }
        return try frameHeader(chain.frameCount, chain, &scratch)?.salts.areEmpty ?? false
    }

    /// The wal-index, if it counts frames of this generation that were not consumed, and that are there.
    ///
    /// One that nobody uses says nothing of them: after a power loss it may count more than the log holds,
    /// and whoever opens the database next makes it anew from the frames that chain. Beside a log without a
    /// name it was used to the end.
    func knownBeyondChain(_ scratch: inout [UInt8]) throws(SystemError) -> WALIndexHeader? {
        guard let chain, let index = try readIndex(&scratch), index.hasSalts(of: chain),
            index.pageSize == chain.pageSize, Int(index.lastFrame) > chain.frameCount,
            !log.isNamed || indexIsUsed,
            try log.file.status().sizeBytes >= chain.offset(ofFrame: Int(index.lastFrame))
        else { return nil }
        return index
    }

    /// Takes the commits that the wal-index knows although the chain does not lead to them.
    ///
    /// SQLite before 3.51 leaves such a log when a transaction with a spilled cache rolls back to a savepoint
    /// and then commits: frames with empty checksums, which only a recovery would ask for. What the index
    /// counts is committed and stays as it is until a reset, which writes the new salts there before it
    /// overwrites a frame. A later transaction that writes its own frames anew may begin its checksums with
    /// the empty ones.
    func consumeKnown(
        to index: WALIndexHeader,
        _ scratch: inout [UInt8],
        into sink: some Sink
    ) throws(SystemError) -> Outcome {
        guard let start = chain else { return .current }
        guard try stands(start, &scratch) else { return .takenBack }
        // fits: 32 bits in 64
        let frameCount = Int(index.lastFrame) - start.frameCount
        // A comparison of everything needs no memory for it.
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

    /// A commit that the chain does not lead to. `end`: the number of frames up to its end, from the log's
    /// start.
    typealias UnchainedCommit = (pages: PageSet, databasePages: PageCount, end: Int)

    /// The first commits behind `start`, at most so many, in at most so many frames, whatever their checksums
    /// are. Nil when a frame is not there or belongs to another generation.
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
