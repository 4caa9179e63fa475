import LinuxFiles
import Repository
import SQLiteFiles

extension WALTail {
    enum Overlay: Equatable {
        /// No commit is in the log.
        case empty
        /// The size of the database after the last commit.
        case commits(databasePages: PageCount)
        /// There is no room for the rest: `collect` goes on.
        case unfinished(databasePages: PageCount)
        /// A reset began meanwhile: what was handed over may be torn.
        case moved
    }

    /// What of the log's newest pages was not handed over yet.
    struct Uncollected {
        let chain: WALChain
        let databasePages: PageCount
        /// Frames from the front that were not looked at.
        var frameCount: Int
    }

    /// Starts over at the generation's first frame and hands over the newest committed content of every
    /// page in the log, each once, in parts, as long as there is room. `covered` gets those pages. Afterwards everything
    /// committed so far counts as consumed.
    func overlay(
        _ covered: inout PageBitmap,
        _ scratch: inout [UInt8],
        hasRoom: () -> Bool = { true },
        _ deliver: (PageSet, _ databasePages: PageCount) -> Void
    ) throws(SystemError) -> Overlay {
        forget()
        try requireIndex()
        guard let header = try readHeader(&scratch) else { return try markNothing(nil, &scratch) }
        let start = WALChain(header: header)
        var reached = start
        var previous: (chain: WALChain, databasePages: PageCount)?
        var last: (chain: WALChain, databasePages: PageCount)?
        try scan(from: &reached, &scratch) { (verdict, _, position) throws(SystemError) in
            if case .commit(_, let databasePages) = verdict {
                (previous, last) = (last, (position, databasePages))
            }
            return true
        }
        chain = previous?.chain ?? start
        if let end = last?.chain, try !isComplete(end, &scratch) { last = previous }
        chain = last?.chain ?? start
        if let index = try knownBeyondChain(&scratch), let known = index.chain {
            last = (known, index.databasePages)
            knownEnd = known
        }
        chain = last?.chain ?? start
        guard let last else { return try markNothing(start, &scratch) }
        try updateMark(&scratch)
        uncollected = Uncollected(
            chain: last.chain,
            databasePages: last.databasePages,
            frameCount: last.chain.frameCount
        )
        return try collect(&covered, &scratch, hasRoom: hasRoom, deliver)
    }

    /// Goes on with the overlay. A page that `covered` has by then came with a later commit.
    func collect(
        _ covered: inout PageBitmap,
        _ scratch: inout [UInt8],
        hasRoom: () -> Bool,
        _ deliver: (PageSet, _ databasePages: PageCount) -> Void
    ) throws(SystemError) -> Overlay {
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
        if left > 0 { return .unfinished(databasePages: begun.databasePages) }
        uncollected = nil
        return .commits(databasePages: begun.databasePages)
    }

    /// No commit is in the log: what the wal-index counts now is in the file, which is compared from here on.
    private func markNothing(_ start: WALChain?, _ scratch: inout [UInt8]) throws(SystemError) -> Overlay {
        let index = try readIndex(&scratch)
        guard indexIsUsed else {
            // Whoever uses it next counts from zero; in a log with a header, from what he recovers there.
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

    /// Adds the pages of all consumed frames of the present generation.
    func markConsumed(in covered: inout PageBitmap, _ scratch: inout [UInt8]) throws(SystemError) {
        guard let chain else { return }
        for frame in 0..<chain.frameCount {
            let offset = chain.offset(ofFrame: frame)
            let got = try log.file.read(into: &scratch, count: WALLayout.frameHeaderBytes, at: offset)
            guard let header = unsafe WALFrameHeader(scratch.span.bytes.extracting(0..<got)) else { return }
            covered.insert(header.page)
        }
    }

    /// Goes backwards, so that the first frame met of a page is its newest. Returns how many frames are left; nil when one
    /// is not there any more, or is no frame.
    private func collectNewest(
        of begun: Uncollected,
        _ covered: inout PageBitmap,
        _ scratch: inout [UInt8],
        _ hasRoom: () -> Bool,
        _ deliver: (PageSet) -> Void
    ) throws(SystemError) -> Int? {
        let chain = begun.chain
        var pages = PageSet(pageSize: chain.pageSize)
        for frame in stride(from: begun.frameCount - 1, through: 0, by: -1) {
            let offset = chain.offset(ofFrame: frame)
            let got = try log.file.read(into: &scratch, count: chain.frameBytes, at: offset)
            guard got == chain.frameBytes else { return nil }
            let bytes = unsafe scratch.span.bytes.extracting(0..<got)
            // Each frame of the log has a page. A hole, which only a wal-index counts as frames, has none.
            guard let header = WALFrameHeader(bytes) else { return nil }
            guard !covered.contains(header.page) else { continue }
            covered.insert(header.page)
            pages.append(header.page, bytes.extracting(WALLayout.frameHeaderBytes..<got))
            if pages.bytes.count >= Self.heldBytes {
                deliver(pages)
                guard hasRoom() else { return frame }
                pages = PageSet(pageSize: chain.pageSize)
            }
        }
        if !pages.numbers.isEmpty { deliver(pages) }
        return 0
    }
}
