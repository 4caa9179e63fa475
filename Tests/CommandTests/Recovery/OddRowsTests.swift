import Foundation
import TestSupport
import Testing

/// Tables whose rows are easily taken for others.
@Suite("Rows of odd tables", .serialized)
struct OddRowsTests {
    private let protection: Protection

    init() throws {
        protection = try Protection("")
    }

    private func sql(_ sql: String) throws { try SQLite3.sql(sql, on: protection.database) }

    private func capture() throws { try protection.holdfast("watch", "--once", "--quiet", protection.data) }

    private func rows(_ table: String) throws -> String {
        try SQLite3.sql("SELECT * FROM \(table) ORDER BY 1, 2;", on: protection.database)
    }

    /// Before, a snapshot is taken; after, these rows are restored from it.
    private func restore(
        before: String,
        after: String,
        _ arguments: String...
    ) throws -> CommandResult {
        try sql(before)
        try capture()
        try sql(after)
        return try HoldfastProgram.run(
            ["rows", "restore", "--at", "1", "--path", protection.data] + arguments,
            environment: protection.environment
        )
    }

    @Test("a clause ON CONFLICT of the table deletes no other row, and hides none that is refused")
    func conflictClause() throws {
        let result = try restore(
            before:
                "CREATE TABLE t(id INTEGER PRIMARY KEY, email UNIQUE ON CONFLICT REPLACE); INSERT INTO t VALUES(1, 'a');",
            after: "DELETE FROM t; INSERT INTO t VALUES(2, 'a');",
            "t",
            "1"
        )
        #expect(result.status == 3 && result.stdout.contains("conflicts with id=2\n"), "\(result)")
        #expect(try rows("t") == "2|a\n")
    }

    @Test(
        "rows with NULL in their key are refused, for nothing tells them apart, and diff tells them by their rowids"
    )
    func nullKeys() throws {
        let result = try restore(
            before:
                "CREATE TABLE t(k TEXT PRIMARY KEY, v); INSERT INTO t VALUES(NULL, 'one'), (NULL, 'two');",
            after: "DELETE FROM t WHERE v = 'two';",
            "t",
            "--where",
            "k IS NULL"
        )
        #expect(result.status == 1 && result.stderr.contains("NULL in their primary key"), "\(result)")
        #expect(try rows("t") == "|one\n")
        try capture()
        let diff = try protection.holdfast("diff", "1", protection.database, "--summary").stdout
        #expect(diff.contains("t: 1 removed\n"), "\(diff)")
    }

