import RepositoryFormat
import SQLiteFiles

/// Where several changes of one file, taken together, change its image; what is there then, the image tells.
///
/// About 100 bytes of memory for each page that changes.
struct NetChange {
    private var pages: [UInt32: [ByteRange]] = [:]
    /// The image before is forgotten.
    let startsFresh: Bool
    /// How long the image was before, in bytes.
    private let formerBytes: UInt64
    /// The shortest that it was since then, in bytes.
    private var shortestBytes: UInt64
    private var differences: [ByteRange] = []

    /// Pages that have changed.
    var pageCount: Int { pages.count }

    /// Of an image that was so long before.
    init(after formerBytes: UInt64) {
        (self.formerBytes, shortestBytes, startsFresh) = (formerBytes, formerBytes, false)
    }

    /// Of an image that begins anew.
    static let fresh = NetChange()

    private init() {
        (formerBytes, shortestBytes, startsFresh) = (0, 0, true)
    }

    /// A page has changed. Both contents are whole pages.
    mutating func add(_ number: UInt32, _ old: RawSpan, _ new: RawSpan) {
        differences.removeAll(keepingCapacity: true)
        differences.append(differencesOf: old, and: new)
        add(number, differences)
    }

    /// A page has changed there.
    mutating func add(_ number: UInt32, _ ranges: [ByteRange]) {
        pages[number, default: []].formUnion(ranges)
    }

    /// The image has that length now, in bytes.
    mutating func resized(to byteCount: UInt64) {
        shortestBytes = min(shortestBytes, byteCount)
    }

    /// What of the image, as it is now, is to be put over the image before: pages ascending, with their
    /// ranges. A page that was cut off and came back is given whole, for nothing of what it was is left.
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
    /// Adds others; both are ascending, and none touches the one before. So is what comes of it.
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
