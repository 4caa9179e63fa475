import LinuxSystem
import RepositoryWriter
import SQLiteFiles

extension WALTail {
    enum Overlay: Equatable {
        /// The log has no commit.
        case empty
        /// The size of the database after the last commit.
        case commits(databasePages: PageCount)
        /// There is no room for the rest, or it takes longer than one call may: `collect` continues.
        case unfinished
        /// A reset began meanwhile: the delivered pages may be torn.
        case moved
    }

    /// The pass over all frames, to the last commit.
    struct Beginning {
        let header: WALHeader
        var reached: WALChain
        var previous: (chain: WALChain, databasePages: PageCount)?
        var last: (chain: WALChain, databasePages: PageCount)?
        var commits = 0
        var isAtEnd = false

        init(_ header: WALHeader) {
            self.header = header
            reached = WALChain(header: header)
        }
    }

    /// The log's newest pages that were not delivered yet.
    struct Uncollected {
        let chain: WALChain
        let databasePages: PageCount
        /// The number of frames from the front that were not read.
        var frameCount: Int
    }

    /// Whether `collect` must be called.
    var isOverlaying: Bool { beginning != nil || uncollected != nil }

    /// Starts over at the generation's first frame. Delivers the newest committed content of every page in
    /// the log once, in parts, as long as there is room. `covered` gets those pages. Afterwards everything
    /// committed so far counts as consumed. Before the last commit is found, nothing is consumed and `poll`
    /// must not be called.
    func overlay(
        _ covered: inout PageBitmap,
        _ scratch: inout [UInt8],
        hasRoom: () -> Bool = { true },
        _ deliver: (PageSet, _ databasePages: PageCount) -> Void
    ) throws(SystemError) -> Overlay {
        forget()
        overlaidCommits = 0
        try requireIndex()
        guard let header = try readHeader(&scratch) else { return try markNothing(nil, &scratch) }
        beginning = Beginning(header)
        return try collect(&covered, &scratch, hasRoom: hasRoom, deliver)
    }

    /// Continues the overlay. If a page is in `covered` by then, a later commit has delivered it.
    func collect(
        _ covered: inout PageBitmap,
        _ scratch: inout [UInt8],
        hasRoom: () -> Bool,
        _ deliver: (PageSet, _ databasePages: PageCount) -> Void
    ) throws(SystemError) -> Overlay {
        chunk = Self.chunkBytes
        if let result = try begin(&scratch) { return result }
        guard let begun = uncollected else { return .empty }
        let left = try collectNewest(of: begun, &covered, &scratch, hasRoom) {
            deliver($0, begun.databasePages)
        }
        // A reset writes the new header before it overwrites a frame.
        guard let left, try readHeader(&scratch)?.hasSalts(of: begun.chain) == true else {
            forget()
            return .moved
        }
        uncollected?.frameCount = left
        if left > 0 { return .unfinished }
        uncollected = nil
        return .commits(databasePages: begun.databasePages)
    }

    /// Searches for the last commit. Nil when it is found.
    private func begin(_ scratch: inout [UInt8]) throws(SystemError) -> Overlay? {
        guard beginning != nil else { return nil }
        try goToEnd(&scratch)
        guard let begun = beginning else { return nil }
        let start = WALChain(header: begun.header)
        guard try readHeader(&scratch)?.salts == begun.header.salts else {
            forget()
            return .moved
        }
        guard begun.isAtEnd else { return .unfinished }
        var (last, commits) = (begun.last, begun.commits)
        chain = begun.previous?.chain ?? start
        if let end = last?.chain {
            guard let isComplete = try isComplete(end, &scratch) else { return .unfinished }
            if !isComplete { (last, commits) = (begun.previous, commits - 1) }
        }
        chain = last?.chain ?? start
        if let index = try knownBeyondChain(&scratch), let known = index.chain {
            last = (known, index.databasePages)
            knownEnd = known
        }
        chain = last?.chain ?? start
        beginning = nil
        overlaidCommits = begun.header.checkpointSequence == 0 ? commits : nil
        guard let last else { return try markNothing(start, &scratch) }
        try updateMark(&scratch)
        uncollected = Uncollected(
            chain: last.chain,
            databasePages: last.databasePages,
            frameCount: last.chain.frameCount
        )
        return nil
    }

