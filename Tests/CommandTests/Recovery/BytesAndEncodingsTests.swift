import Foundation
import TestSupport
import Testing

/// Values, names and databases that are easily taken for others, or cannot be read together.
@Suite("Bytes and encodings", .serialized)
struct BytesAndEncodingsTests {
    private let protection: Protection

    init() throws {
        protection = try Protection("")
    }

    @discardableResult
    private func sql(_ sql: String) throws -> String { try SQLite3.sql(sql, on: protection.database) }

    private func capture() throws { try protection.holdfast("watch", "--once", "--quiet", protection.data) }

    @Test("composed and decomposed letters are two values, two tables and two columns")
    func letters() throws {
        let (one, two) = ("caf\u{E9}", "cafe\u{301}")
        try sql(
            """
            CREATE TABLE t(i INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1, '\(one)');
            CREATE TABLE "\(one)"("\(one)", "\(two)"); CREATE TABLE "\(two)"(x);
            """
        )
        try capture()
        try sql(
            "UPDATE t SET v = '\(two)'; INSERT INTO \"\(one)\" VALUES(1, 2); INSERT INTO \"\(two)\" VALUES(3), (4);"
        )
        try capture()
        let history = try protection.holdfast("rows", "history", "t", "1", "--path", protection.database)
            .stdout
        #expect(history.contains("changed"), "\(history)")
        let diff = Array(try protection.holdfast("diff", "1", protection.database).stdout.utf8)
        for line in ["v: '\(one)' → '\(two)'", "\(one): 1 added", "\(two): 2 added", "+ \(one)=1 \(two)=2"] {
            #expect(diff.firstRange(of: Array(line.utf8)) != nil, "\(line)")
        }
    }

