import SQLiteFiles

/// A base image that is being taken.
final class OpenBase {
    var writer: BaseWriter
    /// The next page that the base needs; those before it are written.
    var cursor: UInt32 = 1
    /// Pages before the cursor: changed since they were written. Pages from it on: the mirror has them newer than
    /// the slice that is to come.
    var touched = PageBits()
    /// Pages from the cursor on that the image's end went through, and how much of their slice counts, in bytes.
    var cuts: [UInt32: Int] = [:]
    /// No slice can follow: the last one ended within a page, or the base is being ended.
    var isEnded = false
    /// The mirror could not be written, so the image is not known any more.
    var hasFailed = false
    /// The sequence in its file's name, once that was chosen.
    var name: Sequence?
    /// Its record is staged or in the stream.
    var isStaged = false

    init(_ writer: consuming BaseWriter) {
        self.writer = writer
    }
}

/// A set of page numbers: one bit each, 3 MiB for a database of 100 GB.
struct PageBits {
    private var words: [UInt64] = []

    func contains(_ number: UInt32) -> Bool {
        let word = Int(number >> 6)
        return word < words.count && words[word] & (1 << UInt64(number & 63)) != 0
    }

    mutating func insert(_ number: UInt32) {
        let word = Int(number >> 6)
        if word >= words.count {
            let count = max(word + 1, 2 * words.count)
            words.append(contentsOf: repeatElement(0, count: count - words.count))
        }
        words[word] |= 1 << UInt64(number & 63)
    }

    mutating func remove(_ number: UInt32) {
        let word = Int(number >> 6)
        if word < words.count { words[word] &= ~(1 << UInt64(number & 63)) }
    }

    /// The lowest number that is in the set and not below `start`.
    func first(from start: UInt32) -> UInt32? {
        var word = Int(start >> 6)
        guard word < words.count else { return nil }
        var bits = words[word] & (~0 << UInt64(start & 63))
        while bits == 0 {
            word += 1
            guard word < words.count else { return nil }
            bits = words[word]
        }
        return UInt32(word << 6 + bits.trailingZeroBitCount)
    }
}