    private func goToEnd(_ scratch: inout [UInt8]) throws(SystemError) {
        guard var begun = beginning, !begun.isAtEnd else { return }
        var reached = begun.reached
        var isPaused = false
        try scan(from: &reached, &scratch) { (verdict, _, position) throws(SystemError) in
            if case .commit(_, let databasePages) = verdict {
                begun.previous = begun.last
                begun.last = (position, databasePages)
                begun.commits += 1
            }
            isPaused = chunk <= 0 && verdict != .end
            return !isPaused
        }
        begun.reached = reached
        begun.isAtEnd = !isPaused
        beginning = begun
    }

    /// The log has no commit. The commits that the wal-index counts are in the file, which is compared from
    /// here on.
    private func markNothing(_ start: WALChain?, _ scratch: inout [UInt8]) throws(SystemError) -> Overlay {
        let index = try readIndex(&scratch)
        guard indexIsUsed else {
            // The next process that uses the index starts it from zero; in a log with a header, from what its
            // recovery finds.
            if start == nil { (mark, leftIndex) = (.birth, index) }
            return .empty
        }
        guard let index, index.lastFrame == 0 else {
            forget()
            return .moved
        }
        mark = CommitMark(index)
        return .empty
    }

    /// Adds pages of the consumed frames of the current generation, from `first` on. Returns the frame from
    /// which the next call continues; nil when all are added.
    func markConsumed(
        from first: Int,
        in covered: inout PageBitmap,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Int? {
        guard let chain else { return nil }
        let end = min(chain.frameCount, first + Self.chunkHeaders)
        for frame in first..<max(first, end) {
            let offset = chain.offset(ofFrame: frame)
            let got = try log.file.read(into: &scratch, count: WALLayout.frameHeaderBytes, at: offset)
            guard let header = unsafe WALFrameHeader(scratch.span.bytes.extracting(0..<got)) else {
                return nil
            }
            covered.insert(header.page)
        }
        return end < chain.frameCount ? end : nil
    }

    /// Reads backwards, so that the first frame found of a page is its newest. Returns the number of frames
    /// left; nil when one is missing or is not a frame.
    private func collectNewest(
        of begun: Uncollected,
        _ covered: inout PageBitmap,
        _ scratch: inout [UInt8],
        _ hasRoom: () -> Bool,
        _ deliver: (PageSet) -> Void
    ) throws(SystemError) -> Int? {
        let chain = begun.chain
        let (frameBytes, most) = (chain.frameBytes, scratch.count / chain.frameBytes)
        var pages = PageSet(pageSize: chain.pageSize)
        var left = begun.frameCount
        while left > 0, chunk > 0 {
            let first = max(0, left - most)
            let count = (left - first) * frameBytes
            let got = try log.file.read(into: &scratch, count: count, at: chain.offset(ofFrame: first))
            guard got == count else { return nil }
            chunk -= count
            for frame in (first..<left).reversed() {
                let start = (frame - first) * frameBytes
                let bytes = unsafe scratch.span.bytes.extracting(start..<start + frameBytes)
                left = frame
                // Each frame of the log has a page. A hole, which only a wal-index counts as frames, has
                // none.
                guard let header = WALFrameHeader(bytes) else { return nil }
                guard !covered.contains(header.page) else { continue }
                covered.insert(header.page)
                pages.append(header.page, bytes.extracting(WALLayout.frameHeaderBytes..<frameBytes))
                if pages.bytes.count >= Self.heldBytes {
                    deliver(pages)
                    guard hasRoom() else { return left }
                    pages = PageSet(pageSize: chain.pageSize)
                }
            }
        }
        if !pages.numbers.isEmpty { deliver(pages) }
        return left
    }
}
