/// A set of page numbers: one bit a page, so 3 MB for 100 GB of 4096-byte pages.
///
/// The bits are in blocks of 4096 pages, and a block without a page takes no memory. So a single page at the
/// end of all numbers costs 8 MB, not 512.
package struct PageBitmap: Sendable {
    package init() {}

    private static let wordsPerBlock = 64
    private static let emptyBlock = [UInt64](repeating: 0, count: wordsPerBlock)
    /// Shared by all blocks that have all their pages.
    private static let fullBlock = [UInt64](repeating: .max, count: wordsPerBlock)

    /// Blocks in order; an empty array has no page.
    private var blocks: [[UInt64]] = []

    /// The position of the page's bit.
    private static func place(_ page: PageNumber) -> (block: Int, word: Int, bit: UInt64) {
        (Int(page.rawValue &>> 12), Int(page.rawValue &>> 6) & 63, 1 &<< UInt64(page.rawValue & 63))
    }

    package mutating func insert(_ page: PageNumber) {
        let (block, word, bit) = Self.place(page)
        if block >= blocks.count { grow(to: max(block + 1, blocks.count + min(blocks.count, 1 << 12))) }
        if blocks[block].isEmpty { blocks[block] = Self.emptyBlock }
        blocks[block][word] |= bit
    }

    private mutating func grow(to count: Int) {
        blocks.append(contentsOf: repeatElement([], count: count - blocks.count))
    }

    /// Adds all these pages. Full blocks share one array, so this takes little time and memory.
    package mutating func insert(_ pages: Range<UInt32>) {
        var next = pages.lowerBound
        while next < pages.upperBound {
            let block = Int(next &>> 12)
            let blockEnd = next | 0xfff
            if next & 0xfff == 0, blockEnd < pages.upperBound {
                if block >= blocks.count { grow(to: Int((pages.upperBound - 1) &>> 12) + 1) }
                blocks[block] = Self.fullBlock
                next = blockEnd + 1
            } else {
                insert(PageNumber(next))
                next += 1
            }
        }
    }

    package mutating func remove(_ page: PageNumber) {
        let (block, word, bit) = Self.place(page)
        guard block < blocks.count, blocks[block].indices.contains(word) else { return }
        blocks[block][word] &= ~bit
    }

    package func contains(_ page: PageNumber) -> Bool {
        let (block, word, bit) = Self.place(page)
        return block < blocks.count && !blocks[block].isEmpty && blocks[block][word] & bit != 0
    }

    /// Adds all pages of `other`.
    package mutating func formUnion(_ other: PageBitmap) {
        if other.blocks.count > blocks.count { grow(to: other.blocks.count) }
        for (block, words) in other.blocks.enumerated() where !words.isEmpty {
            guard !blocks[block].isEmpty else {
                blocks[block] = words
                continue
            }
            for index in words.indices { blocks[block][index] |= words[index] }
        }
    }

    /// Removes all pages of `other`.
    package mutating func subtract(_ other: PageBitmap) {
        for block in 0..<min(blocks.count, other.blocks.count) where !blocks[block].isEmpty {
            for (index, word) in other.blocks[block].enumerated() { blocks[block][index] &= ~word }
        }
    }

    /// Whether any page is in both.
    package func intersects(_ other: PageBitmap) -> Bool {
        zip(blocks, other.blocks).contains { mine, others in zip(mine, others).contains { $0 & $1 != 0 } }
    }

    package var isEmpty: Bool { blocks.allSatisfy { words in words.allSatisfy { $0 == 0 } } }

    package mutating func removeAll() {
        blocks.removeAll(keepingCapacity: true)
    }

    /// The smallest page in the set that is not below `page`.
    package func first(from page: PageNumber) -> PageNumber? {
        let (start, firstWord, bit) = Self.place(page)
        guard start < blocks.count else { return nil }
        for block in start..<blocks.count where !blocks[block].isEmpty {
            let from = block == start ? firstWord : 0
            for index in from..<Self.wordsPerBlock {
                var word = blocks[block][index]
                if block == start, index == firstWord { word &= ~(bit &- 1) }
                guard word != 0 else { continue }
                return PageNumber(
                    UInt32(block) &<< 12 | UInt32(index) &<< 6 | UInt32(word.trailingZeroBitCount)
                )
            }
        }
        return nil
    }
}