    @Test("moments in UTF-8 and UTF-16: differences, rows, a dry run, a restore in place and its undo")
    func encodings() throws {
        try sql(
            """
            PRAGMA encoding = 'UTF-16be'; CREATE TABLE t(i INTEGER PRIMARY KEY, v TEXT COLLATE NOCASE, w ANY);
            CREATE TABLE k(a TEXT, b, PRIMARY KEY(a, b)) WITHOUT ROWID; INSERT INTO k VALUES('ä', 1), ('ö', 2);
            CREATE TABLE loose(v); INSERT INTO loose VALUES(x'00ff'), ('é');
            INSERT INTO t VALUES(1, 'é', 2.5), (2, 'b', x'00');
            """
        )
        try capture()
        let before = try sql("SELECT * FROM t; SELECT * FROM k; SELECT rowid, hex(v) FROM loose;")
        try FileManager.default.removeItem(atPath: protection.database)
        try sql(
            """
            CREATE TABLE t(i INTEGER PRIMARY KEY, v TEXT, w); INSERT INTO t VALUES(2, 'b', x'00'), (3, 'c', 1);
            CREATE TABLE k(a TEXT, b, PRIMARY KEY(a, b)) WITHOUT ROWID; INSERT INTO k VALUES('ä', 1);
            CREATE TABLE loose(v);
            """
        )
        try capture()
        let diff = try protection.holdfast("diff", "1", protection.database, "--summary").stdout
        #expect(diff.contains("t: 1 removed, 1 added\n") && diff.contains("k: 1 removed\n"), "\(diff)")
        let path = ["--at", "1", "--path", protection.data]
        for row in [["t", "--where", "v = 'É' OR v = 'é'"], ["k", "ö", "2"], ["loose", "--where", "1"]] {
            let result = try HoldfastProgram.run(
                ["rows", "restore"] + row + path,
                environment: protection.environment
            )
            #expect(result.status == 0 && result.stdout.contains("restored"), "\(result)")
        }
        #expect(
            try sql("SELECT * FROM t WHERE i < 3; SELECT * FROM k; SELECT rowid, hex(v) FROM loose;")
                .utf8.elementsEqual(before.replacing("00E9", with: "C3A9").utf8)
        )
        try protection.holdfast("restore", protection.database, "--at", "1", "--in-place", "--dry-run")
        try protection.holdfast("restore", protection.database, "--at", "1", "--in-place")
        #expect(try sql("PRAGMA encoding; SELECT count(*) FROM t;") == "UTF-16be\n2\n")
        try protection.holdfast("undo", protection.database)
        #expect(try sql("PRAGMA encoding; SELECT count(*) FROM t;") == "UTF-8\n3\n")
    }

    @Test("text that is no UTF-8 differs from what UTF-16 has in its place")
    func brokenTextInOtherEncoding() throws {
        try sql(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1, CAST(x'ff41' AS TEXT)), (2, 'é');"
        )
        try capture()
        try FileManager.default.removeItem(atPath: protection.database)
        try sql(
            """
            PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(i INTEGER PRIMARY KEY, v);
            INSERT INTO t VALUES(1, char(65533) || 'A'), (2, 'é');
            """
        )
        try capture()
        for moments in [["1"], ["latest", "1"]] {
            let diff = try protection.holdfast(["diff"] + moments + [protection.database]).stdout
            #expect(diff.contains("t: 1 changed\n") && diff.contains("CAST(x'ff41' AS TEXT)"), "\(diff)")
        }
    }

    @Test(
        "a row with text that a database in another encoding cannot have is named, and the others come back",
        arguments: [
            ("UTF-8", "UTF-16le", "ff41"), ("UTF-8", "UTF-16be", "efbfbf"), ("UTF-16le", "UTF-8", "00d84100"),
            ("UTF-16be", "UTF-8", "d8000041"),
        ]
    )
    func brokenTextRestored(then: String, now: String, text: String) throws {
        let table = "CREATE TABLE t(i INTEGER PRIMARY KEY, v);"
        try sql(
            "PRAGMA encoding = '\(then)'; \(table) INSERT INTO t VALUES(1, CAST(x'\(text)' AS TEXT)), (2, 'é😀');"
        )
        try capture()
        try FileManager.default.removeItem(atPath: protection.database)
        try sql("PRAGMA encoding = '\(now)'; \(table)")
        try capture()
        let arguments = ["rows", "restore", "t", "--where", "1", "--at", "1", "--path", protection.data]
        for arguments in [arguments + ["--dry-run"], arguments] {
            let result = try HoldfastProgram.run(arguments, environment: protection.environment)
            let named = "t i=1: cannot be restored (the database has another encoding by now"
            #expect(result.status == 3 && result.stdout.contains(named), "\(result)")
        }
        #expect(try sql("SELECT * FROM t;") == "2|é😀\n")
    }

    @Test("text behind a NUL and what is no UTF-8 are shown whole, and exported or refused")
    func oddText() throws {
        try sql(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1, CAST(x'6100' AS TEXT)), (2, 'x');"
        )
        try capture()
        try sql(
            "UPDATE t SET v = CAST(x'610062' AS TEXT) WHERE i = 1; UPDATE t SET v = CAST(x'63ff' AS TEXT) WHERE i = 2;"
        )
        try capture()
        let diff = try protection.holdfast("diff", "1", protection.database, "--json").stdout
        #expect(diff.contains(#""old":{"v":"a\u0000"},"new":{"v":"a\u0000b"}"#), "\(diff)")
        #expect(diff.contains(#""new":{"v":{"text_hex":"63ff"}}"#), "\(diff)")
        let history = try protection.holdfast("rows", "history", "t", "1", "--path", protection.database)
            .stdout
        #expect(history.contains("v: CAST(x'6100' AS TEXT) → CAST(x'610062' AS TEXT)\n"), "\(history)")
        let dump = protection.data + "-dump.sql"
        let arguments = ["export", protection.database, "--format", "sql", "--output", dump]
        let refused = try HoldfastProgram.run(arguments, environment: protection.environment)
        #expect(refused.status == 1 && refused.stderr.contains("NUL characters"), "\(refused)")
        #expect(!FileManager.default.fileExists(atPath: dump))
        try sql("DELETE FROM t WHERE i = 1;")
        try capture()
        #expect(try HoldfastProgram.run(arguments, environment: protection.environment).status == 0)
        try sql("DELETE FROM t;")
        try protection.holdfast("restore", protection.database, "--from-sql", dump)
        #expect(try sql("SELECT hex(v), typeof(v) FROM t;") == "63FF|text\n")
    }

    @Test("a dump keeps the versions, the encoding, the page size, the kind of file and rowids")
    func dumpHeader() throws {
        try sql(
            """
            PRAGMA page_size = 8192; PRAGMA auto_vacuum = 1; PRAGMA encoding = 'UTF-16le'; PRAGMA user_version = 7;
            PRAGMA application_id = 42; CREATE TABLE t(v); INSERT INTO t(rowid, v) VALUES(7, 'é'), (9, x'00');
            """
        )
        try capture()
        let dump = protection.data + "-dump.sql"
        try protection.holdfast("export", protection.database, "--format", "sql", "--output", dump)
        let anew = protection.data + "-anew.db"
        try SQLite3.sql(String(contentsOfFile: dump, encoding: .utf8), on: anew)
        let question =
            "PRAGMA page_size; PRAGMA auto_vacuum; PRAGMA encoding; PRAGMA user_version; PRAGMA application_id; SELECT rowid, hex(v) FROM t;"
        #expect(try SQLite3.sql(question, on: anew) == sql(question))
    }

    @Test("beside a key with a collation that only its program has, everything is compared")
    func unknownCollation() throws {
        let make = """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1], isolation_level=None)
            c.create_collation('mine', lambda a, b: (a.lower() < b.lower()) - (a.lower() > b.lower()))
            for statement in sys.argv[2].split(';'): c.execute(statement)
            """
        let python = { (sql: String) in
            let result = try Command.run("/usr/bin/env", ["python3", "-c", make, protection.database, sql])
            #expect(result.status == 0, "\(result)")
        }
        try python(
            """
            CREATE TABLE tags(tag TEXT PRIMARY KEY COLLATE mine, n) WITHOUT ROWID;
            CREATE TABLE u(id INTEGER PRIMARY KEY, name COLLATE mine); CREATE UNIQUE INDEX un ON u(name);
            CREATE TABLE zz(i INTEGER PRIMARY KEY, v); INSERT INTO zz VALUES(1, 1); INSERT INTO u VALUES(1, 'a');
            WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO tags SELECT 't' || i, i FROM n
            """
        )
        try capture()
        try python(
            "DELETE FROM tags WHERE n = 5; UPDATE tags SET n = 0 WHERE n = 7; DELETE FROM zz; UPDATE u SET name = 'b'"
        )
        try capture()
        let diff = try protection.holdfast("diff", "1", protection.database).stdout
        for line in [
            "tags: 1 removed, 1 changed\n", "  - tag='t5' n=5\n", "u: 1 changed\n", "zz: 1 removed\n",
        ] {
            #expect(diff.contains(line), "\(diff)")
        }
        let history = try protection.holdfast("rows", "history", "tags", "t7", "--path", protection.database)
            .stdout
        #expect(history.contains("n: 7 → 0\n"), "\(history)")
        let run = { (arguments: [String]) in
            try HoldfastProgram.run(
                ["rows", "restore"] + arguments + ["--at", "1", "--path", protection.data],
                environment: protection.environment
            )
        }
        #expect(try run(["zz", "1"]).status == 0)
        let copy = "holdfast restore \(protection.database) --at 1 --output FILE"
        for row in [["tags", "t5"], ["u", "1", "--overwrite"]] {
            let result = try run(row)
            #expect(result.status == 1 && result.stderr.contains("only their program has"), "\(result)")
            #expect(result.stderr.contains(": \(copy)\n"), "\(result)")
        }
        let found = try protection.holdfast("find", "tags", protection.database, "--deleted").stdout
        #expect(found.hasSuffix("\n  tag='t5' n=5\n  \(copy)\n"), "\(found)")
    }

    @Test(
        "rows of a table whose index needs a function that only its program has: compared, and refused by name"
    )
    func unknownFunction() throws {
        let make = """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1], isolation_level=None)
            c.create_function('mine', 1, lambda text: text.lower(), deterministic=True)
            for statement in sys.argv[2].split(';'): c.execute(statement)
            """
        let python = { (sql: String) in
            let result = try Command.run("/usr/bin/env", ["python3", "-c", make, protection.database, sql])
            #expect(result.status == 0, "\(result)")
        }
        try python(
            "CREATE TABLE a(i INTEGER PRIMARY KEY, v); CREATE INDEX x ON a(mine(v)); INSERT INTO a VALUES(1, 'X'), (2, 'Y')"
        )
        try capture()
        try python("DELETE FROM a WHERE i = 1")
        try capture()
        let diff = try protection.holdfast("diff", "1", protection.database, "--summary").stdout
        #expect(diff.contains("a: 1 removed\n"), "\(diff)")
        let arguments = ["rows", "restore", "a", "1", "--at", "1", "--path", protection.data]
        for arguments in [arguments, arguments + ["--dry-run"]] {
            let result = try HoldfastProgram.run(arguments, environment: protection.environment)
            #expect(result.status == 1 && result.stderr.contains("only their program has"), "\(result)")
        }
    }

    @Test("a row goes on to be followed when its table gets another primary key")
    func otherKey() throws {
        try sql("CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1, 'a'), (2, 'b');")
        try capture()
        try sql(
            """
            CREATE TABLE n(id INTEGER, lang TEXT DEFAULT 'en', v, PRIMARY KEY(id, lang)); INSERT INTO n(id, v) SELECT * FROM t;
            DROP TABLE t; ALTER TABLE n RENAME TO t;
            """
        )
        try capture()
        try sql("UPDATE t SET v = 'c' WHERE id = 1;")
        try capture()
        let history = try protection.holdfast("rows", "history", "T", "1", "--path", protection.database)
            .stdout
        #expect(
            history.contains("present id=1 v='a'\n") && history.contains("changed v: 'a' → 'c'\n"),
            "\(history)"
        )
    }

    @Test("a row is found by the present primary key of a table that had another column for it")
    func otherColumnAsKey() throws {
        try sql("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, v); INSERT INTO t VALUES(1, 'n', 2);")
        try capture()
        try sql(
            """
            CREATE TABLE n(name TEXT PRIMARY KEY, id INTEGER, v); INSERT INTO n SELECT name, id, v FROM t;
            DROP TABLE t; ALTER TABLE n RENAME TO t;
            """
        )
        try capture()
        try sql("UPDATE t SET v = 3;")
        try capture()
        for key in ["1", "n"] {
            let history = try protection.holdfast("rows", "history", "t", key, "--path", protection.database)
                .stdout
            #expect(history.contains("present id=1 name='n' v=2\n"), "\(history)")
            #expect(history.contains("changed v: 2 → 3\n"), "\(history)")
        }
        let arguments = ["rows", "history", "t", "m", "--path", protection.database]
        #expect(try protection.holdfast(arguments, expecting: 10).stderr.contains("never had a row m"))
    }

    @Test("a table whose name has other letters now, of the same meaning, and a generated column named rowid")
    func renamedInCase() throws {
        try sql("CREATE TABLE Users(v UNIQUE, rowid AS (v || '!')); INSERT INTO Users(v) VALUES('a'), ('b');")
        try capture()
        try sql(
            "DELETE FROM Users WHERE v = 'a'; ALTER TABLE Users RENAME TO x; ALTER TABLE x RENAME TO USERS;"
        )
        try capture()
        let diff = try protection.holdfast("diff", "1", protection.database).stdout
        #expect(diff.contains(": 1 removed\n  - v='a'\n"), "\(diff)")
        try protection.holdfast("rows", "restore", "users", "1", "--at", "1", "--path", protection.data)
        #expect(try sql("SELECT _rowid_, v FROM users ORDER BY 1;") == "1|a\n2|b\n")
    }

    @Test("control characters are escaped, long blobs shortened, and a view is called one")
    func forTerminals() throws {
        try sql("CREATE TABLE t(i INTEGER PRIMARY KEY, v); CREATE VIEW w AS SELECT * FROM t;")
        try capture()
        try sql(
            "INSERT INTO t VALUES(1, char(27) || '[2J' || char(10)), (2, zeroblob(100000)); CREATE TABLE \"a\u{1B}b\"(x);"
        )
        try capture()
        let diff = try protection.holdfast("diff", "1", protection.database).stdout
        #expect(!diff.contains("\u{1B}") && diff.contains(#"v='\u{1B}[2J\n'"#), "\(diff)")
        #expect(diff.contains("…' (100000 bytes)\n") && diff.utf8.count < 2000)
        let history = try protection.holdfast("rows", "history", "t", "1", "--path", protection.database)
            .stdout
        #expect(!history.contains("\u{1B}"))
        let query = "'\(HoldfastProgram.path)' query 'SELECT v FROM t WHERE i = 1' '\(protection.database)'"
        let terminal = try Command.run(
            "script",
            ["-qec", query, "/dev/null"],
            environment: HoldfastProgram.environment(protection.environment)
        )
        #expect(
            terminal.stdout.contains(#"\u{1B}[2J\n"#) && !terminal.stdout.contains("\u{1B}["),
            "\(terminal)"
        )
        let view = { (arguments: [String]) in
            let result = try HoldfastProgram.run(arguments, environment: protection.environment)
            #expect(result.status != 0 && result.stderr.contains("w is a view"), "\(result)")
        }
        try view(["rows", "restore", "w", "--where", "1", "--at", "1", "--path", protection.data])
        try view(["rows", "restore", "w", "1", "--at", "1", "--path", protection.data])
        try view(["rows", "history", "w", "1", "--path", protection.data])
        try view(["diff", "1", protection.database, "--table", "w"])
    }
}
