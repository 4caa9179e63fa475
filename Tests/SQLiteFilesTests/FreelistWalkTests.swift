import TestSupport
import Testing

@testable import SQLiteFiles

struct FreelistWalkTests {
    /// Walks to the end over pages given by number; returns the trunks in order.
    private func walk(
        _ walk: inout FreelistWalk,
        limit: Int = 10_000,
        page: (PageNumber) -> [UInt8]
    ) -> [UInt32] {
        var trunks: [UInt32] = []
        while let wanted = walk.wanted, trunks.count < limit {
            trunks.append(wanted.rawValue)
            walk.feed(page(wanted))
        }
        return trunks
    }

    @Test("finds every free page of a real database", arguments: [512, 4096, 65536])
    func realFreelist(pageBytes: Int) throws {
        let directory = try TemporaryDirectory()
        let output = try SQLite3.sql(
            """
            PRAGMA page_size=\(pageBytes); CREATE TABLE t(a);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<400)
            INSERT INTO t SELECT zeroblob(\(pageBytes)) FROM n;
            DELETE FROM t WHERE rowid % 5; PRAGMA freelist_count;
            """,
            on: directory.file("a.db")
        )
        let free = try #require(UInt64(output.split(separator: "\n").last ?? ""))
        let bytes = try directory.bytes(of: "a.db")
        let header = try DatabaseHeader(bytes)
        var state = FreelistWalk(header: header, pageCount: header.pageCount)
        let trunks = walk(&state) { bytes.page($0, size: header.pageSize) }
        #expect(state.end == .complete)
        #expect(state.pagesSeen == free)
        #expect(UInt64(header.freelistPageCount.rawValue) == free)
        #expect(trunks.count >= (pageBytes == 512 ? 2 : 1))
    }

    @Test("an empty freelist is complete at once")
    func empty() {
        let state = FreelistWalk(firstTrunk: nil, usableBytes: 512, pageCount: PageCount(9))
        #expect(state.wanted == nil)
        #expect(state.end == .complete)
    }

    @Test("stops where the chain leaves the database")
    func outOfRange() {
        var state = FreelistWalk(firstTrunk: PageNumber(10), usableBytes: 512, pageCount: PageCount(9))
        #expect(state.end == .outOfRange(PageNumber(10)))
        state = FreelistWalk(firstTrunk: PageNumber(9), usableBytes: 512, pageCount: PageCount(9))
        let trunks = walk(&state) { _ in trunkPage(next: 77, leaves: []) }
        #expect(trunks == [9])
        #expect(state.end == .implausibleTrunk(PageNumber(9)))
        #expect(state.feed(trunkPage(next: 0, leaves: [])) == nil)
    }

    @Test("ends on a cycle of any length", arguments: [1, 2, 3, 7, 100])
    func cycle(length: UInt32) {
        for lead in UInt32(0)...9 {
            var state = FreelistWalk(
                firstTrunk: PageNumber(1),
                usableBytes: 512,
                pageCount: PageCount(.max)
            )
            let trunks = walk(&state) { page in
                let next = page.rawValue == lead + length ? lead + 1 : page.rawValue + 1
                return trunkPage(next: next, leaves: [2])
            }
            #expect(Set(trunks).count == Int(lead + length))
            #expect(trunks.count <= 4 * Int(lead + length) + 4)
            guard case .cycle = state.end else {
                Issue.record("lead \(lead): ended with \(String(describing: state.end))")
                return
            }
        }
    }

    @Test("asks for no more trunks than the database has pages")
    func bounded() {
        var random = SeededRandom()
        for _ in 0..<200 {
            let pages = UInt32.random(in: 1...50, using: &random)
            let next = (0...pages).map { _ in UInt32.random(in: 0...pages, using: &random) }
            var state = FreelistWalk(
                firstTrunk: PageNumber(1),
                usableBytes: 512,
                pageCount: PageCount(pages)
            )
            let trunks = walk(&state) { trunkPage(next: next[Int($0.rawValue)], leaves: [1]) }
            #expect(trunks.count <= Int(pages), "\(random)")
            #expect(state.end != nil, "\(random)")
        }
    }
}
