import Foundation
import TestSupport
import Testing

/// Rows whose places others have taken, and what goes by the rows of a table.
@Suite("Rows in the way, and what depends on rows", .serialized)
struct RowsInTheWayTests {
    private let protection: Protection

    init() throws {
        protection = try Protection("")
    }

    @discardableResult
    private func sql(_ sql: String) throws -> String { try SQLite3.sql(sql, on: protection.database) }

    /// Before, a snapshot is taken; after, these rows are restored from it.
    private func restore(before: String, after: String, _ arguments: String...) throws -> CommandResult {
        try restore(before: before, after: after, arguments: arguments)
    }

    private func restore(before: String, after: String, arguments: [String]) throws -> CommandResult {
        try sql(before)
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try sql(after)
        return try rows(arguments)
    }

    private func rows(_ arguments: [String]) throws -> CommandResult {
        try HoldfastProgram.run(
            ["rows", "restore", "--at", "1", "--path", protection.data] + arguments,
            environment: protection.environment
        )
    }

    private static let users = """
        CREATE TABLE u(id INTEGER PRIMARY KEY, mail TEXT, CHECK(id < 1000)); CREATE UNIQUE INDEX m ON u(lower(mail));
        WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) INSERT INTO u SELECT i, 'm' || i FROM n;
        """
    private static let taken = "DELETE FROM u; INSERT INTO u VALUES(77, 'M7');"