    @Test("a row with NULL in its key is named, with a command that shows it, and the others come back")
    func nullKeyAmongOthers() throws {
        let result = try restore(
            before: "CREATE TABLE t(k TEXT PRIMARY KEY, v); INSERT INTO t VALUES(NULL, 'one'), ('a', 'two');",
            after: "DELETE FROM t;",
            "t",
            "--where",
            "1"
        )
        #expect(result.status == 3 && result.stdout.contains("t: 1 restored, 1 not restored\n"), "\(result)")
        #expect(try rows("t") == "a|two\n")
        let named = /t k=NULL: cannot be restored .*(holdfast .*)\)\n/
        let line = try #require(result.stdout.firstMatch(of: named))
        let pasted = try Command.run(
            "sh",
            ["-c", "holdfast() { \"\(HoldfastProgram.path)\" \"$@\"; }; \(line.1)"],
            environment: HoldfastProgram.environment(protection.environment),
            directory: "/"
        )
        #expect(pasted.status == 0 && pasted.stdout == "|one\n", "\(pasted)")
    }

    @Test("a key that is given more than once is one row, and undo removes it")
    func repeatedKey() throws {
        let result = try restore(
            before: "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1, 'a'), (2, 'b');",
            after: "DELETE FROM t;",
            "t",
            "1",
            "2",
            "1",
            "1"
        )
        #expect(result.status == 0 && result.stdout.contains("t: 2 restored\n"), "\(result)")
        try protection.holdfast("undo", protection.database)
        #expect(try rows("t") == "")
    }

    @Test("a key with a collation of its own")
    func collation() throws {
        let result = try restore(
            before: """
                CREATE TABLE t(name TEXT COLLATE NOCASE, v, PRIMARY KEY(name COLLATE BINARY));
                INSERT INTO t VALUES('a', 'lower'), ('A', 'UPPER');
                """,
            after: "DELETE FROM t WHERE v = 'lower'; UPDATE t SET v = 'precious';",
            "t",
            "a"
        )
        #expect(result.status == 3 || result.status == 0, "\(result)")
        #expect(
            try SQLite3.sql("SELECT name, v FROM t ORDER BY v;", on: protection.database)
                == "a|lower\nA|precious\n"
        )
    }

    @Test("a column whose name has other letters now, of the same meaning")
    func renamedColumn() throws {
        let result = try restore(
            before: "CREATE TABLE t(id INTEGER PRIMARY KEY, Name); INSERT INTO t VALUES(1, 'precious');",
            after: "DELETE FROM t; ALTER TABLE t RENAME COLUMN Name TO name;",
            "t",
            "1"
        )
        #expect(result.status == 0, "\(result)")
        #expect(try rows("t") == "1|precious\n")
    }

    @Test("six hundred columns")
    func wide() throws {
        let columns = (1...600).map { "c\($0)" }.joined(separator: ", ")
        let result = try restore(
            before:
                "CREATE TABLE t(id INTEGER PRIMARY KEY, \(columns)); INSERT INTO t(id, c1, c600) VALUES(1, 'a', 'b');",
            after: "UPDATE t SET c600 = 'other';",
            "t",
            "1",
            "--overwrite"
        )
        #expect(result.status == 0, "\(result)")
        #expect(try SQLite3.sql("SELECT c600 FROM t;", on: protection.database) == "b\n")
    }

    @Test("a database in UTF-16: rows, differences, the doctor and a restore in place")
    func utf16() throws {
        let result = try restore(
            before:
                "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1, 'é');",
            after: "DELETE FROM t;",
            "t",
            "1"
        )
        #expect(result.status == 0, "\(result)")
        #expect(try rows("t") == "1|é\n")
        try sql("DELETE FROM t;")
        try capture()
        #expect(
            try protection.holdfast("diff", "1", protection.database, "--summary").stdout.contains(
                "t: 1 removed"
            )
        )
        try FileManager.default.removeItem(atPath: protection.database)
        try protection.holdfast("restore", protection.database, "--at", "1", "--in-place")
        #expect(try rows("t") == "1|é\n")
        try SQLite3.sql("DELETE FROM t;", on: protection.database)
        try protection.holdfast("doctor", protection.database, "--apply", "best")
        #expect(try rows("t") == "1|é\n")
    }

    @Test("an INTEGER PRIMARY KEY DESC is not the rowid")
    func descendingKey() throws {
        try sql(
            "CREATE TABLE t(id INTEGER PRIMARY KEY DESC, a); INSERT INTO t VALUES(7, 'x'), (55, 'first');"
        )
        try capture()
        try sql("UPDATE t SET a = 'second' WHERE id = 55;")
        try capture()
        let history = try protection.holdfast("rows", "history", "t", "55", "--path", protection.database)
            .stdout
        #expect(history.contains("changed a: 'first' → 'second'"), "\(history)")
    }

    @Test("what another program commits while rows are restored does not go with them")
    func undoBesideOthers() throws {
        try sql(
            """
            CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE TABLE o(x);
            WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO t SELECT i, hex(randomblob(30)) FROM n;
            """
        )
        try capture()
        try sql("DELETE FROM t;")
        try capture()
        let other = try RunningProgram(
            "/bin/sh",
            [
                "-c",
                """
                echo waits; while [ ! -e a.db-journal ]; do :; done
                sqlite3 -cmd '.timeout 20000' a.db "INSERT INTO o VALUES('precious')"
                """,
            ],
            environment: [:],
            directory: protection.data
        )
        try other.waitForOutput { $0 == "waits" }
        try protection.holdfast(
            "rows",
            "restore",
            "t",
            "--where",
            "1",
            "--at",
            "1",
            "--path",
            protection.database
        )
        #expect(try other.waitForEnd().status == 0)
        let undo = try protection.holdfast("undo", protection.database, expecting: 1)
        #expect(undo.stderr.contains("later commits, up to "))
        #expect(try SQLite3.sql("SELECT x FROM o;", on: protection.database) == "precious\n")
    }
}
