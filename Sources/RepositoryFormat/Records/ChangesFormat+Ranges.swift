import SQLiteFiles

/// Bytes of a page that change, in bytes from the page's start; never empty.
package struct ByteRange: Hashable {
    private var startOffset: UInt32
    private var endOffset: UInt32

    package init(start: Int, end: Int) {
        (startOffset, endOffset) = (UInt32(start), UInt32(end))
    }

    package var start: Int { Int(startOffset) }
    package var end: Int {
        get { Int(endOffset) }
        set { endOffset = UInt32(newValue) }
    }
    package var byteCount: Int { end - start }
}

/// The ranges of a page in a table: their number, then each range's distance and length (docs/FORMAT.md,
/// "Byte ranges"). The distance is from the end of the range before, or from the page's start.
///
/// The ranges are valid if and only if:
/// 1. None is empty.
/// 2. Each except the first has a distance above 0.
/// 3. None extends beyond the page or the image.
extension RawSpan {
    /// Appends a page's ranges to `ranges` and returns how many bytes they have. `valid`: bytes of the page
    /// within the image.
    func ranges(
        at offset: inout Int,
        upTo valid: Int,
        into ranges: inout [ByteRange]
    ) throws(FormatError) -> Int {
        let count = try varint(at: &offset, upTo: UInt64(valid), "range count")
        var (last, total) = (0, 0)
        for index in 0..<count {
            let start = offset
            let distance = try varint(at: &offset, upTo: UInt64(valid), "distance")
            let length = try varint(at: &offset, upTo: UInt64(valid), "range length")
            let range = ByteRange(start: last + Int(distance), end: last + Int(distance) + Int(length))
            guard length > 0, distance > 0 || index == 0, range.end <= valid else {
                throw .malformed(at: start, "a range that is empty, out of order or beyond the page")
            }
            ranges.append(range)
            last = range.end
            total += range.byteCount
        }
        return total
    }
}

extension [UInt8] {
    package mutating func append(ranges: ArraySlice<ByteRange>) {
        append(varint: UInt64(ranges.count))
        var last = 0
        for range in ranges {
            append(varint: UInt64(range.start - last))
            append(varint: UInt64(range.byteCount))
            last = range.end
        }
    }
}

extension [ByteRange] {
    /// Ranges with fewer equal bytes than this between them are merged: a separate range would cost more.
    private static let mergedGap = 4

    /// Appends the ranges in which two contents of a page differ, ascending. Both must have the same length.
    package mutating func append(differencesOf old: RawSpan, and new: RawSpan) {
        precondition(old.byteCount == new.byteCount)
        let first = count
        var at = 0
        while let start = old.firstDifference(from: at, new) {
            at = start + 1
            while at < new.byteCount, old.byte(at: at) != new.byte(at: at) { at += 1 }
            if count > first, start - self[count - 1].end < Self.mergedGap {
                self[count - 1].end = at
            } else {
                append(ByteRange(start: start, end: at))
            }
        }
    }
}

extension RawSpan {
    /// Where the two next differ; both have the same length.
    fileprivate func firstDifference(from start: Int, _ other: RawSpan) -> Int? {
        var at = start
        while at + 8 <= byteCount, nativeUInt64(at: at) == other.nativeUInt64(at: at) { at += 8 }
        while at < byteCount {
            if byte(at: at) != other.byte(at: at) { return at }
            at += 1
        }
        return nil
    }

    private func nativeUInt64(at offset: Int) -> UInt64 {
        unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    }
}
