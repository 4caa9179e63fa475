/// A set of page numbers: one bit a page, so 3 MB for 100 GB of 4096-byte pages.
package struct PageBitmap: Sendable {
    package init() {}

    private var words: [UInt64] = []

    package mutating func insert(_ page: PageNumber) {
        let index = Int(page.rawValue >> 6)
        if index >= words.count {
            words.append(contentsOf: repeatElement(0, count: max(index + 1 - words.count, words.count)))
        }
        words[index] |= 1 &<< UInt64(page.rawValue & 63)
    }

    package mutating func remove(_ page: PageNumber) {
        let index = Int(page.rawValue >> 6)
        if index < words.count { words[index] &= ~(1 &<< UInt64(page.rawValue & 63)) }
    }

    package func contains(_ page: PageNumber) -> Bool {
        let index = Int(page.rawValue >> 6)
        return index < words.count && words[index] & (1 &<< UInt64(page.rawValue & 63)) != 0
    }

    /// Adds all pages of `other`.
    package mutating func formUnion(_ other: PageBitmap) {
        if other.words.count > words.count {
            words.append(contentsOf: repeatElement(0, count: other.words.count - words.count))
        }
        for index in other.words.indices { words[index] |= other.words[index] }
    }

    /// Takes all pages of `other` out.
    package mutating func subtract(_ other: PageBitmap) {
        for index in 0..<min(words.count, other.words.count) { words[index] &= ~other.words[index] }
    }

    /// Whether any page is in both.
    package func intersects(_ other: PageBitmap) -> Bool {
        (0..<min(words.count, other.words.count)).contains { words[$0] & other.words[$0] != 0 }
    }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    package mutating func removeAll() {
        words.removeAll(keepingCapacity: true)
    }

    /// The smallest page in the set that is not below `page`.
    package func first(from page: PageNumber) -> PageNumber? {
        var index = Int(page.rawValue >> 6)
        guard index < words.count else { return nil }
        var word = words[index] & (UInt64.max &<< UInt64(page.rawValue & 63))
        while word == 0 {
            index += 1
            guard index < words.count else { return nil }
            word = words[index]
        }
        return PageNumber(UInt32(index) &<< 6 | UInt32(word.trailingZeroBitCount))
    }
}
