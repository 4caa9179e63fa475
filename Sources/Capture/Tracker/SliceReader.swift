import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// A chunk that was read into the context's buffer, and what was known before: nobody else uses that buffer
/// before the chunk is taken.
struct ChunkRead {
    let chunk: Range<UInt32>
    /// The hole that it lies in: nothing was read.
    let hole: Range<UInt32>?
    let isForBase: Bool
    let byteCount: Int
    /// Writes, and the ends of transactions, that events had told of before.
    let writes: Int
    let transactions: Int
    /// When others are to be processed.
    let deadline: MonotonicInstant

    /// What was looked at.
    var pages: Range<UInt32> { hole ?? chunk }
}

/// Reads the chunks of a scan, and compares them with the mirror.
struct ChunkReader {
    private let scan: FileScan
    private let file: FileID
    private let context: CaptureContext

    init(_ scan: FileScan, _ state: borrowing CaptureState) {
        self.scan = scan
        file = state.file
        context = state.context
    }

    static let bytes = 1 << 20
    /// Between chunks events are read: a journal lives for a millisecond, a log for many.
    static let shortBytes = 128 << 10

    /// Reads a chunk, or finds the hole that it lies in. `writes`, `transactions`: what was known before.
    func read(
        _ chunk: Range<UInt32>,
        writes: Int,
        transactions: Int,
        until deadline: MonotonicInstant
    ) throws -> ChunkRead {
        let isForBase = scan.isForBase(chunk)
        let hole = isForBase ? nil : hole(around: chunk)
        let count = chunk.count * scan.pageSize.bytes
        let offset = PageNumber(chunk.lowerBound).byteOffset(pageSize: scan.pageSize)
        let got =
            hole == nil ? try scan.file.readSparse(into: &context.chunkScratch, count: count, at: offset) : 0
        return ChunkRead(
            chunk: chunk,
            hole: hole,
            isForBase: isForBase,
            byteCount: got,
            writes: writes,
            transactions: transactions,
            deadline: deadline
        )
    }

    /// The hole of the file that the chunk lies in; nil also where the mirror has, or should have, data.
    private func hole(around chunk: Range<UInt32>) -> Range<UInt32>? {
        guard let hole = scan.hole(around: chunk) else { return nil }
        return context.hashes.isHole(hole, of: file) ? hole : nil
    }

    /// The step that takes a chunk into the base image.
    func baseChunk(_ read: ChunkRead) -> CaptureStep {
        let count = read.chunk.count * scan.pageSize.bytes
        let bytes = fullChunk(read.byteCount, count)
        return .baseChunk(file, first: PageNumber(read.chunk.lowerBound), bytes: bytes)
    }

    /// The chunk in full length: what the file no longer has is zeros.
    private func fullChunk(_ got: Int, _ count: Int) -> [UInt8] {
        var chunk = context.queue.chunkBuffer(count)
        chunk.replaceSubrange(..<got, with: context.chunkScratch[..<got])
        if got < count { chunk.replaceSubrange(got..., with: repeatElement(0, count: count - got)) }
        return chunk
    }

    /// The pages of a chunk that differ from the mirror and that no transaction supplied. A page of the
    /// mirror that is not as it was written counts as different.
    func differences(_ read: ChunkRead) throws -> PageSet {
        let offset = PageNumber(read.chunk.lowerBound).byteOffset(pageSize: scan.pageSize)
        let got = read.byteCount
        let known = try scan.mirror?.readSparse(into: &context.mirrorScratch, count: got, at: offset) ?? 0
        let (bytes, mirrorBytes, covered) = (context.chunkScratch, context.mirrorScratch, scan.covered)
        let content = unsafe bytes.span.bytes.extracting(0..<got)
        let mirrored = unsafe mirrorBytes.span.bytes.extracting(0..<known)
        var pages = PageSet(pageSize: scan.pageSize)
        for number in read.chunk where !covered.contains(PageNumber(number)) {
            let start = Int(number - read.chunk.lowerBound) * scan.pageSize.bytes
            guard start < got else { break }
            let end = min(start + scan.pageSize.bytes, got)
            let page = content.extracting(start..<end)
            let isSame =
                end <= known && page.isEqual(to: mirrored.extracting(start..<end))
                && context.hashes.holds(PageNumber(number), of: file, page, scan.pageSize)
            if !isSame { pages.append(PageNumber(number), page) }
        }
        return pages
    }

    /// The first pre-image of which the mirror has something else.
    func firstDifference(_ preimages: PageSet) throws -> PageNumber? {
        for index in preimages.numbers.indices {
            let number = preimages.numbers[index]
            let isSame = try withMirrored(number) { mirrored in
                mirrored.isEqual(to: preimages[index])
                    && context.hashes.holds(number, of: file, mirrored, scan.pageSize)
            }
            if !isSame { return number }
        }
        return nil
    }

    /// Whether the mirror has the page as it was written.
    func isProven(_ page: PageNumber) throws -> Bool {
        try withMirrored(page) { context.hashes.holds(page, of: file, $0, scan.pageSize) }
    }

    private func withMirrored<Value>(_ page: PageNumber, _ body: (RawSpan) -> Value) throws -> Value {
        let (size, offset) = (scan.pageSize.bytes, page.byteOffset(pageSize: scan.pageSize))
        let got = try scan.mirror?.read(into: &context.mirrorScratch, count: size, at: offset) ?? 0
        let scratch = context.mirrorScratch
        return body(unsafe scratch.span.bytes.extracting(0..<got))
    }
}
