import Testing

@testable import SQLiteFiles

/// The page of a trunk, from its parts.
func trunkPage(next: UInt32, leaves: [UInt32], count: UInt32? = nil, bytes: Int = 512) -> [UInt8] {
    var page = bigEndian(next) + bigEndian(count ?? UInt32(leaves.count))
    for leaf in leaves { page += bigEndian(leaf) }
    return page + [UInt8](repeating: 0, count: max(0, bytes - page.count))
}

struct FreelistTrunkTests {
    private func leaves(_ page: [UInt8], usable: Int = 512, pages: UInt32 = 1000) -> [UInt32]? {
        guard
            let trunk = FreelistTrunk(page: page.raw, usableBytes: usable, pageCount: PageCount(pages))
        else { return nil }
        return trunk.leaves.map(\.rawValue)
    }

    @Test("hands out next and leaves")
    func plain() throws {
        let page = trunkPage(next: 9, leaves: [3, 1000, 7])
        #expect(leaves(page) == [3, 1000, 7])
        let trunk = FreelistTrunk(page: page.raw, usableBytes: 512, pageCount: PageCount(1000))
        let next = trunk?.next
        let count = trunk?.leafCount
        #expect(next == PageNumber(9))
        #expect(count == 3)
    }

    @Test("accepts a full page of leaves and not one more")
    func full() {
        let most = Array(repeating: UInt32(5), count: 512 / 4 - 2)
        #expect(leaves(trunkPage(next: 0, leaves: most))?.count == 126)
        #expect(leaves(trunkPage(next: 0, leaves: most, count: 127)) == nil)
        #expect(leaves(trunkPage(next: 0, leaves: most), usable: 508) == nil)
        #expect(leaves(trunkPage(next: 0, leaves: most, count: .max)) == nil)
    }

    @Test("refuses pages that the database does not have")
    func outOfRange() {
        #expect(leaves(trunkPage(next: 1001, leaves: [3])) == nil)
        #expect(leaves(trunkPage(next: 0, leaves: [3, 1001])) == nil)
        #expect(leaves(trunkPage(next: 0, leaves: [3, 0])) == nil)
    }

    @Test("survives pages shorter than they say")
    func short() {
        #expect(leaves([], usable: 512) == nil)
        #expect(leaves([0, 0, 0, 0, 0, 0, 0], usable: 512) == nil)
        #expect(leaves(trunkPage(next: 0, leaves: [1, 2], bytes: 16), usable: 4096) == [1, 2])
        #expect(leaves(trunkPage(next: 0, leaves: [1, 2], bytes: 12), usable: 4096, pages: 10) == [1, 2])
        #expect(leaves(trunkPage(next: 0, leaves: [1], count: 2, bytes: 12), usable: 4096) == nil)
        #expect(leaves(trunkPage(next: 0, leaves: [1]), usable: -1) == nil)
    }
}
