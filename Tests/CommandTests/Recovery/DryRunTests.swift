import Foundation
import TestSupport
import Testing

/// What `--dry-run` says is what happens.
@Suite struct DryRunTests {
    /// Runs it with and without `--dry-run`, and returns both.
    private func both(
        _ protection: Protection,
        _ arguments: [String]
    ) throws -> (dry: CommandResult, real: CommandResult) {
        let command = ["restore"] + arguments + ["--in-place", "--wait", "300ms", "--json"]
        return (
            try HoldfastProgram.run(command + ["--dry-run"], environment: protection.environment),
            try HoldfastProgram.run(command, environment: protection.environment)
        )
    }

    @Test("a file or a link where a directory was, a directory where a file was")
    func obstacles() throws {
        let protection = try Protection()
        try protection.shell(
            "mkdir conf sub empty; echo x > conf/x; echo y > sub/y; echo z > z; echo fine > fine"
        )
        try protection.watch()
        try protection.holdfast("snapshot", "--tag", "then")
        try protection.shell(
            "rm -r conf sub empty z; echo file > conf; echo file > empty; ln -s /tmp sub; mkdir z; echo w > z/w; "
                + "echo other > fine"
        )
        try protection.holdfast("sync")
        let (dry, real) = try both(protection, [protection.data, "--at", "then"])
        #expect(dry.status == 3 && real.status == 3, "\(dry) \(real)")
        let failures = { (result: CommandResult) in
            result.stderr.split(separator: "\n").filter { $0.contains("was left as it is") }.sorted()
        }
        #expect(failures(dry) == failures(real) && failures(dry).count == 4, "\(dry) \(real)")
        #expect(try String(contentsOfFile: protection.data + "/fine", encoding: .utf8) == "fine\n")
        #expect(try String(contentsOfFile: protection.data + "/conf", encoding: .utf8) == "file\n")
    }

