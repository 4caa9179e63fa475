package import SQLiteFiles

/// The contribution of zero pages to a digest, in about constant time for any number of pages.
///
/// A hole of 1 TB has 268 million pages. Each has another hash, because its page number is the seed. So the
/// sums of 16 GiB each are stored in `ZeroPages+Steps.swift`, and at most 8 GiB at either end are hashed: 0.4
/// s each. No sums are stored beyond 16 TiB; for page sizes other than 4096 bytes, beyond 1 TiB.
package enum ZeroPages {
    /// The bytes that one stored sum covers.
    private static let stepBytes = 16 << 30

    /// For each page size, the sums of all pages before the end of each step. They count a page 0. The first
    /// sum is 0.
    private static let sums: [Int: [UInt64]] = steps.mapValues { steps in
        steps.reduce(into: [0]) { sums, step in sums.append(sums.last! ^ step) }
    }

    /// The contribution of these pages to a digest if all are zero.
    package static func parts(_ pages: Range<UInt32>, _ pageSize: PageSize) -> UInt64 {
        let size = pageSize.bytes
        let (first, end) = (nearest(pages.lowerBound, size), nearest(pages.upperBound, size))
        guard let first, let end, first.page < end.page else { return hashed(pages, size) }
        return first.sum ^ end.sum ^ hashed(between(pages.lowerBound, first.page), size)
            ^ hashed(between(pages.upperBound, end.page), size)
    }

    /// Zeros can be counted fast within this many bytes from the start of the image.
    package static func quickBytes(_ pageSize: PageSize) -> UInt64 {
        UInt64(steps[pageSize.bytes]?.count ?? 0) * UInt64(stepBytes)
    }

    /// The step boundary nearest to the page, and the sum of all pages before it.
    private static func nearest(_ page: UInt32, _ size: Int) -> (page: UInt32, sum: UInt64)? {
        guard let sums = sums[size] else { return nil }
        let pagesPerStep = UInt64(stepBytes / size)
        let step = min((UInt64(page) + pagesPerStep / 2) / pagesPerStep, UInt64(sums.count - 1))
        // With the smallest page size, the last step may end beyond the last page number.
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
