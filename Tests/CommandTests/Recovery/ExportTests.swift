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
}
