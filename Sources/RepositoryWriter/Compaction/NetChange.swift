import RepositoryFormat
import SQLiteFiles

/// The places that several changes of one file together change in its image. The bytes there are taken from
/// the image.
struct NetChange {
    private var pages: [UInt32: [ByteRange]] = [:]
    /// The image before is dropped.
    let startsFresh: Bool
    /// The length of the image before, in bytes.
    private let formerBytes: UInt64
    /// The minimum length since then, in bytes.
    private var shortestBytes: UInt64
    private var differences: [ByteRange] = []

    /// Pages that have changed.
    var pageCount: Int { pages.count }

    /// Starts from an image of that length.
    init(after formerBytes: UInt64, startsFresh: Bool = false) {
        (self.formerBytes, shortestBytes, self.startsFresh) = (formerBytes, formerBytes, startsFresh)
    }

    /// Starts from a fresh image.
    static let fresh = NetChange(after: 0, startsFresh: true)

    /// Adds a changed page. Both contents are whole pages.
    mutating func add(_ number: UInt32, _ old: RawSpan, _ new: RawSpan) {
        differences.removeAll(keepingCapacity: true)
        differences.append(differencesOf: old, and: new)
        add(number, differences)
    }

    /// Adds changed ranges of a page.
    mutating func add(_ number: UInt32, _ ranges: [ByteRange]) {
        pages[number, default: []].formUnion(ranges)
    }

    /// Sets the image's current length, in bytes.
    mutating func resized(to byteCount: UInt64) {
        shortestBytes = min(shortestBytes, byteCount)
    }

    /// The pages of the current image that must be applied to the image before, ascending, with their ranges.
    /// A page that was cut off and added again is included as a whole: nothing of its earlier content
    /// remains.
    func ranges(in shape: ImageSize) -> [(number: UInt32, ranges: [ByteRange])] {
        let size = UInt64(shape.pageSize.bytes)
        var result = pages
        let end = min(formerBytes, shape.byteCount)
        if shortestBytes < end {
            for number in shortestBytes / size + 1...(end + size - 1) / size {
                result[UInt32(number)] = [ByteRange(start: 0, end: Int(size))]
            }
        }
        return result.sorted { $0.key < $1.key }.compactMap { number, ranges in
            let valid = shape.validBytes(of: PageNumber(number))
            let kept = ranges.compactMap { range in
                range.start < valid ? ByteRange(start: range.start, end: min(range.end, valid)) : nil
            }
            return kept.isEmpty ? nil : (number, kept)
        }
    }
}

extension [ByteRange] {
    /// Adds other ranges. Both are ascending, and none touches the one before. The result is so too.
    mutating func formUnion(_ other: [ByteRange]) {
        guard !isEmpty else { return self = other }
        var result: [ByteRange] = []
        result.reserveCapacity(count + other.count)
        var (mine, its) = (0, 0)
        while mine < count || its < other.count {
            let next: ByteRange
            if its == other.count || (mine < count && self[mine].start <= other[its].start) {
                next = self[mine]
                mine += 1
            } else {
                next = other[its]
                its += 1
            }
            if let last = result.last, next.start <= last.end {
                result[result.count - 1].end = Swift.max(last.end, next.end)
            } else {
                result.append(next)
            }
        }
        self = result
    }
}
