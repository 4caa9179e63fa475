import Foundation
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

/// Files that are exchanged in place while programs have them open, or that the history does not have as they
/// are.
@Suite("Exchanging a file", .serialized)
struct ExchangeTests {
    private func capture(_ protection: Protection) throws {
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
    }

    @discardableResult
    private func shell(_ script: String, in protection: Protection) throws -> String {
        let result = try Command.run("sh", ["-ec", script], environment: [:], directory: protection.data)
        guard result.status == 0 else { throw CommandFailure(command: script, result: result) }
        return result.stdout
    }

    @Test("a removed database in WAL mode that a program has open is not filled in, not by force either")
    func removedAndOpen() throws {
        let protection = try Protection(
            "PRAGMA journal_mode = WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES('old');"
        )
        try capture(protection)
        let session = try SQLite3Session(protection.database)
        // It has the file, and has read nothing of it.
        try session.sql("SELECT 1;")
        try FileManager.default.removeItem(atPath: protection.database)
        for force in [[], ["--force"]] {
            let restore =
                ["restore", protection.database, "--at", "1", "--in-place", "--wait", "100ms"] + force
            let result = try HoldfastProgram.run(restore, environment: protection.environment)
            #expect(result.status == 11)
            #expect(result.stderr.contains("programs have it open (sqlite3 "), "\(result.stderr)")
        }
        try session.close()
        try protection.holdfast("restore", protection.database, "--at", "1", "--in-place")
        #expect(
            try SQLite3.sql("PRAGMA integrity_check; SELECT b FROM t;", on: protection.database)
                == "ok\nold\n"
        )
    }

    /// The command is held up where it has looked who has the file open, and has not exchanged it yet.
    @Test(
        "a program that opens the damaged file at that very moment finds it locked, and does not spoil the new one"
    )
    func latecomer() throws {
        let protection = try Protection(
            """
            PRAGMA journal_mode = WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b); CREATE TABLE pad(x);
            INSERT INTO pad VALUES(randomblob(9000));
            """
        )
        try capture(protection)
        try shell("head -c 4096 /dev/urandom | dd of=a.db bs=4096 seek=3 conv=notrunc 2>&1", in: protection)
        try capture(protection)
        let restore = try HeldProgram(
            ["restore", protection.database, "--at", "1", "--in-place"],
            .before,
            "linkat",
            in: protection
        )
        let latecomer = try RunningProgram(
            "/usr/bin/sqlite3",
            ["-cmd", ".timeout 4000", protection.database, "INSERT INTO t VALUES(1, 2);"],
            environment: [:]
        )
        try wait(for: "the latecomer") { latecomer.hasOpen(protection.database) }
        restore.letGo()
        let write = try latecomer.waitForEnd()
        #expect(write.stderr.contains("database is locked"), "\(write)")
        #expect(try restore.program.waitForEnd().status == 0)
        let found = try SQLite3.sql(
            "PRAGMA integrity_check; SELECT count(*) FROM t; SELECT count(*) FROM pad;",
            on: protection.database
        )
        #expect(found == "ok\n0\n1\n")
    }

    /// The first one brings the image near, the second puts the journal aside, the third exchanges the file.
    @Test("a rename that fails leaves everything as it was, under one name each", arguments: [2, 3])
    func failedRename(number: Int) throws {
        let protection = try Protection()
        try capture(protection)
        try shell("head -c 9000 /dev/urandom > a.db; printf stale > a.db-journal", in: protection)
        try capture(protection)
        let look = "ls -A; stat -c '%n %h %i' *; md5sum *"
        let before = try shell(look, in: protection)
        let result = try Command.run(
            "/usr/bin/strace",
            [
                "-f", "-qq", "-o", protection.folder.file("trace"), "-e", "trace=renameat",
                "-e", "inject=renameat:error=EIO:when=\(number)", HoldfastProgram.path,
                "restore", protection.database, "--at", "1", "--in-place",
            ],
            environment: HoldfastProgram.environment(protection.environment)
        )
        #expect(result.status == 1 && result.stderr.contains("cannot rename"), "\(result)")
        #expect(try shell(look, in: protection) == before)
        try protection.holdfast("restore", protection.database, "--at", "1", "--in-place")
        #expect(try SQLite3.sql("PRAGMA integrity_check;", on: protection.database) == "ok\n")
    }

    /// The command is held up before the third rename: the journal has gone aside, the file not yet.
    @Test("interrupted between two renames, it ends what it has begun", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) throws {
        let protection = try Protection()
        try capture(protection)
        try shell("head -c 9000 /dev/urandom > a.db; printf stale > a.db-journal", in: protection)
        try capture(protection)
        let damaged = try shell("md5sum < a.db", in: protection)
        let restore = try HeldProgram(
            ["restore", protection.database, "--at", "1", "--in-place"],
            .before,
            "renameat",
            number: 3,
            in: protection
        )
        #expect(!FileManager.default.fileExists(atPath: protection.database + "-journal"))
        restore.program.signal(signal)
        // It has the signal, and waits until the exchange is over.
        try wait(for: "the signal") { restore.program.isWaitingForMutex(thread: "signals") }
        restore.letGo()
        let end = try restore.program.waitForEnd()
        #expect(end.status == 130, "\(end)")
        #expect(try SQLite3.sql("PRAGMA integrity_check;", on: protection.database) == "ok\n")
        #expect(
            try shell("cat a.db.corrupted-*[0-9] | md5sum; cat a.db.*-journal", in: protection) == damaged
                + "stale"
        )
    }

    @Test("ended while it waits for a program that opened the old file at that moment, it puts all back")
    func endedWhileWaiting() throws {
        let protection = try Protection()
        try capture(protection)
        try shell("head -c 9000 /dev/urandom > a.db; printf stale > a.db-journal", in: protection)
        try capture(protection)
        let look = "ls -A; stat -c '%n %h %i' *; md5sum *"
        let before = try shell(look, in: protection)
        let identity = { FileStatus.ifPresent(FilePath(protection.database))?.identity }
        let damaged = identity()
        let restore = try HeldProgram(
            ["restore", protection.database, "--at", "1", "--in-place", "--wait", "60s"],
            .before,
            "linkat",
            in: protection
        )
        let latecomer = try RunningProgram(
            "/bin/sh",
            ["-c", "exec 3<>a.db; echo open; exec sleep 600"],
            environment: [:],
            directory: protection.data
        )
        try latecomer.waitForOutput { $0 == "open" }
        restore.letGo()
        try wait(for: "the exchange") { identity() != damaged }
        restore.program.signal(SIGTERM)
        #expect(try restore.program.waitForEnd(timeout: .seconds(20)).status == 130)
        #expect(try shell(look, in: protection) == before)
        #expect(try !protection.holdfast("log").stdout.contains("before-restore-"))
        latecomer.kill()
    }

    @Test("what a program writes into a plain file while the command waits for it is not lost")
    func writtenMeanwhile() throws {
        let protection = try Protection()
        try shell("echo one > notes", in: protection)
        try capture(protection)
        try shell("echo two >> notes", in: protection)
        let holder = try RunningProgram(
            "/bin/sh",
            ["-c", "exec 3>>notes; echo open; while [ ! -e go ]; do :; done; echo three >&3"],
            environment: [:],
            directory: protection.data
        )
        try holder.waitForOutput { $0 == "open" }
        let notes = protection.data + "/notes"
        let first = try #require(try protection.log().first { $0.path == notes }?.sequence)
        let restore = try HoldfastProgram.start(
            ["restore", notes, "--at", "\(first)", "--in-place"],
            environment: protection.environment
        )
        try wait(for: "the tag") { try protection.holdfast("log").stdout.contains("before-restore-") }
        try shell("touch go", in: protection)
        #expect(try restore.waitForEnd().status == 0)
        try holder.waitForEnd()
        #expect(try String(contentsOfFile: notes, encoding: .utf8) == "one\n")
        try protection.holdfast("undo", notes)
        #expect(try String(contentsOfFile: notes, encoding: .utf8) == "one\ntwo\nthree\n")
    }

    @Test("an empty database is a state like any other")
    func empty() throws {
        let protection = try Protection("CREATE TABLE u(a);")
        try capture(protection)
        try shell(": > a.db", in: protection)
        try capture(protection)
        try SQLite3.sql("CREATE TABLE u(a); INSERT INTO u VALUES('precious');", on: protection.database)
        try protection.holdfast("restore", protection.database, "--at", "2", "--in-place")
        #expect(try SQLite3.sql(".tables", on: protection.database) == "")
        try protection.holdfast("undo")
        #expect(try SQLite3.sql("SELECT a FROM u;", on: protection.database) == "precious\n")
    }

    @Test("what the running watcher excludes is not restored over, and does not end it")
    func excluded() throws {
        let protection = try Protection(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES('old');"
        )
        try shell("echo one > notes", in: protection)
        try capture(protection)
        try SQLite3.sql(
            "DELETE FROM t; INSERT INTO t VALUES(2, 'precious');",
            on: protection.database
        )
        try shell("echo two > notes", in: protection)
        try protection.watch("--exclude", "a.db", "--exclude", "notes")
        try SQLite3.sql("INSERT INTO t(b) VALUES('more');", on: protection.database)
        try protection.sync()
        let restores = [
            ["restore", "--in-place", protection.database],
            ["restore", "--in-place", protection.data + "/notes"],
            ["rows", "restore", "t", "1", protection.database],
        ]
        for restore in restores.flatMap({ [$0, $0 + ["--dry-run"]] }) {
            let result = try HoldfastProgram.run(
                restore + ["--at", "latest"],
                environment: protection.environment
            )
            #expect(result.status == 1 && result.stderr.contains("is excluded from the watcher"), "\(result)")
        }
        #expect(try SQLite3.sql("SELECT b FROM t;", on: protection.database) == "precious\nmore\n")
        #expect(try !protection.holdfast("log", protection.data).stdout.contains("before-"))
        #expect(try protection.stop()?.status == 0)
    }

    @Test("what is made anew may be entered and written by those who may do so beside it")
    func modes() throws {
        let protection = try Protection()
        try shell(
            "mkdir memory; echo one > memory/notes; chmod 775 . memory; chmod 664 memory/notes a.db",
            in: protection
        )
        try capture(protection)
        try shell("rm -r memory a.db", in: protection)
        try protection.holdfast("restore", protection.data, "--at", "2", "--in-place")
        #expect(try shell("stat -c %a memory memory/notes a.db", in: protection) == "775\n664\n664\n")
    }

    @Test("a database of any name")
    func oddName() throws {
        let protection = try Protection()
        try shell("mv a.db \"$(printf 'b\\377?#%%.db')\"", in: protection)
        try capture(protection)
        try shell(
            "for f in b*; do sqlite3 ./\"$f\" \"INSERT INTO t(b) VALUES('later');\"; done",
            in: protection
        )
        try protection.holdfast("restore", protection.data, "--at", "1", "--in-place")
        #expect(
            try shell("ls | wc -l; cp b* copy; sqlite3 copy 'SELECT count(*) FROM t;'", in: protection)
                == "1\n0\n"
        )
    }

    @Test("in place, the moment must be said")
    func withoutMoment() throws {
        let protection = try Protection()
        try capture(protection)
        let result = try protection.holdfast("restore", protection.database, "--in-place", expecting: 64)
        #expect(result.stderr.contains("to which moment? Say --at WHEN"))
    }
}
