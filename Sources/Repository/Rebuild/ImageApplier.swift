import LinuxFiles
import SQLiteFiles

/// Lays records over an image in a file, one after the other.
///
/// The file always has the image's exact length. Shortening it drops bytes, lengthening it brings zeros; the
/// missing part of a partial last page counts as zeros.
struct ImageApplier {
    var shape: ImageShape?
    /// Of the image as it stands; unless `tracksDigest`, only of the first `countedPages` without `uncounted`.
    var digest: UInt64 = 0
    var countedPages: UInt32 = 0
    /// Pages among the first `countedPages` that changed since the base.
    var uncounted = PageBitmap()
    /// Whether `digest` is wanted at every step, or only at the end.
    let tracksDigest: Bool

    init(tracksDigest: Bool) {
        self.tracksDigest = tracksDigest
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
            countedPages = 0
            uncounted.removeAll()
        }
        try resize(to: entry.shape, file, &scratch)
        let size = entry.shape.pageSize.bytes
        var index = entry.pages.lowerBound
        while index < entry.pages.upperBound {
            let first = changes.numbers[index]
            let count = changes.runLength(from: index, to: entry.pages.upperBound)
            let bytes = unsafe pages.span.bytes.extracting(index * size..<(index + count) * size)
            if tracksDigest {
                try exchange(first, count, bytes, file, &scratch)
            } else {
                try leaveUncounted(first, count, entry.shape.pageSize, file, &scratch)
            }
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
        guard tracksDigest else { return try resizeUncounted(old, new, file, &scratch) }
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
