import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// A slice that was read into the context's buffer, and what was known before: nobody else uses that buffer
/// before the slice is taken.
struct SliceRead {
    let slice: Range<UInt32>
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
    var pages: Range<UInt32> { hole ?? slice }
}

/// Reads the slices of a scan, and compares them with the mirror.
struct SliceReader {
    private let scan: FileScan
    private let file: FileID
    private let context: CaptureContext

    init(_ scan: FileScan, _ state: borrowing CaptureState) {
        self.scan = scan
        file = state.file
        context = state.context
    }

    static let bytes = 1 << 20
    /// Between slices events are read: a journal lives for a millisecond, a log for many.
    static let shortBytes = 128 << 10

    /// Reads a slice, or finds the hole that it lies in. `writes`, `transactions`: what was known before.
    func read(
        _ slice: Range<UInt32>,
        writes: Int,
        transactions: Int,
        until deadline: MonotonicInstant
    ) throws -> SliceRead {
        let isForBase = scan.isForBase(slice)
        let hole = isForBase ? nil : hole(around: slice)
        let count = slice.count * scan.pageSize.bytes
        let offset = PageNumber(slice.lowerBound).byteOffset(pageSize: scan.pageSize)
        let got =
            hole == nil ? try scan.file.readSparse(into: &context.sliceScratch, count: count, at: offset) : 0
        return SliceRead(
            slice: slice,
            hole: hole,
            isForBase: isForBase,
            byteCount: got,
            writes: writes,
            transactions: transactions,
            deadline: deadline
        )
    }

    /// The hole of the file that the slice lies in; nil also where the mirror has, or should have, data.
    private func hole(around slice: Range<UInt32>) -> Range<UInt32>? {
        guard let hole = scan.hole(around: slice) else { return nil }
        return context.hashes.isHole(hole, of: file) ? hole : nil
    }

    /// The step that takes a slice into the base image.
    func baseSlice(_ read: SliceRead) -> CaptureStep {
        let count = read.slice.count * scan.pageSize.bytes
        let bytes = fullSlice(read.byteCount, count)
        return .baseSlice(file, first: PageNumber(read.slice.lowerBound), bytes: bytes)
    }

    /// The slice in full length: what the file no longer has is zeros.
    private func fullSlice(_ got: Int, _ count: Int) -> [UInt8] {
        var slice = context.queue.sliceBuffer(count)
        slice.replaceSubrange(..<got, with: context.sliceScratch[..<got])
        if got < count { slice.replaceSubrange(got..., with: repeatElement(0, count: count - got)) }
        return slice
    }

    /// The pages of a slice that differ from the mirror.
    func differences(_ read: SliceRead) throws -> PageSet {
        let offset = PageNumber(read.slice.lowerBound).byteOffset(pageSize: scan.pageSize)
        let got = read.byteCount
        let known = try scan.mirror?.readSparse(into: &context.mirrorScratch, count: got, at: offset) ?? 0
        let (bytes, mirrored) = (context.sliceScratch, context.mirrorScratch)
        return scan.differences(read.slice, bytes, count: got, mirrored, count: known) {
            context.hashes.holds($0, of: file, $1, scan.pageSize)
        }
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
