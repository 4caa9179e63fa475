/// A freelist trunk page: the number of the next trunk and those of the free pages (leaves) that it lists
/// (sqlite.org/fileformat2, section 1.5).
///
/// A page does not say that it is a trunk. A page is accepted if and only if:
/// 1. Its leaf count fits the usable part of a page.
/// 2. The next trunk is 0 or a page of the database.
/// 3. All leaves are pages of the database.
///
/// Every real trunk is accepted. Occasionally another page is too; the pages that it names are then compared
/// needlessly.
///
/// This is a view: it reads the page's bytes in place and does not outlive them.
package struct FreelistTrunk: ~Escapable {
    private let page: RawSpan

    /// The next trunk, nil on the last.
    package let next: PageNumber?

    /// How many leaves the trunk lists.
    package let leafCount: Int

    /// Nil unless the page could be a trunk of a database with `pageCount` pages, of whose bytes
    /// `usableBytes` are not reserved. The page may be longer than that.
    @_lifetime(copy page)
    package init?(page: RawSpan, usableBytes: Int, pageCount: PageCount) {
        let usable = min(usableBytes, page.byteCount)
        guard usable >= FreelistLayout.leaves else { return nil }
        let next = page.bigEndianUInt32(at: FreelistLayout.nextTrunk)
        let count = page.bigEndianUInt32(at: FreelistLayout.leafCount)
        guard next <= pageCount.rawValue,
            Int(count) <= usable / FreelistLayout.leafBytes - 2,
            Self.leavesAreWithin(pageCount, page: page, leafCount: Int(count))
        else { return nil }
        self.page = page
        self.next = next == 0 ? nil : PageNumber(next)
        leafCount = Int(count)
    }

    private static func leavesAreWithin(_ pageCount: PageCount, page: RawSpan, leafCount: Int) -> Bool {
        for index in 0..<leafCount {
            let offset = FreelistLayout.leaves + index * FreelistLayout.leafBytes
            guard pageCount.contains(PageNumber(page.bigEndianUInt32(at: offset))) else { return false }
        }
        return true
    }

    /// One leaf, `index` from 0 and below `leafCount`.
    package func leaf(at index: Int) -> PageNumber {
        precondition(index >= 0 && index < leafCount, "no such leaf")
        return PageNumber(page.bigEndianUInt32(at: FreelistLayout.leaves + index * FreelistLayout.leafBytes))
    }
}
