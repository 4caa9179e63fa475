import Recovery
import SystemPackage
import TestSupport
import Testing

@Suite("What a database lost since an earlier state")
struct HealthFactsTests {
    /// A table of a thousand rows, and a small one.
    private static let before = """
        CREATE TABLE t(i INTEGER PRIMARY KEY, v); CREATE TABLE u(v); INSERT INTO u VALUES(1);
        WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO t SELECT i, 'on' FROM n;
        """

    private func deletions(after change: String) throws -> [MassDeletion] {
        let folder = try TemporaryDirectory()
        let database = folder.file("a.db")
        try SQLite3.sql(Self.before, on: database)
        let before = try HealthFacts(imageAt: FilePath(database))
        try SQLite3.sql(change, on: database)
        return try HealthFacts(imageAt: FilePath(database)).massDeletions(since: before)
    }

    @Test("most rows of a table, or the table with them; a larger new table hides neither")
    func lost() throws {
        #expect(
            try deletions(after: "DELETE FROM t WHERE i > 3;")
                == [MassDeletion(table: "t", lostRows: 997, isDropped: false)]
        )
        let dropped = [MassDeletion(table: "t", lostRows: 1000, isDropped: true)]
        for change in [
            "DROP TABLE t;", "DROP TABLE t; CREATE TABLE n AS SELECT * FROM u;",
            "CREATE TABLE n AS SELECT a.i FROM t AS a, (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3); DROP TABLE t;",
        ] { #expect(try deletions(after: change) == dropped, "\(change)") }
    }

    @Test(
        "neither a renamed table nor one that a migration copied is lost",
        arguments: [
            "ALTER TABLE t RENAME TO renamed;", "ALTER TABLE t RENAME TO x; ALTER TABLE x RENAME TO T;",
            "CREATE TABLE n(i, v, w); INSERT INTO n SELECT i, v, i FROM t WHERE i > 100; DROP TABLE t;",
            "CREATE TABLE n AS SELECT * FROM t; DROP TABLE t; CREATE VIEW t AS SELECT * FROM n;",
            "DROP TABLE u;",
        ]
    )
    func moved(change: String) throws {
        #expect(try deletions(after: change).isEmpty)
    }

    @Test("a renamed table is found beside a dropped one, of which it has about as many rows")
    func both() throws {
        let folder = try TemporaryDirectory()
        let database = folder.file("a.db")
        try SQLite3.sql(Self.before + "CREATE TABLE a AS SELECT * FROM t WHERE i > 100;", on: database)
        let before = try HealthFacts(imageAt: FilePath(database))
        try SQLite3.sql("ALTER TABLE t RENAME TO renamed; DROP TABLE a;", on: database)
        #expect(
            try HealthFacts(imageAt: FilePath(database)).massDeletions(since: before)
                == [MassDeletion(table: "a", lostRows: 900, isDropped: true)]
        )
    }

    @Test("tables that cannot be read are not lost: the schema has unknown words, or the file is damaged")
    func unreadable() throws {
        let unparsed = """
            CREATE VIEW v AS SELECT 1; PRAGMA writable_schema = ON;
            UPDATE sqlite_master SET sql = 'CREATE VIEW v AS SELECT 1_000 FROM u' WHERE name = 'v';
            """
        #expect(try deletions(after: unparsed).isEmpty)
        let rootless = """
            PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = 9999 WHERE name = 'u';
            """
        #expect(try deletions(after: rootless).isEmpty)
    }
}
