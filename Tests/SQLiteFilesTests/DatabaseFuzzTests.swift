import TestSupport
import Testing

@testable import SQLiteFiles

@Suite("Databases: whatever is in them")
struct DatabaseFuzzTests {
    /// A database with a freelist of several trunks.
    private static func database() throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        try SQLite3.sql(
            """
            PRAGMA page_size=512; CREATE TABLE t(a);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<400)
            INSERT INTO t SELECT zeroblob(500) FROM n; DELETE FROM t WHERE rowid > 10;
            """,
            on: directory.file("a.db")
        )
        return try directory.bytes(of: "a.db")
    }

    @Test("headers and freelists: no trap; the walk ends, and names no page that is not there")
    func freelists() throws {
        let sound = try Self.database()
        let trunks = try Self.trunks(of: sound)
        #expect(trunks.count > 2)
        var run = FuzzRun("database header and freelist", rounds: 80_000)
        var leaves = 0
        while var random = run.next() {
            var bytes = sound
            let trunk = trunks.randomElement(using: &random)!
            let focus = [0..<100, trunk..<trunk + 16, trunk..<trunk + 512].randomElement(using: &random)!
            bytes.mutate(with: &random, within: focus)
            guard let header = try? DatabaseHeader(bytes) else { continue }
            let size = header.pageSize.bytes
            let pageCount = header.trustedPageCount ?? PageCount(UInt32(bytes.count / size))
            var walk = FreelistWalk(header: header, pageCount: pageCount)
            var feeds = 0
            while let page = walk.wanted {
                feeds += 1
                #expect(pageCount.contains(page), "\(random)")
                let start = Int(page.byteOffset(pageSize: header.pageSize))
                // What a file lacks is read as nothing.
                let content = bytes[min(start, bytes.count)..<min(start + size, bytes.count)]
                leaves += Self.feed(Array(content), to: &walk, pageCount, random)
            }
            #expect(walk.end != nil && feeds <= 2 * bytes.count / 512 + 2, "\(random)")
        }
        #expect(leaves > 10_000)
    }

    private static func feed(
        _ page: [UInt8],
        to walk: inout FreelistWalk,
        _ pageCount: PageCount,
        _ random: SeededRandom
    ) -> Int {
        guard let trunk = walk.feed(page.raw) else { return 0 }
        trunk.forEachLeaf { #expect(pageCount.contains($0), "\(random)") }
        return trunk.leafCount
    }

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
            trunk.forEachLeaf { #expect(pages.contains($0), "\(random)") }
        }
    }

    /// Where the trunks start in the file.
    private static func trunks(of database: [UInt8]) throws -> [Int] {
        let header = try DatabaseHeader(database)
        var walk = FreelistWalk(header: header, pageCount: header.pageCount)
        var offsets: [Int] = []
        while let page = walk.wanted {
            offsets.append(Int(page.byteOffset(pageSize: header.pageSize)))
            walk.feed(database.page(page, size: header.pageSize))
        }
        return offsets
    }
}
