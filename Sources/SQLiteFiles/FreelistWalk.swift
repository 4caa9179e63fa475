/// A walk along the trunks of a freelist, without reading anything itself: it says which page it wants and is
/// fed it.
///
/// It follows the chain from the header's first trunk. It ends after the trunk whose next is 0; at a trunk
/// number beyond the database; at a page that cannot be a trunk; and at a cycle. A cycle is recognised with
/// constant memory (Brent's method: one earlier page is remembered, renewed after 1, 2, 4, 8 … steps), so
/// trunks of a cycle may be handed out more than once before the walk ends, and never more trunks are asked
/// for than the database has pages.
///
///     while let page = walk.wanted {
///         if let trunk = walk.feed(bytes of page) { … }
///     }
package struct FreelistWalk: Sendable {
    /// The page to feed next; nil when the walk has ended.
    package private(set) var wanted: PageNumber?

    /// Why the walk ended; nil while it goes on.
    package private(set) var end: FreelistEnd?

    /// Trunks and leaves seen so far. After `.complete` it should equal the header's `freelistPageCount`.
    package private(set) var pagesSeen: UInt64 = 0

    private let pageCount: PageCount
    private let usableBytes: Int
    private var steps: UInt32 = 0
    private var remembered: PageNumber?
    private var stepsUntilRemembering: UInt32 = 1

    /// A walk for a database of `pageCount` pages: the true count, from the header if trusted, else the
    /// file's length.
    package init(header: DatabaseHeader, pageCount: PageCount) {
        self.init(
            firstTrunk: header.firstFreelistTrunk,
            usableBytes: header.usablePageBytes,
            pageCount: pageCount
        )
    }

    /// A walk from a given trunk; nil for an empty freelist.
    package init(firstTrunk: PageNumber?, usableBytes: Int, pageCount: PageCount) {
        self.pageCount = pageCount
        self.usableBytes = usableBytes
        follow(firstTrunk)
    }

    /// Takes the bytes of the wanted page and moves on. Returns the page as a trunk, or nil if the walk ended
    /// there because it is none.
    @_lifetime(copy page)
    package mutating func feed(_ page: RawSpan) -> FreelistTrunk? {
        guard let current = wanted else { return nil }
        guard let trunk = FreelistTrunk(page: page, usableBytes: usableBytes, pageCount: pageCount) else {
            finish(.implausibleTrunk(current))
            return nil
        }
        pagesSeen += 1 + UInt64(trunk.leafCount)
        steps += 1
        if steps == stepsUntilRemembering {
            remembered = current
            stepsUntilRemembering = steps.multipliedReportingOverflow(by: 2).partialValue
        }
        follow(trunk.next)
        return trunk
    }

    private mutating func follow(_ next: PageNumber?) {
        guard let next else { return finish(.complete) }
        guard pageCount.contains(next) else { return finish(.outOfRange(next)) }
        guard next != remembered, steps < pageCount.rawValue else { return finish(.cycle(next)) }
        wanted = next
    }

    private mutating func finish(_ reason: FreelistEnd) {
        wanted = nil
        end = reason
    }
}

/// Why a walk along a freelist ended.
package enum FreelistEnd: Sendable, Hashable {
    /// The last trunk has been seen, or there is none.
    case complete
    /// The chain leads to a page that the database does not have.
    case outOfRange(PageNumber)
    /// This page of the chain cannot be a trunk.
    case implausibleTrunk(PageNumber)
    /// The chain comes back to this page.
    case cycle(PageNumber)
}
