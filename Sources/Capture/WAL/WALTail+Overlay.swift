import LinuxFiles
import Repository
import SQLiteFiles

extension WALTail {
    enum Overlay: Equatable {
        /// No commit is in the log.
        case empty
        /// The size of the database after the last commit.
        case commits(databasePages: PageCount)
        /// A reset began meanwhile: what was handed over may be torn.
        case moved
    }

    /// Starts over at the generation's first frame and hands over the newest committed content of every
    /// page in the log, each once, in parts. `covered` gets those pages. Afterwards everything committed so
    /// far counts as consumed.
    func overlay(
        _ covered: inout PageBitmap,
        _ scratch: inout [UInt8],
        _ deliver: (PageSet, _ databasePages: PageCount) -> Void
    ) throws(SystemError) -> Overlay {
        forget()
        try requireIndex()
        guard let header = try readHeader(&scratch) else { return markNothing(nil, &scratch) }
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
        if let index = knownBeyondChain(&scratch), let known = index.chain {
            last = (known, index.databasePages)
            knownEnd = known
        }
        chain = last?.chain ?? start
        guard let last else { return markNothing(start, &scratch) }
        try collectNewest(of: last.chain, &covered, &scratch) { deliver($0, last.databasePages) }
        // A reset writes the new header before it overwrites a frame.
        guard try readHeader(&scratch)?.hasSalts(of: last.chain) == true else {
            forget()
            return .moved
        }
        updateMark(&scratch)
        return .commits(databasePages: last.databasePages)
    }

    /// No commit is in the log: what the wal-index counts now is in the file, which is compared from here on.
    private func markNothing(_ start: WALChain?, _ scratch: inout [UInt8]) -> Overlay {
        let index = readIndex(&scratch)
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

    /// Goes backwards, so that the first frame met of a page is its newest.
    private func collectNewest(
        of chain: WALChain,
        _ covered: inout PageBitmap,
        _ scratch: inout [UInt8],
        _ deliver: (PageSet) -> Void
    ) throws(SystemError) {
        var pages = PageSet(pageSize: chain.pageSize)
        for frame in stride(from: chain.frameCount - 1, through: 0, by: -1) {
            let offset = chain.offset(ofFrame: frame)
            let got = try log.file.read(into: &scratch, count: chain.frameBytes, at: offset)
            guard got == chain.frameBytes else { return }
            let bytes = unsafe scratch.span.bytes.extracting(0..<got)
            guard let header = WALFrameHeader(bytes), !covered.contains(header.page) else { continue }
            covered.insert(header.page)
            pages.append(header.page, bytes.extracting(WALLayout.frameHeaderBytes..<got))
            if pages.bytes.count >= Self.heldBytes {
                deliver(pages)
                pages = PageSet(pageSize: chain.pageSize)
            }
        }
        if !pages.numbers.isEmpty { deliver(pages) }
    }
}
