import Foundation
import TestSupport
import Testing

/// Databases of which this SQLite cannot check all, and rows that are as their program wants them.
@Suite("What cannot be checked") struct UncheckedTests {
    private static let rows =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
        + "INSERT INTO big SELECT i, 'row ' || i FROM n;"
    /// An index in the order of a collation that only its program has. `B` and `a` stand otherwise than by
    /// their bytes.
    private static let collation = """
        CREATE TABLE big(i INTEGER PRIMARY KEY, v); \(rows) CREATE TABLE t(a);
        CREATE INDEX ti ON t(a COLLATE NOCASE); INSERT INTO t VALUES('a'), ('B'), ('c');
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = replace(sql, 'NOCASE', 'icu_root') WHERE name = 'ti';
        """
    /// The key of a table without rowids in that order.
    private static let key = """
        CREATE TABLE big(i INTEGER PRIMARY KEY, v); \(rows)
        CREATE TABLE t(a TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES('a'), ('B'), ('c');
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = replace(sql, 'NOCASE', 'icu_root') WHERE name = 't';
        """
    /// An index by a function that only its program has.
    private static let function = """
        CREATE TABLE big(i INTEGER PRIMARY KEY, v); \(rows) CREATE TABLE t(a);
        CREATE INDEX ti ON t(lower(a)); INSERT INTO t VALUES('a'), ('B'), ('c');
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = replace(sql, 'lower(', 'fold_it(') WHERE name = 'ti';
        """
    /// A view in words that this SQLite does not know.
    private static let schema = """
        CREATE TABLE big(i INTEGER PRIMARY KEY, v); \(rows) CREATE VIEW v AS SELECT 1;
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = 'CREATE VIEW v AS SELECT 1_000 FROM big' WHERE name = 'v';
        """

    @Test("is said, and given out", arguments: [collation, key, function, schema])
    func sound(sql: String) throws {
        let protection = try Protection(sql)
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let doctor = try protection.holdfast("doctor", protection.database)
        #expect(doctor.stdout.contains("nothing is wrong"), "\(doctor)")
        #expect(doctor.stderr.contains("not all could be checked"), "\(doctor)")
        let good = try protection.holdfast("show", "latest-good", protection.database, "--json")
        #expect(good.stdout.contains(#""sequence":1"#), "\(good)")
        let shown = try protection.holdfast("show", "latest-good", protection.database)
        // The search compares no index with its table, so no function is missing.
        let isPartial = sql != Self.function
        #expect(good.stdout.contains(#""health":"good","unchecked":""#) == isPartial, "\(good)")
        #expect(shown.stdout.contains(", good, but not all could be checked (") == isPartial, "\(shown)")
        #expect(shown.stdout.contains(", good"), "\(shown)")
        let output = protection.folder.file("out.db")
        let restore = try protection.holdfast("restore", protection.database, "--output", output)
        #expect(restore.stderr.contains("SQLite cannot check it"), "\(restore)")
        let live = try Data(contentsOf: URL(fileURLWithPath: protection.database))
        #expect(try Data(contentsOf: URL(fileURLWithPath: output)) == live)
        try protection.shell("rm a.db")
        try protection.holdfast("restore", protection.database, "--at", "1", "--in-place")
        #expect(try Data(contentsOf: URL(fileURLWithPath: protection.database)) == live)
    }

    @Test("is said of a drill, also later", arguments: [collation, key, function, schema])
    func drill(sql: String) throws {
        let protection = try Protection(sql)
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        for list in [[], ["--list"]] {
            let drill = try protection.holdfast(["drill", protection.data] + list)
            let said = "all that could be checked was right, but not all could be (\(protection.database): "
            #expect(drill.stdout.contains(said), "\(drill)")
        }
        let json = try protection.holdfast("drill", protection.data, "--list", "--json")
        #expect(json.stdout.contains(#""passed":true"#), "\(json)")
        #expect(json.stdout.contains(#""unchecked":"\#(protection.database): "#), "\(json)")
        let status = try protection.status()
        #expect(status.stdout.contains(", all that could be checked was right, but not all could be ("))
    }

    @Test("is said of what the watcher found good")
    func verdict() throws {
        let protection = try Protection(Self.collation)
        try protection.watch("--check-after", "200ms")
        try wait(for: "a verdict") {
            try protection.holdfast("log", protection.data).stdout.contains("  good")
        }
        let shown = try protection.holdfast("show", "1", protection.database)
        #expect(
            shown.stdout.contains(
                ", good, but not all could be checked (no such collation sequence: icu_root)"
            ),
            "\(shown)"
        )
    }

    @Test("hides no damage elsewhere", arguments: [collation, key, function, schema])
    func damaged(sql: String) throws {
        let protection = try Protection(sql)
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try protection.shell("head -c 4096 /dev/urandom | dd of=a.db bs=4096 seek=6 conv=notrunc 2>&1")
        let doctor = try protection.holdfast("doctor", protection.database, expecting: 4)
        #expect(doctor.stdout.contains("SQLite finds: "), "\(doctor)")
        let good = try protection.holdfast("show", "latest-good", protection.database, "--json")
        #expect(good.stdout.contains(#""sequence":1"#), "\(good)")
    }

    @Test("hides no index that lacks a row of its table, and no table that leads to no page")
    func inconsistent() throws {
        let protection = try Protection(Self.collation + "CREATE INDEX bi ON big(v);")
        let entry = "SELECT rootpage FROM sqlite_master WHERE name = 'bi';"
        let page = try SQLite3.sql(entry, on: protection.database).trimmingCharacters(in: .newlines)
        // Each connection believes the schema that it has read.
        for sql in [
            "PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name = 'bi';",
            "INSERT INTO big VALUES(5000, 'unindexed');",
            "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES('index', 'bi', 'big', \(page), 'CREATE INDEX bi ON big(v)');",
        ] { try SQLite3.sql(sql, on: protection.database) }
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let doctor = try protection.holdfast("doctor", protection.database, expecting: 4)
        #expect(doctor.stdout.contains("wrong # of entries in index bi"), "\(doctor)")

        let other = try Protection("CREATE TABLE t(i); INSERT INTO t VALUES(1); CREATE TABLE u(i);")
        try other.holdfast("watch", "--once", "--quiet", other.data)
        try SQLite3.sql(
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = 9999 WHERE name = 'u';",
            on: other.database
        )
        let gone = try other.holdfast("doctor", other.database, expecting: 4)
        #expect(gone.stdout.contains("rootpage"), "\(gone)")
    }

    @Test("rows whose foreign keys nobody enforces are a remark")
    func foreignKeys() throws {
        let protection = try Protection(
            "CREATE TABLE b(r INTEGER PRIMARY KEY); CREATE TABLE t(i INTEGER PRIMARY KEY, s REFERENCES b);"
                + "INSERT INTO t VALUES(1, 7), (2, 8);"
        )
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try SQLite3.sql("INSERT INTO t VALUES(3, 9);", on: protection.database)
        let doctor = try protection.holdfast("doctor", protection.database)
        #expect(doctor.stdout.contains("nothing is wrong"), "\(doctor)")
        #expect(doctor.stderr.contains("3 rows of t refer to missing rows of b"), "\(doctor)")
        let good = try protection.holdfast("show", "latest-good", protection.database, "--json")
        #expect(good.stdout.contains(#""sequence":2"#), "\(good)")
    }
}