    @Test(
        "19 of 20 rows come back, and the last one is named with the row in its way; the dry run says the same"
    )
    func taken() throws {
        let result = try restore(before: Self.users, after: Self.taken, "u", "--where", "1", "--dry-run")
        #expect(
            result.status == 3 && result.stdout.contains("u id=7: cannot be restored (UNIQUE"),
            "\(result)"
        )
        #expect(!result.stdout.contains("u id=7: would be restored"), "\(result)")
        #expect(try sql("SELECT count(*) FROM u;") == "1\n")
        let real = try rows(["u", "--where", "1"])
        #expect(real.status == 3 && real.stdout.contains("conflicts with id=77\n"), "\(real)")
        #expect(real.stdout.contains("u: 19 restored, 1 not restored\n"))
        #expect(try sql("SELECT count(*), sum(id) FROM u;") == "20|\(210 - 7 + 77)\n")
        #expect(try rows(["u", "7", "--skip-conflicts"]).status == 0)
    }

    @Test("with --overwrite the row in the way goes, and is named")
    func displaced() throws {
        let result = try restore(before: Self.users, after: Self.taken, "u", "--where", "1", "--overwrite")
        #expect(result.status == 0 && result.stdout.contains("u id=77: was removed"), "\(result)")
        #expect(try sql("SELECT count(*), sum(id) FROM u;") == "20|210\n")
        #expect(try sql("PRAGMA integrity_check;") == "ok\n")
        try protection.holdfast("undo", protection.database)
        #expect(try sql("SELECT * FROM u;") == "77|M7\n")
    }

    @Test("a row that has NULL where the table allows it no more does not come back with a default")
    func notNull() throws {
        let result = try restore(
            before: "CREATE TABLE t(i INTEGER PRIMARY KEY, k UNIQUE, v); INSERT INTO t VALUES(1, 'a', NULL);",
            after: """
                DROP TABLE t; CREATE TABLE t(i INTEGER PRIMARY KEY, k UNIQUE, v NOT NULL DEFAULT 'd');
                INSERT INTO t VALUES(2, 'a', 'x');
                """,
            "t",
            "1",
            "--overwrite"
        )
        #expect(result.status == 3 && result.stdout.contains("t i=1: cannot be restored"), "\(result)")
        #expect(try sql("SELECT * FROM t;") == "2|a|x\n")
    }

    @Test("a row that a rule forbids its former values keeps those that it has")
    func forbidden() throws {
        let result = try restore(
            before: "CREATE TABLE t(k TEXT PRIMARY KEY, v); INSERT INTO t VALUES('a', 1);",
            after:
                "DROP TABLE t; CREATE TABLE t(k TEXT PRIMARY KEY, v CHECK(v > 5)); INSERT INTO t VALUES('a', 9);",
            "t",
            "a",
            "--overwrite"
        )
        #expect(result.status == 1 && result.stderr.contains("cannot have its former values"), "\(result)")
        #expect(try sql("SELECT * FROM t;") == "a|9\n")
    }

    @Test("a rowid that another row has by now hinders no row with a key of its own")
    func takenRowID() throws {
        let result = try restore(
            before: "CREATE TABLE t(k TEXT PRIMARY KEY); INSERT INTO t VALUES('a');",
            after: "DELETE FROM t; INSERT INTO t VALUES('z');",
            "t",
            "a"
        )
        #expect(result.status == 0, "\(result)")
        #expect(try sql("SELECT k FROM t ORDER BY k;") == "a\nz\n")
    }

    @Test("a foreign key to a column that is gone is none")
    func goneColumn() throws {
        for arguments in [[], ["--with-children"]] {
            let scene = try RowsInTheWayTests()
            let result = try scene.restore(
                before: """
                    CREATE TABLE p(i INTEGER PRIMARY KEY); CREATE TABLE c(x REFERENCES p(gone));
                    INSERT INTO p VALUES(1); INSERT INTO c VALUES(1);
                    """,
                after: "DELETE FROM p;",
                arguments: ["p", "1"] + arguments
            )
            #expect(result.status == 0, "\(result)")
            #expect(try scene.sql("SELECT * FROM p;") == "1\n")
        }
    }

    @Test("a wait of any length", arguments: ["30d", "999999d"])
    func longWait(wait: String) throws {
        let result = try restore(
            before: "CREATE TABLE t(i INTEGER PRIMARY KEY); INSERT INTO t VALUES(1);",
            after: "DELETE FROM t;",
            "t",
            "1",
            "--wait",
            wait
        )
        #expect(result.status == 0, "\(result)")
    }

    @Test(
        "what could not be kept apart is named in the run as in the dry run, and so is the way to replace it"
    )
    func conflicts() throws {
        let result = try restore(
            before: "CREATE TABLE t(i INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1, 'a'), (2, 'b');",
            after: "DELETE FROM t; INSERT INTO t VALUES(1, 'another');",
            "t",
            "--where",
            "1"
        )
        #expect(
            result.status == 3 && result.stdout.contains("t i=1: has other values, and stays\n"),
            "\(result)"
        )
        #expect(result.stderr.contains("--overwrite replaces such a row"), "\(result)")
        #expect(try sql("SELECT * FROM t;") == "1|another\n2|b\n")
    }

    @Test("values that were exchanged come back, with what the row has in a column that is new")
    func exchanged() throws {
        let result = try restore(
            before:
                "CREATE TABLE t(k TEXT PRIMARY KEY, v NOT NULL UNIQUE); INSERT INTO t VALUES('a', 1), ('b', 2), ('c', 3);",
            after: """
                UPDATE t SET v = v + 10; UPDATE t SET v = v % 3 + 1; ALTER TABLE t ADD COLUMN n; UPDATE t SET n = k || v;
                """,
            "t",
            "--where",
            "1",
            "--overwrite"
        )
        #expect(result.status == 0, "\(result)")
        #expect(try sql("SELECT rowid, * FROM t ORDER BY k;") == "1|a|1|a3\n2|b|2|b1\n3|c|3|c2\n")
    }

    @Test("a parent that others refer to by a value which it would lose is refused")
    func parentsValue() throws {
        let result = try restore(
            before: """
                CREATE TABLE p(id INTEGER PRIMARY KEY, code UNIQUE); CREATE TABLE c(id INTEGER PRIMARY KEY, code REFERENCES p(code));
                INSERT INTO p VALUES(1, 'old');
                """,
            after: "UPDATE p SET code = 'new'; INSERT INTO c VALUES(1, 'new');",
            "p",
            "1",
            "--overwrite"
        )
        #expect(
            result.status == 1 && result.stderr.contains("1 row of c refers to a missing row of p"),
            "\(result)"
        )
        #expect(try sql("SELECT code FROM p;") == "new\n")
    }

    @Test(
        "children of a key ON DELETE SET NULL that were deleted as well come back with all that hung on them"
    )
    func deletedLinks() throws {
        let result = try restore(
            before: """
                CREATE TABLE p(id INTEGER PRIMARY KEY);
                CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE SET NULL);
                CREATE TABLE g(id INTEGER PRIMARY KEY, c REFERENCES c ON DELETE CASCADE);
                INSERT INTO p VALUES(1); INSERT INTO c VALUES(1, 1), (2, 1); INSERT INTO g VALUES(1, 1), (2, 2);
                """,
            after:
                "PRAGMA foreign_keys = ON; DELETE FROM p; DELETE FROM c WHERE id = 1; DELETE FROM g WHERE id = 2;",
            "p",
            "1",
            "--with-children"
        )
        #expect(result.status == 0, "\(result)")
        #expect(try sql("SELECT * FROM c ORDER BY 1; SELECT * FROM g;") == "1|1\n2|1\n1|1\n")
    }

    @Test(
        "a row keeps its rowid, and a full-text index over it and a trigger are named; --rebuild-indexes builds the one"
    )
    func dependents() throws {
        let result = try restore(
            before: """
                CREATE TABLE d(uuid TEXT PRIMARY KEY, body); CREATE VIRTUAL TABLE d_fts USING fts5(body, content='d');
                CREATE VIRTUAL TABLE box USING rtree(id, a, b);
                CREATE TRIGGER one AFTER INSERT ON d BEGIN INSERT INTO d_fts(rowid, body) VALUES(new.rowid, new.body); END;
                CREATE TRIGGER two AFTER INSERT ON d BEGIN INSERT INTO box VALUES(new.rowid, 1, 2); END;
                CREATE TRIGGER del AFTER DELETE ON d BEGIN INSERT INTO d_fts(d_fts, rowid, body) VALUES('delete', old.rowid, old.body); END;
                INSERT INTO d VALUES('a', 'alpha'), ('b', 'bravo'), ('c', 'charlie');
                """,
            after: "DELETE FROM d WHERE uuid = 'a';",
            "d",
            "a"
        )
        #expect(
            result.status == 0 && result.stderr.contains("the index d_fts of d does not have the rows"),
            "\(result)"
        )
        #expect(
            result.stderr.contains("the virtual table box") && result.stderr.contains("the trigger two of d")
        )
        #expect(try sql("SELECT rowid FROM d WHERE uuid = 'a';") == "1\n")
        try sql(
            """
            CREATE VIEW w AS SELECT rowid AS id, body FROM d;
            CREATE VIRTUAL TABLE over_view USING fts5(body, content='w', content_rowid='id');
            DELETE FROM d WHERE uuid = 'c';
            """
        )
        let viewed = try rows(["d", "c"])
        #expect(viewed.stderr.contains("the index over_view of"), "\(viewed)")
        try sql("DROP TABLE over_view; DROP VIEW w;")
        try sql("DELETE FROM d WHERE uuid = 'b'; INSERT INTO d_fts(d_fts) VALUES('rebuild');")
        let rebuilt = try rows(["d", "b", "--rebuild-indexes"])
        #expect(rebuilt.stderr.contains("the index d_fts of d was rebuilt"), "\(rebuilt)")
        #expect(try sql("SELECT rowid FROM d_fts WHERE d_fts MATCH 'bravo';") == "2\n")
    }

    @Test("a full-text index over a view of a view is rebuilt")
    func viewOfView() throws {
        let result = try restore(
            before: """
                CREATE TABLE d(id INTEGER PRIMARY KEY, t); CREATE VIEW a AS SELECT * FROM z;
                CREATE VIEW z AS SELECT id, t FROM d;
                CREATE VIRTUAL TABLE f USING fts5(t, content='a', content_rowid='id');
                INSERT INTO d VALUES(1, 'apple'); INSERT INTO f(f) VALUES('rebuild');
                """,
            after: "DELETE FROM d; INSERT INTO f(f) VALUES('rebuild');",
            "d",
            "1",
            "--rebuild-indexes"
        )
        #expect(result.status == 0 && result.stderr.contains("the index f of d was rebuilt"), "\(result)")
        #expect(try sql("SELECT rowid FROM f WHERE f MATCH 'apple';") == "1\n")
    }

    @Test(
        "a thousand and two thousand columns, with and without a key of their own",
        arguments: [1000, 1999, 2000]
    )
    func wide(count: Int) throws {
        let columns = (1...count).map { "c\($0)" }.joined(separator: ", ")
        try sql("CREATE TABLE t(\(columns)); INSERT INTO t(c1, c\(count)) VALUES('a', 'b'), ('c', 'd');")
        let keyed = (2...count).map { "c\($0)" }.joined(separator: ", ")
        try sql(
            "CREATE TABLE k(c1 TEXT PRIMARY KEY, \(keyed)); INSERT INTO k(c1, c\(count)) VALUES('a', 'b');"
        )
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try sql("DELETE FROM t WHERE rowid = 1; UPDATE t SET c\(count) = 'e'; UPDATE k SET c\(count) = 'x';")
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let diff = try protection.holdfast("diff", "1", protection.database).stdout
        #expect(
            diff.contains("~ rowid=2  c\(count): 'd' → 'e'\n") && diff.contains("t: 1 removed, 1 changed\n")
        )
        let history = try protection.holdfast("rows", "history", "k", "a", "--path", protection.data).stdout
        #expect(history.contains("changed c\(count): 'b' → 'x'\n"), "\(history)")
        #expect(try rows(["t", "--where", "1", "--overwrite"]).status == 0)
        #expect(try rows(["k", "a", "--overwrite"]).status == 0)
        #expect(
            try sql("SELECT rowid, c1, c\(count) FROM t UNION ALL SELECT rowid, c1, c\(count) FROM k;")
                == "1|a|b\n2|c|d\n1|a|b\n"
        )
    }
}
