import Recovery
import SystemPackage
import TestSupport
import Testing

@Suite("Row differences of two images") struct ImageDiffTests {
    private func diff(
        _ old: String?,
        _ new: String?,
        withRows: Bool = true
    ) throws -> (summary: [TableDiff], rows: [RowDiff]) {
        try withTemporaryDirectory { directory in
            var images: [ImageURI?] = []
            for (name, sql) in [("old", old), ("new", new)] {
                if let sql { try SQLite3.sql(sql, on: directory.file(name)) }
                images.append(sql == nil ? nil : ImageURI(FilePath(directory.file(name))))
            }
            let diff = try ImageDiff(from: images[0], to: images[1])
            var rows: [RowDiff] = []
            for table in withRows ? diff.tables : [] { try diff.rows(of: table) { rows.append($0) } }
            return (try diff.summary().tables, rows)
        }
    }

    @Test("counts rows added, removed and changed, by their keys")
    func counts() throws {
        let (summary, rows) = try diff(
            "CREATE TABLE t(k INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1,'a'),(2,'b'),(3,'c');",
            "CREATE TABLE t(k INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(2,'b'),(3,'C'),(4,'d'),(5,'e');"
        )
        #expect(summary.map { [$0.removed, $0.changed, $0.added] } == [[1, 1, 2]])
        #expect(rows.map(\.kind) == [.removed, .changed, .added, .added])
        #expect(rows[1].key.map(\.value) == [.integer(3)])
        #expect(
            rows[1].old.map(\.value) == [.text("c")] && rows[1].new.map(\.value) == [.text("C")]
        )
    }

    @Test("keys of several columns, without rowid, with NULL and blobs")
    func keys() throws {
        let schema = "CREATE TABLE t(a, b, v BLOB, PRIMARY KEY(a, b)) WITHOUT ROWID;"
        let loose = "CREATE TABLE n(a, b, UNIQUE(a)); INSERT INTO n VALUES(NULL, 1), (NULL, 2);"
        let (summary, rows) = try diff(
            schema + loose + "INSERT INTO t VALUES(1,'x',x'00ff'),(1,'y',NULL);",
            schema + loose + "INSERT INTO t VALUES(1,'x',x'00fe'),(1,'y','');"
        )
        #expect(summary.map(\.table) == ["t"] && summary.map(\.changed) == [2])
        #expect(rows.map { $0.key.map(\.column) } == [["a", "b"], ["a", "b"]])
    }

    /// SQLite takes an expression for a thousand levels deep at most.
    @Test("a key of more columns than an expression has levels")
    func wideKey() throws {
        let columns = (1...950).map { "c\($0)" }.joined(separator: ", ")
        let row = { "(" + Array(repeating: $0, count: 950).joined(separator: ", ") + ")" }
        let schema =
            "CREATE TABLE t(\(columns), v, PRIMARY KEY(\(columns))); INSERT INTO t(\(columns)) VALUES"
        let (summary, _) = try diff(
            schema + "\(row("1")), \(row("2")), \(row("3"));",
            schema + "\(row("2")), \(row("3")), \(row("4")); UPDATE t SET v = 1 WHERE c1 = 3;",
            withRows: false
        )
        #expect(summary.map { [$0.removed, $0.changed, $0.added] } == [[1, 1, 1]])
        #expect(summary[0].isCompared && summary[0].notes == [])
    }

    @Test("neither collation nor affinity makes values equal")
    func exact() throws {
        let schema = "CREATE TABLE t(k INTEGER PRIMARY KEY, a COLLATE NOCASE, b);"
        let (summary, _) = try diff(
            schema + "INSERT INTO t VALUES(1,'x',1),(2,'same',2.5);",
            schema + "INSERT INTO t VALUES(1,'X',1),(2,'same',2.5);"
        )
        #expect(summary.map(\.changed) == [1])
        let (typed, _) = try diff(
            schema + "INSERT INTO t VALUES(1,'x',1);",
            schema + "INSERT INTO t VALUES(1,'x',1.0);"
        )
        #expect(typed.map(\.changed) == [1])
    }

    @Test("columns and tables that only one of them has")
    func schemas() throws {
        let (summary, _) = try diff(
            "CREATE TABLE t(k INTEGER PRIMARY KEY, a, gone); CREATE TABLE u(x); INSERT INTO u VALUES(1); "
                + "INSERT INTO t VALUES(1,1,1);",
            "CREATE TABLE t(k INTEGER PRIMARY KEY, a, came, g AS (a + 1)); INSERT INTO t VALUES(1,1,9,0);"
                .replacing(",9,0)", with: ",9)")
        )
        #expect(summary.map(\.table) == ["t", "u"])
        #expect(summary[0].notes == ["column gone went", "column came is new"] && summary[0].changed == 0)
        #expect(summary[1].removed == 1 && summary[1].notes == ["the table went"])
    }

    @Test("from no database at all")
    func nothing() throws {
        let (summary, _) = try diff(nil, "CREATE TABLE t(v); INSERT INTO t VALUES(1),(2);")
        #expect(summary.map(\.added) == [2])
    }

    @Test("a virtual table is left out, and does not stand in the way")
    func virtual() throws {
        let schema = "CREATE TABLE t(v); CREATE VIRTUAL TABLE f USING fts5(body);"
        let (summary, _) = try diff(
            schema + "INSERT INTO f VALUES('one');",
            schema + "INSERT INTO f VALUES('two'); INSERT INTO t VALUES(1);"
        )
        #expect(summary.map(\.table) == ["t"])
    }
}
