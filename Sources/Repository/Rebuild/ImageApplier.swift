import LinuxFiles
import SQLiteFiles
import SystemPackage
import Zstandard

/// Lays records over an image in a file, one after the other.
///
/// The file always has the image's exact length. Shortening it drops bytes, lengthening it brings zeros; the
/// missing part of a partial last page counts as zeros.
struct ImageApplier {
    private(set) var shape: ImageShape?
    /// Of the image as it stands; kept only while `tracksDigest`.
    private(set) var digest: UInt64 = 0
    private let tracksDigest: Bool

    init(tracksDigest: Bool) {
        self.tracksDigest = tracksDigest
    }

    /// Replaces the image by the content of a base. Returns the bytes read.
    mutating func apply(
        base: consuming BaseReader,
        _ reference: BaseReference,
        to file: borrowing OpenFile
    ) throws
        -> UInt64
    {
        try file.truncate(to: 0)
        var sum: UInt64 = 0
        let size = reference.shape.pageSize.bytes
        try base.forEachSlice { content, offset in
            try file.write(content, at: offset)
            sum ^= Self.digest(of: content, firstPage: UInt32(offset / UInt64(size)) + 1, pageSize: size)
        }
        guard sum == reference.digest else {
            throw DamageError(base.path, at: 0, "the image in it does not have its digest")
        }
        shape = reference.shape
        digest = sum
        return base.fileBytes
    }

    private static func digest(of content: RawSpan, firstPage: UInt32, pageSize: Int) -> UInt64 {
        var (sum, page, start) = (UInt64(0), firstPage, 0)
        while start < content.byteCount {
            let end = min(start + pageSize, content.byteCount)
            if end - start == pageSize {
                sum ^= ImageDigest.part(PageNumber(page), content.extracting(start..<end))
            } else {
                var padded: [UInt8] = []
                padded.append(contentsOf: content.extracting(start..<end))
                padded.append(zeros: pageSize - padded.count)
                sum ^= ImageDigest.part(PageNumber(page), unsafe padded.span.bytes)
            }
            page += 1
            start = end
        }
        return sum
    }

    /// Applies one entry of `changes`. `pages`: the pages of all entries, one after the other.
    mutating func apply(
        _ entry: ChangesFormat.Entry,
        of changes: borrowing ChangesFormat,
        pages: borrowing [UInt8],
        to file: borrowing OpenFile,
        scratch: inout [UInt8]
    ) throws(SystemError) {
        if entry.startsFresh || shape == nil {
            try file.truncate(to: 0)
            shape = .empty(entry.shape.pageSize)
            digest = 0
        }
        try resize(to: entry.shape, file, &scratch)
        let size = entry.shape.pageSize.bytes
        var index = entry.pages.lowerBound
        while index < entry.pages.upperBound {
            let first = changes.numbers[index]
            let count = changes.runLength(from: index, to: entry.pages.upperBound)
            let bytes = unsafe pages.span.bytes.extracting(index * size..<(index + count) * size)
            if tracksDigest { try exchange(first, count, bytes, file, &scratch) }
            let offset = PageNumber(first).byteOffset(pageSize: entry.shape.pageSize)
            let valid = min(UInt64(bytes.byteCount), entry.shape.byteCount - offset)
            try file.write(bytes.extracting(0..<Int(valid)), at: offset)
            index += count
        }
    }

    private mutating func resize(
        to new: ImageShape,
        _ file: borrowing OpenFile,
        _ scratch: inout [UInt8]
    )
        throws(SystemError)
    {
        let old = shape!
        shape = new
        guard new.byteCount != old.byteCount else { return }
        guard tracksDigest else { return try file.truncate(to: new.byteCount) }
        // Pages that go or come, and the last one that stays if it becomes shorter.
        let kept = min(old.byteCount, new.byteCount) / UInt64(new.pageSize.bytes)
        try takeOut(kept, of: old, file, &scratch)
        try file.truncate(to: new.byteCount)
        try takeOut(kept, of: new, file, &scratch)
    }

    /// XORs the parts of all pages behind the first `kept` into the digest.
    private mutating func takeOut(
        _ kept: UInt64,
        of shape: ImageShape,
        _ file: borrowing OpenFile,
        _ scratch: inout [UInt8]
    ) throws(SystemError) {
        var page = kept + 1
        while page <= UInt64(shape.pageCount.rawValue) {
            let number = PageNumber(UInt32(page))
            try file.readPage(number, shape.pageSize, into: &scratch)
            digest ^= unsafe ImageDigest.part(number, scratch.span.bytes.extracting(0..<shape.pageSize.bytes))
            page += 1
        }
    }

    private mutating func exchange(
        _ first: UInt32,
        _ count: Int,
        _ bytes: RawSpan,
        _ file: borrowing OpenFile,
        _ scratch: inout [UInt8]
    ) throws(SystemError) {
        let size = shape!.pageSize.bytes
        for index in 0..<count {
            let number = PageNumber(first + UInt32(index))
            try file.readPage(number, shape!.pageSize, into: &scratch)
            digest ^= unsafe ImageDigest.part(number, scratch.span.bytes.extracting(0..<size))
            digest ^= ImageDigest.part(number, bytes.extracting(index * size..<(index + 1) * size))
        }
    }
}

extension OpenFile {
    /// Reads one page into the front of `buffer`; what the file lacks of it becomes zeros.
    func readPage(_ number: PageNumber, _ size: PageSize, into buffer: inout [UInt8]) throws(SystemError) {
        if buffer.count < size.bytes { buffer.append(zeros: size.bytes - buffer.count) }
        let got = try read(into: &buffer, count: size.bytes, at: number.byteOffset(pageSize: size))
        buffer.clear(from: got, to: size.bytes)
    }
}
