import TestSupport
import Testing

/// Restored rows whose foreign keys lead nowhere, and rows that would lose their parents to them.
@Suite("Rows without parents", .serialized)
struct RowsWithoutParentsTests {
    private let protection: Protection

    init() throws {
        protection = try Protection("")
    }

    @discardableResult
    private func sql(_ sql: String) throws -> String { try SQLite3.sql(sql, on: protection.database) }

    /// Before, a snapshot is taken; after, these rows are restored from it, first as a dry run.
    private func restore(before: String, after: String, _ arguments: String...) throws -> CommandResult {
        try restore(before: before, after: after, arguments)
    }

    private func restore(before: String, after: String, _ arguments: [String]) throws -> CommandResult {
        try sql(before)
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try sql(after)
        let all = ["rows", "restore", "--at", "1", "--path", protection.data] + arguments
        let rehearsed = try HoldfastProgram.run(all + ["--dry-run"], environment: protection.environment)
        let result = try HoldfastProgram.run(all, environment: protection.environment)
        #expect(rehearsed.status == result.status, "\(rehearsed)")
        return result
    }

    @Test("rows that had no parent then come back without one", arguments: ["", "WITHOUT ROWID"])
    func formerOrphans(kind: String) throws {
        let result = try restore(
            before: """
                CREATE TABLE p(id INTEGER PRIMARY KEY); INSERT INTO p VALUES(1);
                CREATE TABLE k(id INTEGER PRIMARY KEY, p REFERENCES p) \(kind);
                INSERT INTO k VALUES(1, 1), (2, 77), (3, 78), (4, 79);
                """,
            after: "DELETE FROM k WHERE id < 4;",
            "k",
            "--where",
            "1"
        )
        let note = "k: 3 restored, 1 unchanged, 2 rows of k refer to missing rows of p, as then\n"
        #expect(result.status == 0 && result.stdout.contains(note), "\(result)")
        #expect(try sql("SELECT * FROM k ORDER BY id;") == "1|1\n2|77\n3|78\n4|79\n")
    }

    @Test(
        "a row whose parent is gone by now is named, and the others come back",
        arguments: ["", "WITHOUT ROWID"]
    )
    func lostParent(kind: String) throws {
        let result = try restore(
            before: """
                CREATE TABLE p(id PRIMARY KEY); INSERT INTO p VALUES(1), (2);
                CREATE TABLE k(id TEXT PRIMARY KEY COLLATE NOCASE, p REFERENCES p, q REFERENCES p) \(kind);
                INSERT INTO k VALUES('a', 1, NULL), ('b', 2, 2), ('c', 1, 88);
                """,
            after: "DELETE FROM k; DELETE FROM p WHERE id = 2;",
            "k",
            "--where",
            "1"
        )
        let refused = "k id='b': cannot be restored (its row in p is not there)\n"
        #expect(result.status == 3 && result.stdout.contains(refused), "\(result)")
        let note = "k: 2 restored, 1 not restored, 1 row of k refers to a missing row of p, as then\n"
        #expect(result.stdout.contains(note), "\(result)")
        // No row is in the way.
        #expect(result.stderr.contains("not restored: 1 row: see the reason of each above"), "\(result)")
        #expect(try sql("SELECT * FROM k ORDER BY id;") == "a|1|\nc|1|88\n")
    }

    @Test("a parent is not compared by its affinity alone", arguments: ["", "WITHOUT ROWID"])
    func affinity(kind: String) throws {
        let result = try restore(
            before: """
                CREATE TABLE p(id TEXT PRIMARY KEY); INSERT INTO p VALUES('02'), ('1');
                CREATE TABLE k(id PRIMARY KEY, p INTEGER REFERENCES p) \(kind); INSERT INTO k VALUES('a', 2), ('b', 1);
                """,
            after: "DELETE FROM k;",
            "k",
            "--where",
            "1"
        )
        let note = "k: 2 restored, 1 row of k refers to a missing row of p, as then\n"
        #expect(result.status == 0 && result.stdout.contains(note), "\(result)")
    }

    @Test(
        "a row that cannot come back hinders only the foreign keys that led to it",
        arguments: ["", "--overwrite"]
    )
    func lostLink(option: String) throws {
        let result = try restore(
            before: """
                CREATE TABLE u(id INTEGER PRIMARY KEY, mail UNIQUE, CHECK(id < 100));
                CREATE TABLE k(id INTEGER PRIMARY KEY, u REFERENCES u ON DELETE SET NULL);
                INSERT INTO u VALUES(1, 'a'), (2, 'b'); INSERT INTO k VALUES(1, 1), (2, 2), (3, 2);
                """,
            after: """
                PRAGMA foreign_keys = ON; DELETE FROM u; INSERT INTO u VALUES(10, 'b');
                CREATE TABLE other(u REFERENCES u); INSERT INTO other VALUES(10); UPDATE k SET u = 10 WHERE id = 3;
                """,
            ["u", "--where", "1", "--with-children"] + (option.isEmpty ? [] : [option])
        )
        #expect(
            result.status == 3 && result.stdout.contains("u id=2: cannot be restored (UNIQUE"),
            "\(result)"
        )
        let refused = "k id=2: cannot be restored (its row in u is not there)\n"
        #expect(result.stdout.contains(refused), "\(result)")
        #expect(result.stdout.contains("k: 1 foreign keys restored"), "\(result)")
        #expect(try sql("SELECT * FROM u; SELECT * FROM k;") == "1|a\n10|b\n1|1\n2|\n3|10\n")
    }

    @Test("with --overwrite, a row in the way to which others refer stays, and only it hinders one")
    func parentInTheWay() throws {
        let result = try restore(
            before: """
                CREATE TABLE u(id INTEGER PRIMARY KEY, mail UNIQUE); CREATE TABLE k(u REFERENCES u(id));
                INSERT INTO u VALUES(1, 'a'), (2, 'b'), (3, 'c');
                """,
            after: "DELETE FROM u; INSERT INTO u VALUES(10, 'b'), (11, 'c'); INSERT INTO k VALUES(10);",
            "u",
            "--where",
            "1",
            "--overwrite"
        )
        let refused = "u id=2: cannot be restored (UNIQUE constraint failed: u.mail, and rows of k refer"
        #expect(result.status == 3 && result.stdout.contains(refused), "\(result)")
        #expect(result.stdout.contains("): conflicts with id=10\n"), "\(result)")
        #expect(result.stdout.contains("u: 2 restored, 1 not restored, 1 removed because of conflicts\n"))
        #expect(try sql("SELECT * FROM u ORDER BY id;") == "1|a\n3|c\n10|b\n")
    }
}
