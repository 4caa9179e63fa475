package import SQLiteFiles

/// What pages of zeros add to a digest, in next to no time however many they are.
///
/// A hole of 1 TB has 268 million pages, and each has a hash of its own, for the page number is its seed. So
/// the sums of 16 GiB each are written down (`ZeroPages+Steps.swift`), and at most 8 GiB at either end are
/// hashed: 0.4 s each. Beyond 16 TiB (of pages that are not 4096 bytes long: 1 TiB) nothing is written down.
package enum ZeroPages {
    /// So much is summed up in one step, in bytes.
    private static let stepBytes = 16 << 30

    /// For each page size the sums of all pages before the end of each step, as if there were a page 0; the
    /// first is 0.
    private static let sums: [Int: [UInt64]] = steps.mapValues { steps in
        steps.reduce(into: [0]) { sums, step in sums.append(sums.last! ^ step) }
    }

    /// What zeros in all these pages add to a digest.
    package static func parts(_ pages: Range<UInt32>, _ pageSize: PageSize) -> UInt64 {
        let size = pageSize.bytes
        let (first, end) = (nearest(pages.lowerBound, size), nearest(pages.upperBound, size))
        guard let first, let end, first.page < end.page else { return hashed(pages, size) }
        return first.sum ^ end.sum ^ hashed(between(pages.lowerBound, first.page), size)
            ^ hashed(between(pages.upperBound, end.page), size)
    }

    /// How many bytes of zeros can be counted at once, wherever they are within the image's first so many
    /// bytes.
    package static func quickBytes(_ pageSize: PageSize) -> UInt64 {
        UInt64(steps[pageSize.bytes]?.count ?? 0) * UInt64(stepBytes)
    }

    /// The end of a step that is nearest to the page, and the sum of all before it.
    private static func nearest(_ page: UInt32, _ size: Int) -> (page: UInt32, sum: UInt64)? {
        guard let sums = sums[size] else { return nil }
        let pagesPerStep = UInt64(stepBytes / size)
        let step = min((UInt64(page) + pagesPerStep / 2) / pagesPerStep, UInt64(sums.count - 1))
        // The last step of the smallest pages may end where numbers do.
        guard let start = UInt32(exactly: step * pagesPerStep) else { return nil }
        return (start, sums[Int(step)])
    }

    private static func between(_ one: UInt32, _ other: UInt32) -> Range<UInt32> {
        min(one, other)..<max(one, other)
    }

    private static func hashed(_ pages: Range<UInt32>, _ size: Int) -> UInt64 {
        var (sum, page) = (UInt64(0), pages.lowerBound)
        while page < pages.upperBound {
            sum ^= XXH64.hash(zeros: size, seed: UInt64(page))
            page &+= 1
        }
        return sum
    }
}
