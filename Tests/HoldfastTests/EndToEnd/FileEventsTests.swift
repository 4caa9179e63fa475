import Foundation
import TestSupport
import Testing

@Suite("What happens to files", .serialized)
struct FileEventsTests {
    private static let insert = "INSERT INTO t(b) VALUES(hex(randomblob(5000)));"

    @Test(
        "a database is overwritten, replaced, deleted, truncated, turned into something else and back",
        arguments: [
            "cp ../other.db a.db", "dd if=../other.db of=a.db conv=notrunc status=none",
            "mv ../other.db a.db", "rm a.db", "rm a.db; cp ../other.db a.db", "truncate -s 0 a.db",
            "head -c 30000 /dev/urandom > a.db", "head -c 30000 /dev/urandom > ../x; mv ../x a.db",
            "echo text > a.db",
        ]
    )
    func databases(script: String) throws {
        let protection = try Protection("CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(Self.insert)")
        try SQLite3.sql(
            "CREATE TABLE u(x); INSERT INTO u VALUES('other');",
            on: protection.folder.file("other.db")
        )
        try protection.shell("cp a.db ../first.db")
        try protection.watch()
        try protection.shell(script)
        try protection.expectCaptured(script)
        try protection.expectInOrder(script)
        // Back again, and what was before is still there.
        try protection.shell("cp ../first.db a.db")
        try SQLite3.sql(Self.insert, on: protection.database)
        try protection.expectCaptured(script)
        let first = try #require(try protection.snapshots().first?.sequence)
        let copy = try protection.restore("\(first)")
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: copy))
                == Data(contentsOf: URL(fileURLWithPath: protection.folder.file("first.db")))
        )
        try protection.expectInOrder(script)
    }

    @Test(
        "a database in WAL mode is overwritten while nobody uses it",
        arguments: [
            "cp ../other.db a.db", "dd if=../other.db of=a.db conv=notrunc status=none", "truncate -s 0 a.db",
        ]
    )
    func unusedLog(script: String) throws {
        let protection = try Protection(
            "PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(Self.insert)"
        )
        try protection.shell("cp a.db ../other.db")
        // Which leaves page 1 as it is.
        try SQLite3.sql("INSERT INTO t(b) VALUES('other');", on: protection.folder.file("other.db"))
        try protection.watch()
        try SQLite3.sql("INSERT INTO t(b) VALUES('mine');", on: protection.database)
        try protection.sync()
        try protection.shell(script)
        try protection.expectCaptured(script)
        #expect(try protection.snapshots().map(\.event) == ["baseline", "commit", "scan"])
    }

    @Test(
        "a database is replaced after its log was moved away, or got another name",
        arguments: ["mv a.db-wal old", "ln a.db-wal old; rm a.db-wal"]
    )
    func movedLog(script: String) throws {
        let protection = try Protection(
            "PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(Self.insert)"
        )
        let other = protection.folder.file("other.db")
        try SQLite3.sql("CREATE TABLE u(x); INSERT INTO u VALUES('other');", on: other)
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        try session.sql("\(Self.insert) \(Self.insert)")
        // Which leaves the log.
        session.kill()
        try protection.sync()
        try protection.shell("\(script); rm a.db-shm; cp ../other.db ../new; mv ../new a.db")
        try protection.expectCaptured(script)
        try SQLite3.sql("INSERT INTO u VALUES('more');", on: protection.database)
        try protection.expectCaptured(script)
    }

    /// Catches commits that nobody looks for: events of a moved file tell of its new place.
    @Test("a log is moved away under a program, and back: what that commits is captured, and nothing is left")
    func movedLogInUse() throws {
        let protection = try Protection(
            "PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(Self.insert)"
        )
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        try session.sql(Self.insert)
        try protection.sync()
        try protection.shell("mv a.db-wal ../away")
        try wait(for: "the warning") { try protection.status().stdout.contains("restart it") }
        try session.sql(Self.insert)
        try wait(for: "the commit") {
            let log = try protection.holdfast("log", protection.data, "--no-sync", "--json").stdout
            return log.split(separator: "\n").count { $0.contains("\"commit\"") } == 2
        }
        try protection.shell("mv ../away a.db-wal")
        try wait(for: "its end") { try !protection.status().stdout.contains("restart it") }
        try session.sql(Self.insert)
        try session.close()
        try protection.expectCaptured()
        #expect(try protection.snapshots().map(\.event) == ["baseline", "commit", "commit", "commit"])
    }

    @Test("a log has another name when it is deleted, and the next one is followed all the same")
    func linkedLog() throws {
        let protection = try Protection(
            "PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(Self.insert)"
        )
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        try session.sql(Self.insert)
        try protection.shell("ln a.db-wal old")
        try session.close()
        try SQLite3.sql("UPDATE t SET b = 'new';", on: protection.database)
        try SQLite3.sql(Self.insert, on: protection.database)
        try protection.expectCaptured()
        #expect(try protection.snapshots().map(\.event) == ["baseline", "commit", "commit", "commit"])
    }

    @Test(
        "rsync writes a database in place",
        .enabled(
            if: (try? Command.run("rsync", ["--version"]))?.status == 0,
            "rsync is not installed"
        )
    )
    func rsync() throws {
        let protection = try Protection()
        try SQLite3.sql(
            "CREATE TABLE u(x); \(Self.insert.replacing("t(b)", with: "u(x)"))",
            on: protection.folder.file("other.db")
        )
        try protection.watch()
        try protection.shell("rsync --inplace --ignore-times ../other.db a.db")
        try protection.expectCaptured()
        try protection.expectInOrder()
    }

    @Test(
        "plain files grow, shrink, are rewritten by an editor, and come and go with directories",
        arguments: [
            "echo more >> note", "truncate -s 1 note", "echo new > note.tmp; mv note.tmp note",
            "cp note note~; echo new > 4913; rm 4913; mv note note~; echo newer > note",
            "mkdir -p a/b/c; echo x > a/b/c/file; echo y > a/b/file",
            "mkdir -p a/b; echo x > a/b/file; rm -r a",
            "mkdir -p a/b; echo x > a/b/file; mv a c; echo y > c/b/file; mv c ../c; echo z > ../c/b/file; mv ../c d",
            "for i in $(seq 10000); do echo $i > many-$i; done",
        ]
    )
    func plain(script: String) throws {
        let protection = try Protection()
        try protection.shell("echo first > note")
        try protection.watch()
        try protection.shell(script)
        try protection.expectCapturedWithoutBackups(script)
        try protection.expectInOrder(script)
    }

    @Test("a directory that was moved is watched under its new name, and only there")
    func movedDirectory() throws {
        let protection = try Protection()
        try protection.shell("mkdir one; cp a.db one/b.db")
        try protection.watch()
        try protection.shell("mv one two; mv two ../out; mkdir one; echo x > one/file; mv ../out three")
        try protection.sync()
        try SQLite3.sql(Self.insert, on: protection.data + "/three/b.db")
        try protection.expectCaptured()
        let last = try protection.log().last { $0.path == protection.data + "/three/b.db" }
        #expect(last?.event == "commit")
        try protection.expectInOrder()
    }

    @Test("a file with a second name outside is captured when it is written there, with no round to wait for")
    func hardLinks() throws {
        let protection = try Protection()
        try protection.shell("echo one > note")
        try protection.watch()
        let watcher = try #require(protection.watcher)
        try protection.shell("ln note ../note; ln a.db ../a.db")
        try protection.sync()
        try protection.shell("echo two > ../note; sqlite3 ../a.db \"INSERT INTO t(b) VALUES(1)\"")
        // No request, which would look at everything: the event alone must do.
        try protection.waitForLog { $0.filter { $0.path?.hasSuffix("note") == true }.count == 2 }
        try protection.waitForLog { $0.filter { $0.path?.hasSuffix("a.db") == true }.count == 2 }
        try protection.expectCaptured()
        #expect(watcher.isRunning)
        try protection.expectInOrder()
    }

    @Test("names with spaces, newlines, bytes that are no UTF-8, and of 255 bytes come back as they were")
    func names() throws {
        let protection = try Protection()
        try protection.watch()
        try protection.shell(
            """
            echo 1 > 'a  b'; echo 2 > 'a
            b'; echo 3 > "$(printf 'x\\377\\376y')"; echo 4 > $(printf 'n%.0s' $(seq 255))
            """
        )
        try protection.expectCaptured()
        try protection.expectInOrder()
        // One may be seen empty first.
        #expect(try Set(protection.log().compactMap(\.path)).count == 5)
    }

    @Test(
        "permissions that are taken and given back lose nothing",
        .enabled(if: geteuid() == 0, "needs root")
    )
    func permissions() throws {
        let protection = try Protection()
        try protection.shell("mkdir sub; cp a.db sub/b.db; echo x > sub/note; echo y > plain")
        try protection.shell("chown -R 65534 ..; chmod 711 ..")
        let watcher = try RunningProgram(
            "/usr/bin/setpriv",
            ["--reuid", "65534", "--clear-groups", HoldfastProgram.path, "watch", protection.data],
            environment: HoldfastProgram.environment(protection.environment)
        )
        try watcher.waitForError { $0.hasPrefix("ready") }
        try protection.shell("chmod 000 sub plain; echo more >> plain")
        try watcher.waitForError { $0.contains("Permission denied") }
        #expect(try protection.state().state == "degraded")
        try protection.shell("echo new > sub/new; sqlite3 sub/b.db 'INSERT INTO t(b) VALUES(7)'")
        let answer = try protection.holdfast("sync", protection.data, expecting: 3)
        #expect(answer.stderr.contains("Permission denied"), "\(answer)")
        #expect(try !protection.log().contains { $0.event == "deleted" })
        try protection.shell("chmod 755 sub; chmod 644 plain")
        try protection.expectCaptured()
        try protection.expectInOrder()
        try watcher.terminate()
    }
}

extension Protection {
    /// The same as `expectCaptured`, but for the copies of editors.
    func expectCapturedWithoutBackups(_ what: String) throws {
        try shell("rm -f *~")
        try expectCaptured(what)
    }

    /// Waits until the history, read again and again, meets a condition.
    func waitForLog(_ condition: ([LogLine]) -> Bool) throws {
        try wait(for: "the history") { try condition(log()) }
    }

    /// The same for its status.
    func waitForState(_ condition: (RootState) -> Bool) throws {
        try wait(for: "the status") { try condition(state()) }
    }
}