    @Test("files that came later are named, and left alone")
    func latecomers() throws {
        let protection = try Protection()
        try protection.shell("echo one > notes")
        try protection.watch()
        try protection.holdfast("snapshot", "--tag", "then")
        try protection.shell("echo two > notes; echo later > later; mkdir sub; echo later > sub/later")
        try protection.holdfast("sync")
        let (dry, real) = try both(protection, [protection.data, "--at", "then"])
        for result in [dry, real] {
            #expect(result.status == 0)
            #expect(
                result.stderr.contains("left alone, because they are newer: later, sub/later"),
                "\(result)"
            )
            let paths = #""left_alone":["\#(protection.data)/later","\#(protection.data)/sub/later"]"#
            #expect(result.stdout.contains(paths), "\(result)")
        }
        #expect(try String(contentsOfFile: protection.data + "/sub/later", encoding: .utf8) == "later\n")
    }

    @Test("that a database will be damaged again")
    func damagedAgain() throws {
        let protection = try Protection("CREATE TABLE t(b); INSERT INTO t VALUES('x');")
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try protection.shell("head -c 2000 /dev/urandom | dd of=a.db bs=1 seek=4096 conv=notrunc 2>&1")
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let restore = ["restore", protection.database, "--at", "1", "--in-place"]
        let undo = ["undo", protection.database]
        let said = try [restore + ["--dry-run"], restore, undo + ["--dry-run"]].map {
            try HoldfastProgram.run($0, environment: protection.environment).stdout
        }
        let isWarned = said.map { $0.contains("it was no intact database then") }
        #expect(isWarned == [false, false, true], "\(said)")
    }

    @Test("a directory where a file was: to be moved away, for no output was named")
    func directoryForFile() throws {
        let protection = try Protection()
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try protection.shell("rm a.db; mkdir a.db")
        let (dry, real) = try both(protection, [protection.database, "--at", "1"])
        for result in [dry, real] {
            #expect(
                result.status == 1 && result.stderr.contains("a.db is a directory, and a file"),
                "\(result)"
            )
            #expect(result.stderr.contains("move it away") && !result.stderr.contains("output"), "\(result)")
        }
        try protection.shell("rmdir a.db; mkfifo a.db")
        let special = try both(protection, [protection.database, "--at", "1"])
        for result in [special.dry, special.real] {
            #expect(result.status == 1 && result.stderr.contains("a.db is no regular file"), "\(result)")
        }
    }

    @Test("another page size in WAL mode: the file is exchanged, and no program may have it open")
    func pageSize() throws {
        let protection = try Protection(
            "PRAGMA page_size = 1024; CREATE TABLE t(b); INSERT INTO t VALUES(1);"
        )
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try SQLite3.sql(
            "PRAGMA page_size = 4096; VACUUM; PRAGMA journal_mode = WAL; DELETE FROM t;",
            on: protection.database
        )
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let session = try SQLite3Session(protection.database)
        try session.sql("SELECT count(*) FROM t;")
        for force in [[], ["--force"]] {
            let (dry, real) = try both(protection, [protection.database, "--at", "1"] + force)
            for result in [dry, real] {
                #expect(result.status == 11, "\(result)")
                #expect(result.stderr.contains("must be replaced by another file"), "\(result)")
                #expect(!result.stderr.contains("--force"), "\(result)")
            }
        }
        try session.close()
        let (dry, real) = try both(protection, [protection.database, "--at", "1"])
        for result in [dry, real] { #expect(result.stdout.contains(#""way":"rename""#), "\(result)") }
        #expect(try SQLite3.sql("PRAGMA page_size; SELECT b FROM t;", on: protection.database) == "1024\n1\n")
    }

    @Test("a file that is gone, and that a program still has open")
    func removed() throws {
        let protection = try Protection()
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let session = try SQLite3Session(protection.database)
        try session.sql("INSERT INTO t(b) VALUES(1);")
        try protection.shell("rm a.db")
        let (dry, real) = try both(protection, [protection.database, "--at", "1"])
        for result in [dry, real] {
            #expect(result.status == 11 && result.stderr.contains("have it open (sqlite3"), "\(result)")
        }
        session.kill()
        #expect(try both(protection, [protection.database, "--at", "1"]).dry.status == 0)
    }

    @Test("a database that is locked for good, or while another program writes", arguments: [false, true])
    func locked(isWAL: Bool) throws {
        let mode = isWAL ? "PRAGMA journal_mode = WAL;" : ""
        let protection = try Protection(
            mode + "CREATE TABLE t(i INTEGER PRIMARY KEY); INSERT INTO t VALUES(1);"
        )
        try protection.watch()
        try protection.holdfast("snapshot", "--tag", "good")
        try SQLite3.sql("DELETE FROM t;", on: protection.database)
        for sql in ["PRAGMA locking_mode = EXCLUSIVE; INSERT INTO t VALUES(2);", "BEGIN IMMEDIATE;"] {
            let session = try SQLite3Session(protection.database)
            try session.sql(sql)
            let whole = try both(protection, [protection.database, "--at", "good"])
            let rows = try self.rows(protection, ["t", "1"])
            for (dry, real) in [whole, rows] {
                #expect(dry.status == 11 && real.status == 11, "\(sql) \(dry) \(real)")
            }
            try session.close()
        }
        // What only has it open, or reads it in WAL mode, is in nobody's way.
        let session = try SQLite3Session(protection.database)
        try session.sql(isWAL ? "BEGIN; SELECT * FROM t;" : "SELECT * FROM t;")
        let (dry, real) = try rows(protection, ["t", "1"])
        #expect(dry.status == 0 && real.status == 0, "\(dry) \(real)")
        try session.close()
    }

    /// The same for rows.
    private func rows(
        _ protection: Protection,
        _ arguments: [String],
        at when: String = "good"
    ) throws -> (dry: CommandResult, real: CommandResult) {
        let command =
            ["rows", "restore"] + arguments + [protection.database, "--at", when, "--wait", "300ms"]
        return (
            try HoldfastProgram.runWithoutPrivileges(
                command + ["--dry-run"],
                environment: protection.environment
            ),
            try HoldfastProgram.runWithoutPrivileges(command, environment: protection.environment)
        )
    }

    @Test(
        "rows of a file that may not be written, is gone, or is damaged",
        arguments: [
            ("chmod 444 a.db", "run it as the user who owns"),
            ("rm a.db", "a.db is gone: see holdfast doctor"),
            (
                "head -c 4000 /dev/zero | dd of=a.db bs=1 seek=4096 conv=notrunc 2>&1",
                "was not changed: SQLite could not write it"
            ),
        ]
    )
    func rows(accident: String, said: String) throws {
        let protection = try Protection("CREATE TABLE t(i INTEGER PRIMARY KEY); INSERT INTO t VALUES(1);")
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try SQLite3.sql("DELETE FROM t;", on: protection.database)
        try protection.shell(accident)
        let (dry, real) = try rows(protection, ["t", "1"], at: "1")
        for result in [dry, real] {
            #expect(result.status == 1 && result.stderr.contains(said), "\(accident): \(result)")
        }
    }

    @Test("a file that must be exchanged and that a program has open")
    func open() throws {
        let protection = try Protection("PRAGMA journal_mode = WAL; CREATE TABLE t(b); CREATE TABLE u(b);")
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let session = try SQLite3Session(protection.database)
        try session.sql("SELECT count(*) FROM t;")
        try protection.shell("head -c 2000 /dev/urandom | dd of=a.db bs=1 seek=4096 conv=notrunc 2>&1")
        let (dry, real) = try both(protection, [protection.database, "--at", "1"])
        #expect(dry.status == 11 && real.status == 11, "\(dry) \(real)")
        try session.close()
        #expect(try both(protection, [protection.database, "--at", "1"]).dry.status == 0)
    }
}
