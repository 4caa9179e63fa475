import Foundation
import SQLiteFiles
import TestSupport
import Testing

@Suite("The way to a row of a table") struct TableSearchTests {
    private struct Pages {
        let bytes: [UInt8]
        let size: Int
        func callAsFunction(_ number: PageNumber) -> [UInt8] {
            let start = (Int(number.rawValue) - 1) * size
            return start + size <= bytes.count ? Array(bytes[start..<start + size]) : []
        }
    }

    private func make(_ sql: String, pageSize: Int, in directory: TemporaryDirectory) throws {
        try SQLite3.sql("PRAGMA page_size = \(pageSize); \(sql)", on: directory.file("a.db"))
    }

    @Test("ends where dbstat has the row, with all of its overflow pages", arguments: [512, 4096, 65536])
    func rows(pageSize: Int) throws {
        try withTemporaryDirectory { directory in
            try make(
                """
                CREATE TABLE t(i INTEGER PRIMARY KEY, v);
                WITH n(i) AS (SELECT -50 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                INSERT INTO t SELECT i * 1000003, zeroblob(abs(i * 37) % 3000) FROM n;
                """,
                pageSize: pageSize,
                in: directory
            )
            let root = PageNumber(UInt32(try sql(directory, "SELECT rootpage FROM sqlite_master;"))!)
            for number in [-50, -1, 0, 1, 700, 2000] {
                let rowID = Int64(number) * 1_000_003
                let pages = Pages(bytes: try directory.bytes(of: "a.db"), size: pageSize)
                let found = try #require(
                    TableSearch.pages(to: rowID, root: root, usableBytes: pageSize) { pages($0) }
                )
                // Changing the row changes pages of the way alone, but for the header.
                try SQLite3.sql(
                    "UPDATE t SET v = randomblob(length(v)) WHERE i = \(rowID);",
                    on: directory.file("a.db")
                )
                let now = Pages(bytes: try directory.bytes(of: "a.db"), size: pageSize)
                let changed = (1...UInt32(now.bytes.count / pageSize)).filter {
                    now(PageNumber($0)) != pages(PageNumber($0)) && $0 > 1
                }
                #expect(changed.allSatisfy { found.contains(PageNumber($0)) }, "row \(rowID): \(changed)")
                #expect(found.contains(root))
            }
        }
    }

    @Test("all leaves, each with its rowids, as dbstat has them", arguments: [512, 4096])
    func leaves(pageSize: Int) throws {
        for rows in [0, 1, 60, 5000] {
            try withTemporaryDirectory { directory in
                try make(
                    """
                    CREATE TABLE t(i INTEGER PRIMARY KEY, v);
                    INSERT INTO t SELECT value * 7 - 900, zeroblob(value % 400) FROM generate_series(1, \(rows));
                    DELETE FROM t WHERE i % 3 = 0;
                    """,
                    pageSize: pageSize,
                    in: directory
                )
                let root = PageNumber(UInt32(try sql(directory, "SELECT rootpage FROM sqlite_master;"))!)
                let pages = Pages(bytes: try directory.bytes(of: "a.db"), size: pageSize)
                let tree = try #require(
                    TableSearch.tree(root: root, usableBytes: pageSize) { pages($0) }
                )
                let list = { (type: String) in
                    try sql(
                        directory,
                        "SELECT pageno FROM dbstat WHERE name = 't' AND pagetype = '\(type)' ORDER BY path;"
                    )
                    .split(separator: "\n").map { PageNumber(UInt32($0)!) }
                }
                #expect(try tree.leaves.map(\.page) == list("leaf"), "\(rows) rows")
                let interior = try list("internal")
                #expect(interior.allSatisfy(tree.interior.contains))
                // Without a hole, from the least to the greatest.
                #expect(tree.leaves[0].rowIDs.lowerBound == .min)
                #expect(tree.leaves.last?.rowIDs.upperBound == .max)
                for (one, next) in zip(tree.leaves, tree.leaves.dropFirst()) {
                    #expect(one.rowIDs.upperBound + 1 == next.rowIDs.lowerBound)
                }
                for rowID in try sql(directory, "SELECT i FROM t;").split(separator: "\n").map({ Int64($0)! })
                {
                    let way = TableSearch.pages(to: rowID, root: root, usableBytes: pageSize) { pages($0) }
                    let leaf = try #require(tree.leaves.first { $0.rowIDs.contains(rowID) })
                    #expect(way?.contains(leaf.page) == true, "row \(rowID)")
                }
            }
        }
    }

    private func sql(_ directory: TemporaryDirectory, _ sql: String) throws -> String {
        try SQLite3.sql(sql, on: directory.file("a.db")).trimmingCharacters(in: .newlines)
    }

    @Test("random bytes lead nowhere, and do no harm")
    func garbage() throws {
        var random = SeededRandom(seed: 1)
        for _ in 0..<3_000 {
            let size = 512
            var bytes = (0..<4 * size).map { _ in UInt8.random(in: 0...255, using: &random) }
            for page in 0..<4 { bytes[page * size] = Bool.random(using: &random) ? 5 : 13 }
            let pages = Pages(bytes: bytes, size: size)
            _ = TableSearch.pages(
                to: .random(in: .min ... .max, using: &random),
                root: PageNumber(.random(in: 1...4, using: &random)),
                usableBytes: size
            ) { number in
                let page = pages(PageNumber(number.rawValue % 4 + 1))
                return page
            }
            _ = TableSearch.tree(root: PageNumber(1), usableBytes: size) { pages($0) }
        }
    }
}
