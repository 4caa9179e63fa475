import Foundation
import TestSupport
import Testing

/// The accidents of a team, and the one command that undoes each, beside a watcher and programs that go on
/// writing.
@Suite("Restore in place", .serialized)
struct RestoreInPlaceTests {
    private struct Line: Decodable {
        struct Table: Decodable {
            let table: String
            let lost: Int
            let regained: Int
        }
        let path: String
        let way: String?
        let aside: [String]?
        let safety_sequence: Int?
        let integrity: String?
        let tables: [Table]?
        let summary: Bool?
    }

    private func lines(_ result: CommandResult) throws -> [Line] {
        try result.stdout.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
    }

    @Test("a deletion that took too much, with writers that go on", arguments: [false, true])
    func deletion(isWAL: Bool) throws {
        let team = try DevTeam(isWAL: isWAL)
        try team.watch()
        try team.startWriters()
        let before = try team.rows()
        try team.mark("good")
        try team.patientSQL("DELETE FROM sessions WHERE id > 'session-03';")
        try #require(team.rows() != before)

        let inode = try team.shell("stat -c '%i %a %u' .devteam/devteam.db")
        let failedBefore = team.writes.failed
        let result = try team.holdfast(
            "restore",
            ".devteam/devteam.db",
            "--at",
            "good",
            "--in-place",
            "--wait",
            "60s",
            "--json",
            "--reason",
            "cleanup went wrong"
        )
        // What comes at the very moment of the transaction finds the database locked, as beside any other
        // writer.
        #expect(team.writes.failed - failedBefore <= 3, "\(team.writerErrors)")
        #expect(try team.rows() == before)
        #expect(try team.isHealthy())
        let line = try #require(try lines(result).first)
        #expect(line.way == "transaction" && line.integrity == "ok" && line.aside == [])
        #expect(line.tables?.first { $0.table == "sessions" }?.regained == 9)
        #expect(try team.shell("stat -c '%i %a %u' .devteam/devteam.db") == inode)
        #expect(try team.sql(".timeout 10000\nPRAGMA journal_mode;") == (isWAL ? "wal" : "delete"))
        #expect(try team.stopWriters().wrote > 0)

        let log = try team.holdfast("log").stdout
        #expect(log.contains("[before-restore-") && log.contains("[restore-"))
        let recoveries = try team.holdfast("recoveries").stdout
        #expect(recoveries.contains("cleanup went wrong") && recoveries.contains("sessions: 9 rows regained"))
        #expect(
            try team.holdfast("recoveries", "--markdown").stdout.contains("**Cause**: cleanup went wrong")
        )
    }

    @Test("undo takes it back, and the undo as well")
    func undo() throws {
        let team = try DevTeam()
        try team.watch()
        let before = try team.rows()
        try team.mark("good")
        try team.sql("DELETE FROM tasks; UPDATE plans SET name = 'other';")
        let after = try team.rows()
        try team.holdfast("restore", "--at", "good", "--in-place")
        #expect(try team.rows() == before)
        try team.holdfast("undo")
        #expect(try team.rows() == after)
        try team.holdfast("undo")
        #expect(try team.rows() == before)
        #expect(try team.isHealthy())
    }

    @Test("a dry run changes nothing and says what would come back")
    func dryRun() throws {
        let team = try DevTeam()
        try team.watch()
        try team.mark("good")
        try team.sql("PRAGMA foreign_keys = ON; DELETE FROM sessions WHERE id = 'session-01';")
        let before = try team.shell(
            "stat -c '%i %y %z' .devteam/devteam.db; ls -A .devteam; md5sum .devteam/devteam.db"
        )
        let result = try team.holdfast("restore", "--at", "good", "--in-place", "--dry-run")
        #expect(result.stdout.contains("devteam.db would be restored"))
        #expect(result.stdout.contains("  sessions: 1 row regained"))
        #expect(
            try team.shell(
                "stat -c '%i %y %z' .devteam/devteam.db; ls -A .devteam; md5sum .devteam/devteam.db"
            ) == before
        )
        #expect(try team.holdfast("recoveries").stdout.isEmpty)
    }

    @Test("the file is gone: it comes back with what belongs to it, and stale files beside it go aside")
    func fileDeleted() throws {
        let team = try DevTeam()
        try team.watch()
        let before = try team.rows()
        try team.mark("good")
        try team.shell(
            "rm .devteam/devteam.db; printf stale > .devteam/devteam.db-journal; printf x > .devteam/devteam.db-wal"
        )
        let result = try team.holdfast(
            "restore",
            ".devteam/devteam.db",
            "--at",
            "good",
            "--in-place",
            "--json"
        )
        #expect(try team.rows() == before)
        let line = try #require(try lines(result).first)
        #expect(line.way == "rename" && line.aside?.count == 2)
        #expect(try line.aside?.allSatisfy { try team.shell("cat '\($0)'").isEmpty == false } == true)
        try team.holdfast("undo", ".devteam/devteam.db")
        #expect(try team.shell("ls -A .devteam").contains("devteam.db.undone-"))
        #expect(!FileManager.default.fileExists(atPath: team.database))
    }

    @Test(
        "overwritten with garbage, and a page damaged on the disk: what was there goes aside",
        arguments: [
            "head -c 50000 /dev/urandom > .devteam/devteam.db",
            "head -c 4096 /dev/urandom | dd of=.devteam/devteam.db bs=4096 seek=1 conv=notrunc 2>&1",
            "truncate -s 20000 .devteam/devteam.db",
        ]
    )
    func garbage(accident: String) throws {
        let team = try DevTeam()
        try team.watch()
        try team.shell("chmod 640 .devteam/devteam.db")
        let before = try team.rows()
        try team.mark("good")
        try team.shell(accident)
        let damaged = try team.shell("md5sum < .devteam/devteam.db")
        let result = try team.holdfast(
            "restore",
            ".devteam/devteam.db",
            "--at",
            "good",
            "--in-place",
            "--json"
        )
        let line = try #require(try lines(result).first)
        #expect(line.way == "rename" && line.integrity == "ok")
        let aside = try #require(line.aside?.first)
        #expect(aside.hasPrefix(team.database + ".corrupted-2"))
        #expect(try team.shell("md5sum < '\(aside)'") == damaged)
        #expect(try team.rows() == before)
        #expect(try team.shell("stat -c %a .devteam/devteam.db") == "640\n")
        // What was put aside is not a file of its own.
        try team.holdfast("sync")
        #expect(try !team.holdfast("log").stdout.contains("corrupted-2"))
        try team.holdfast("undo")
        #expect(try team.shell("md5sum < .devteam/devteam.db") == damaged)
    }

    @Test("the whole directory was removed, and is one moment again")
    func wholeRoot() throws {
        let team = try DevTeam()
        try team.watch()
        let before = try team.rows()
        try team.mark("good")
        try team.write("changed", to: "memory/notes.md")
        try team.write("new", to: "memory/later.md")
        try team.sql("DELETE FROM events;")
        let result = try team.holdfast("restore", "--at", "good", "--in-place", "--json")
        #expect(try Set(lines(result).compactMap(\.way)) == ["transaction", "rename", "unchanged"])
        #expect(team.text(of: "memory/notes.md") == "remember")
        #expect(team.text(of: "memory/later.md") == "new", "what did not exist then stays")
        #expect(try team.rows() == before)
        try team.holdfast("sync")

        try team.shell("rm -r .devteam")
        try team.holdfast("restore", ".devteam", "--at", "good", "--in-place")
        #expect(try team.rows() == before)
        #expect(team.text(of: "config.yaml") == "model: large")
        #expect(team.text(of: "memory/notes.md") == "remember")
    }

    @Test("no watcher runs: the command captures by itself")
    func withoutWatcher() throws {
        let team = try DevTeam(isWAL: true)
        try team.watch()
        let before = try team.rows()
        try team.mark("good")
        try team.stopWatching()
        try team.sql("DELETE FROM sessions;")
        let after = try team.rows()
        try team.holdfast("restore", "--at", "good", "--in-place")
        #expect(try team.rows() == before)
        try team.holdfast("undo")
        #expect(try team.rows() == after)
    }

    @Test("a program that keeps its transaction open is named, and nothing is touched")
    func locked() throws {
        let team = try DevTeam()
        try team.watch()
        try team.mark("good")
        try team.sql("DELETE FROM tasks;")
        let after = try team.rows()
        let session = try SQLite3Session(team.database)
        try session.sql("BEGIN IMMEDIATE;")
        let result = try team.holdfast(
            "restore",
            "--at",
            "good",
            "--in-place",
            "--wait",
            "300ms",
            expecting: 3
        )
        #expect(result.stderr.contains("was locked by other programs"))
        #expect(result.stderr.contains("sqlite3") && result.stderr.contains("pid "))
        try session.sql("COMMIT;")
        #expect(try team.rows() == after)
        // It sees the restored content without being opened again.
        #expect(try session.sql("SELECT count(*) FROM tasks;").contains("0"))
        try team.holdfast("restore", "--at", "good", "--in-place")
        #expect(try session.sql("SELECT count(*) FROM tasks;").contains("40"))
        try session.close()
    }

    @Test("others read while it waits for one that reads")
    func waiting() throws {
        let team = try DevTeam()
        try team.watch()
        try team.mark("good")
        try team.commit("DELETE FROM tasks;")
        let session = try SQLite3Session(team.database)
        try session.sql("BEGIN; SELECT count(*) FROM plans;")
        let restore = try HoldfastProgram.start(
            ["restore", team.database, "--at", "good", "--in-place", "--wait", "60s"],
            environment: ["HOLDFAST_REPO": team.folder.file("repository")]
        )
        try team.waitForLog { $0.contains("before-restore-") }
        let failures = (0..<40).count { _ in (try? team.sql("SELECT count(*) FROM plans;")) == nil }
        #expect(failures < 10, "\(failures) of 40 found it locked")
        try session.sql("COMMIT;")
        #expect(try restore.waitForEnd().status == 0)
        try session.close()
        #expect(try team.sql("SELECT count(*) FROM tasks;") == "40")
    }

    @Test("a program that never pauses: it is named, and nothing is touched until it ends")
    func restless() throws {
        let team = try DevTeam(isWAL: true)
        try team.watch()
        let before = try team.rows()
        try team.mark("good")
        try team.sql("DELETE FROM tasks;")
        try team.startRestlessWriter()
        let commands = [
            ["restore", ".devteam/devteam.db"],
            ["rows", "restore", "tasks", "task-01", "--path", ".devteam/devteam.db"],
        ]
        var takesBack = false
        for command in commands {
            let arguments =
                command + ["--at", "good", "--wait", "200ms"]
                + (command[0] == "restore" ? ["--in-place"] : [])
            var result = try team.attempt(arguments)
            // On a busy machine even this program is kept waiting: a restore may find its pause.
            for _ in 0..<20 where result.status == 0 {
                takesBack = takesBack || command[0] == "restore"
                try team.sql("PRAGMA busy_timeout = 60000; DELETE FROM tasks;")
                result = try team.attempt(arguments)
            }
            #expect(result.status == 11, "\(result)")
            // It comes in between, or does not even get the lock.
            let reasons = ["was written too often", "was locked by other programs"]
            #expect(reasons.contains { result.stderr.contains($0) }, "\(result.stderr)")
            #expect(result.stderr.contains("(sqlite3 "))
        }
        let wrote = try team.stopWriters().wrote
        #expect(try team.sql("SELECT count(*) FROM tasks;") == "0")
        let logged = try team.sql("SELECT count(*) FROM events WHERE event_type = 'log';")
        #expect(logged == "\(wrote)" || takesBack)
        try team.holdfast("restore", ".devteam/devteam.db", "--at", "good", "--in-place")
        #expect(try team.rows() == before)
    }

    @Test(
        "a foreign key that leads to no key of its parent hides nothing: the restore is done, and can be undone"
    )
    func mismatchedForeignKey() throws {
        let team = try DevTeam()
        try team.sql(
            "CREATE TABLE p(a); CREATE TABLE c(i INTEGER PRIMARY KEY, a REFERENCES p(a)); INSERT INTO c VALUES(1, 2);"
        )
        try team.watch()
        try team.mark("good")
        try team.sql("DELETE FROM c;")
        try team.holdfast("rows", "restore", "c", "1", "--at", "good")
        #expect(try team.sql("SELECT count(*) FROM c;") == "1")
        try team.sql("DELETE FROM c;")
        try team.holdfast("restore", "--at", "good", "--in-place")
        #expect(try team.sql("SELECT count(*) FROM c;") == "1")
        try team.holdfast("undo")
        #expect(try team.sql("SELECT count(*) FROM c;") == "0")
    }

    @Test(
        "a database that somebody keeps locked is not taken for what was captured of it last",
        arguments: [false, true]
    )
    func lockedUnseen(isBehindLink: Bool) throws {
        let protection = try Protection("CREATE TABLE t(i); INSERT INTO t VALUES(1);")
        try protection.shell("ln -s data ../link")
        let root = isBehindLink ? protection.folder.file("link") : protection.data
        let database = root + "/a.db"
        try protection.holdfast("watch", "--once", "--quiet", root)
        try SQLite3.sql("DELETE FROM t;", on: database)
        let session = try SQLite3Session(database)
        // No journal on the disk tells when it commits.
        try session.sql("BEGIN EXCLUSIVE;")
        let restore = ["restore", database, "--at", "1", "--in-place"]
        let rows = ["rows", "restore", "t", "1", database, "--at", "1"]
        for arguments in [restore, restore + ["--dry-run"], rows, rows + ["--dry-run"]] {
            let refused = try HoldfastProgram.run(
                arguments + ["--wait", "100ms"],
                environment: protection.environment
            )
            #expect(refused.status == 11, "\(refused)")
            #expect(refused.stderr.contains("the present state cannot be captured first"), "\(refused)")
        }
        let patient = try HoldfastProgram.start(
            restore + ["--wait", "60s"],
            environment: protection.environment
        )
        try session.sql("COMMIT;")
        #expect(try patient.waitForEnd().status == 0)
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: database) == "1\n")
        try session.close()
    }
}
