import TestSupport
import Testing

@testable import SQLiteFiles

@Suite("Databases: whatever is in them")
struct DatabaseFuzzTests {
    @Test("any page as a trunk, whatever the header says of its usable part")
    func trunks() {
        var run = FuzzRun("freelist trunk", rounds: 300_000)
        while var random = run.next() {
            var page = trunkPage(next: 7, leaves: [1, 2, 3, 60])
            page.mutate(with: &random, within: 0..<24)
            let usable = [-1, 0, 7, 8, 480, 512, 65536, Int.max].randomElement(using: &random)!
            let pages = PageCount(UInt32(truncatingIfNeeded: random.next() >> (random.next() % 64)))
            guard let trunk = FreelistTrunk(page: page.raw, usableBytes: usable, pageCount: pages) else {
                continue
            }
            #expect(trunk.leaves.allSatisfy { pages.contains($0) }, "\(random)")
        }
    }
}
