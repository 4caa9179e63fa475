import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// The digest of an image that is needed only after all records are applied.
///
/// The pages that a base wrote were counted while they were in memory. Before a record first changes a page,
/// the page is read and its contribution removed; from then on it is uncounted. In the end exactly the
/// uncounted pages are read back and counted. So each page of the final image is in the digest once:
/// 1. as it was written, if it was written once;
/// 2. or else as it reads in the file.
///
/// Reading the whole file would prove no more, for that too reads the kernel's cache of the writes. The
/// file's length is compared beside the digest.
extension ImageApplier {
    private static let chunkBytes = 1 << 20

    /// Whether the digest of the whole image is needed, and all of the base is there.
    private var countsPages: Bool { wanted == nil && overlay.base == nil }

    /// Removes the contribution of a page that is about to change.
    mutating func leaveUncounted(_ number: UInt32, _ file: borrowing OpenFile) throws(SystemError) {
        guard countsPages, number <= countedPages, !uncounted.contains(PageNumber(number)) else { return }
        let size = shape!.pageSize.bytes
        try Self.read(number, overlay, size, file, into: &exchanged.former)
        let former = exchanged.former
        let part = unsafe ImageDigest.part(PageNumber(number), former.span.bytes.extracting(0..<size))
        digest ^= part
        uncounted.insert(PageNumber(number))
    }

    /// Removes the contribution of all pages after the first `kept`.
    mutating func leaveUncounted(behind kept: UInt32, _ file: borrowing OpenFile) throws(SystemError) {
        let pages = PageCount(countedPages).pages(behind: PageCount(kept))
        var next = pages.lowerBound
        while countsPages, next < pages.upperBound {
            let end = uncounted.first(from: PageNumber(next))?.rawValue ?? pages.upperBound
            digest ^= try overlay.parts(of: next..<min(end, pages.upperBound), shape!, file)
            next = min(end, pages.upperBound - 1) + 1
        }
        countedPages = kept
    }

    /// The digest of the image as it is in the file after `finish`; the file holds nothing else.
    func finalDigest(of file: borrowing OpenFile) throws(SystemError) -> UInt64 {
        guard let shape else { return 0 }
        guard !tracksDigest else { return try ImageDigest.of(file, shape: shape) }
        let size = shape.pageSize.bytes
        let last = UInt64(shape.pageCount.rawValue)
        var buffer: [UInt8] = []
        var sum = digest
        var next = firstUncounted(from: 1)
        while next <= last {
            if next > countedPages {
                // None of the following pages was counted, and much of them may be a hole.
                let rest = shape.pageCount.pages(behind: PageCount(countedPages))
                let pages = UInt32(clamping: next)..<max(UInt32(clamping: next), rest.upperBound)
                return sum ^ (try ImageDigest.of(file, shape: shape, pages: pages))
            }
            var end = next + 1
            while end <= last, end - next < Self.chunkBytes / size, firstUncounted(from: end) == end {
                end += 1
            }
            let (first, count) = (PageNumber(UInt32(next)), Int(end - next) * size)
            if buffer.count < count { buffer.append(zeros: count - buffer.count) }
            try file.read(into: &buffer, padded: count, at: first.byteOffset(pageSize: shape.pageSize))
            sum ^= unsafe ImageDigest.parts(first, buffer.span.bytes.extracting(0..<count), shape.pageSize)
            next = firstUncounted(from: end)
        }
        return sum
    }

    private func firstUncounted(from number: UInt64) -> UInt64 {
        guard number <= countedPages else { return number }
        let known = uncounted.first(from: PageNumber(UInt32(number)))
        return min(known.map { UInt64($0.rawValue) } ?? .max, UInt64(countedPages) + 1)
    }
}
