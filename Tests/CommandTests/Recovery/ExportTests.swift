import Foundation
import TestSupport
import Testing

/// For the recipes and programs of before.
@Suite("Export, and restore from what was exported", .serialized)
struct ExportTests {
    @Test("a database into the old backup directory, and SQL as sqlite3 dumps it")
    func databaseAndSQL() throws {
        let team = try DevTeam()
        try team.watch()
        let dump = try team.sql(".dump --preserve-rowids")
        try team.mark("before")
        try team.sql("DELETE FROM events;")
        try team.shell("mkdir .devteam/backups")
        try team.holdfast("export", "--at", "before", "--format", "db", "--output", ".devteam/backups")
        let list = try team.shell("basename $(ls -t .devteam/backups/*.db | head -1)")
        let name = list.trimmingCharacters(in: .newlines)
        #expect(name.wholeMatch(of: /devteam-\d{8}-\d{6}\.db/) != nil)
        #expect(try team.shell("sqlite3 .devteam/backups/\(name) 'SELECT count(*) FROM events'") == "600\n")

        try team.holdfast("export", "--at", "before", "--format", "sql", "--output", "dump.sql")
        #expect(try team.shell("cat dump.sql").trimmingCharacters(in: .newlines) == dump)
        #expect(
            try team.holdfast("export", "--format", "sql", "--output", "dump.sql", expecting: 1).stderr
                .contains("--force")
        )
        // What is exported into the root's own backups is no file of the root.
        #expect(try !team.holdfast("log").stdout.contains("backups/"))
    }

    @Test("a whole root as a tar archive")
    func tar() throws {
        let team = try DevTeam()
        try team.watch()
        try team.mark("before")
        try team.shell("rm .devteam/config.yaml")
        try team.holdfast("export", "--at", "before", "--format", "tar", "--output", "all.tar")
        #expect(try team.shell("mkdir x; tar -xf all.tar -C x; cat x/.devteam/config.yaml") == "model: large")
        #expect(try team.shell("sqlite3 x/.devteam/devteam.db 'PRAGMA integrity_check'") == "ok\n")
        #expect(try team.shell("find x -type f | wc -l") == "3\n")
    }

    @Test("SQL is built aside, checked, and swapped in; undo takes it back")
    func fromSQL() throws {
        let team = try DevTeam()
        try team.watch()
        let before = try team.rows()
        try team.shell("sqlite3 .devteam/devteam.db .dump > dump.sql")
        try team.sql("DELETE FROM sessions;")
        let after = try team.rows()
        let result = try team.holdfast("restore", "--from-sql", "dump.sql")
        #expect(result.stdout.contains("restored from dump.sql in one transaction"))
        #expect(try team.rows() == before)
        #expect(try team.isHealthy())
        try team.holdfast("undo")
        #expect(try team.rows() == after)
    }

    @Test(
        "SQL that was cut off, is wrong, or would run programs changes nothing",
        arguments: [
            ("head -c 9000 good.sql > dump.sql", "ended with status 1"),
            ("sed /^COMMIT/d good.sql > dump.sql", "COMMIT is missing"),
            ("echo 'CREATE TABLE t(v); INSERT INTO nonsense VALUES(1);' > dump.sql", "ended with status 1"),
            ("echo '.shell touch ran' > dump.sql; cat good.sql >> dump.sql", "ended with status 1"),
            (": > dump.sql", "makes no table"),
        ]
    )
    func wrongSQL(make: String, says: String) throws {
        let team = try DevTeam()
        try team.watch()
        try team.shell("sqlite3 .devteam/devteam.db .dump > good.sql; \(make)")
        let before = try team.shell("md5sum .devteam/devteam.db; ls -A .devteam")
        #expect(try team.holdfast("restore", "--from-sql", "dump.sql", expecting: 1).stderr.contains(says))
        #expect(try team.shell("md5sum .devteam/devteam.db; ls -A .devteam") == before)
        #expect(!FileManager.default.fileExists(atPath: team.project + "/ran"))
    }

    private static let wide = (0..<2_000).map { "c\($0)" }.joined(separator: ", ")

    @Test(
        "SQL that would not bring a database back is refused, and nothing is written",
        arguments: [
            ("CREATE TABLE t(\(wide)); INSERT INTO t(c0) VALUES(1);", "its dump makes no table"),
            (
                """
                CREATE TABLE t(v); PRAGMA writable_schema = ON;
                INSERT INTO sqlite_master VALUES('table', 'nw', 'nw', 0, 'CREATE FANCY TABLE nw(a)');
                """,
                "its dump makes no table"
            ),
            (
                """
                PRAGMA encoding = 'UTF-16le'; CREATE TABLE a(v); CREATE TABLE t(v);
                INSERT INTO a VALUES('é'); INSERT INTO t VALUES(CAST(x'00d84100' AS TEXT));
                """,
                "does not bring t back"
            ),
            (
                "CREATE TABLE t(v); INSERT INTO t VALUES(ieee754_from_blob(x'8000000000000000'));",
                "does not bring t back"
            ),
            (
                """
                CREATE TABLE a(v); CREATE TABLE t(v); INSERT INTO t VALUES('x'); PRAGMA writable_schema = ON;
                UPDATE sqlite_master SET sql = 'CREATE TABLE t(v COLLATE mine)' WHERE name = 't';
                """,
                "does not bring t back"
            ),
            (
                """
                CREATE TABLE d(v); INSERT INTO d VALUES(1); CREATE VIRTUAL TABLE f USING fts5(v);
                INSERT INTO f VALUES(ieee754_from_blob(x'8000000000000000'));
                """,
                "does not bring f_content back"
            ),
        ]
    )
    func noSQL(make: String, says: String) throws {
        let protection = try Protection(make)
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let output = protection.folder.file("dump.sql")
        let export = ["export", protection.database, "--output"]
        for place in [output, "-"] {
            let result = try protection.holdfast(export + [place, "--format", "sql"], expecting: 1)
            #expect(result.stdout.isEmpty && result.stderr.contains(says), "\(result)")
            #expect(result.stderr.contains("say --format db"), "\(result)")
        }
        #expect(!FileManager.default.fileExists(atPath: output))
        try protection.holdfast(export + [output, "--format", "db"])
    }

    @Test("SQL brings back whatever else SQLite makes")
    func allSorts() throws {
        let protection = try Protection(
            """
            CREATE TABLE gone(i INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE gone;
            CREATE TABLE w(a, b COLLATE NOCASE, c, PRIMARY KEY(b COLLATE BINARY, a)) WITHOUT ROWID;
            CREATE INDEX wc ON w(c); INSERT INTO w VALUES(1, 'B', 2), (1, 'b', 1), (0, 'B', 3);
            CREATE TABLE r(rowid, _rowid_, oid); CREATE INDEX ri ON r(oid); INSERT INTO r VALUES(1, 2, 3), (1, 2, 1);
            CREATE TABLE g(v, d AS (v * 2), s AS (v * 3) STORED); INSERT INTO g(rowid, v) VALUES(9, 1.5), (3, 1e300);
            CREATE VIRTUAL TABLE f USING fts5(v); INSERT INTO f VALUES('word'); CREATE VIEW broken AS SELECT * FROM no;
            CREATE VIRTUAL TABLE e USING fts5(v, content=''); CREATE VIRTUAL TABLE o USING rtree(i, a, b);
            INSERT INTO o VALUES(1, 2, 3); CREATE VIEW gv AS SELECT v FROM g -- the end
            ;
            CREATE TRIGGER gt AFTER INSERT ON g BEGIN DELETE FROM w; END;
            CREATE TRIGGER gi INSTEAD OF INSERT ON gv BEGIN SELECT 1; END; ANALYZE;
            """
        )
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let dump = protection.folder.file("dump.sql")
        try protection.holdfast("export", protection.database, "--format", "sql", "--output", dump)
        let before = try SQLite3.sql(".dump --preserve-rowids", on: protection.database)
        try SQLite3.sql("DELETE FROM w; DROP TABLE r; DELETE FROM o;", on: protection.database)
        try protection.holdfast("restore", protection.database, "--from-sql", dump)
        #expect(try SQLite3.sql(".dump --preserve-rowids", on: protection.database) == before)
    }

    @Test("SQL of a database without a table is SQL without a table")
    func noTable() throws {
        let protection = try Protection("CREATE TABLE t(v); DROP TABLE t;")
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let dump = try protection.holdfast("export", protection.database, "--format", "sql", "--output", "-")
        #expect(dump.stdout.hasSuffix("COMMIT;\n"))
    }
}
