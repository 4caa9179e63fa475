import GRDB
import LinuxSystem
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Recovery

@Suite("Replacing a database in one transaction") struct DatabaseReplacementTests {
    private let directory: TemporaryDirectory
    private var live: FilePath { FilePath(directory.file("live.db")) }
    private var entry: DirectoryEntry {
        get throws { DirectoryEntry("live.db", in: try OpenDirectory(FilePath(directory.path))) }
    }
    private var image: FilePath { FilePath(directory.file("image")) }

    init() throws {
        directory = try TemporaryDirectory()
        try SQLite3.sql("CREATE TABLE t(v); INSERT INTO t VALUES('old');", on: directory.file("image"))
    }

    private func replace(isUnchanged: () throws -> Bool = { true }) throws -> ReplacementOutcome {
        try DatabaseReplacement(database: entry, image: image, lockWait: LockWait(.milliseconds(200))).run(
            isUnchanged: isUnchanged
        )
    }

    private func value() throws -> String { try SQLite3.sql("SELECT v FROM t;", on: live.string) }

    @Test("keeps the journal mode, whatever the image has", arguments: ["delete", "wal"], ["delete", "wal"])
    func journalMode(of database: String, image imageMode: String) throws {
        try SQLite3.sql("PRAGMA journal_mode = \(imageMode);", on: directory.file("image"))
        try SQLite3.sql(
            "PRAGMA journal_mode = \(database); CREATE TABLE t(v, w); INSERT INTO t VALUES(1, 2);",
            on: live.string
        )
        #expect(try replace() == .done)
        #expect(try value() == "old\n")
        #expect(
            try SQLite3.sql("PRAGMA journal_mode; PRAGMA integrity_check;", on: live.string)
                == "\(database)\nok\n"
        )
    }

    @Test("changes nothing when somebody wrote before")
    func outdated() throws {
        try SQLite3.sql("CREATE TABLE t(v); INSERT INTO t VALUES('new');", on: live.string)
        let before = try directory.bytes(of: "live.db")
        #expect(try replace(isUnchanged: { false }) == .outdated)
        #expect(try directory.bytes(of: "live.db") == before)
    }

    @Test("nobody can write between the question and the change")
    func locked() throws {
        try SQLite3.sql("CREATE TABLE t(v); INSERT INTO t VALUES('new');", on: live.string)
        let result = try replace {
            #expect(throws: CommandFailure.self) {
                try SQLite3.sql("INSERT INTO t VALUES(1);", on: live.string)
            }
            return true
        }
        #expect(result == .done)
    }

    @Test("another page size: in rollback mode it becomes the image's, in WAL mode an exchange must do it")
    func pageSize() throws {
        let sql = "PRAGMA page_size = 1024; CREATE TABLE t(v); INSERT INTO t VALUES('new');"
        try SQLite3.sql(sql, on: live.string)
        #expect(try replace() == .done)
        #expect(try SQLite3.sql("PRAGMA page_size; SELECT v FROM t;", on: live.string) == "4096\nold\n")
        try Directory.remove(live)
        try SQLite3.sql(sql + "PRAGMA journal_mode = wal;", on: live.string)
        #expect(try replace() == .impossible)
        #expect(try value() == "new\n")
        // The exchanged file is in WAL mode, as the database is.
        #expect(try directory.bytes(of: "image")[18...19] == [2, 2])
    }

    @Test(
        "a directory that becomes a link while the database is open leads nowhere, nor does its journal",
        arguments: ["delete", "wal"]
    )
    func swapped(mode: String) throws {
        let sql = "PRAGMA journal_mode = \(mode); CREATE TABLE t(v); INSERT INTO t VALUES('new');"
        let script =
            "mkdir sub outside; for n in live.db live.db-journal live.db-wal live.db-shm; do echo x > outside/$n; done"
        _ = try Command.run("sh", ["-ec", script], directory: directory.path)
        try SQLite3.sql(sql, on: directory.file("sub/live.db"))
        let look = "find outside -printf '%p %i %m %T@ %C@ %s\n' | sort; cat outside/*"
        let before = try Command.run("sh", ["-ec", look], directory: directory.path).stdout
        let database = DirectoryEntry("live.db", in: try OpenDirectory(FilePath(directory.file("sub"))))
        for (source, target) in [("sub", "first"), ("first", "second")] {
            // Before the connection is made, and when it has the lock.
            let swap = "mv \(source) \(target); ln -s outside \(source)"
            if target == "first" { _ = try Command.run("sh", ["-ec", swap], directory: directory.path) }
            let result = try DatabaseReplacement(
                database: database,
                image: image,
                lockWait: LockWait(.milliseconds(200))
            )
            .run {
                if target == "second" {
                    _ = try Command.run("sh", ["-ec", swap], directory: directory.path)
                }
                return true
            }
            #expect(result == .done)
            #expect(try Command.run("sh", ["-ec", look], directory: directory.path).stdout == before)
            #expect(try SQLite3.sql("SELECT v FROM t;", on: directory.file(target + "/live.db")) == "old\n")
        }
    }

    @Test("a database, journal or log that is a link is not opened", arguments: ["", "-journal", "-wal"])
    func link(suffix: String) throws {
        let mode = suffix == "-wal" ? "wal" : "delete"
        try SQLite3.sql("PRAGMA journal_mode = \(mode); CREATE TABLE t(v);", on: directory.file("live.db"))
        let name = "live.db" + suffix
        let script = "touch \(name); mv \(name) real; ln -s real \(name); md5sum real"
        let before = try Command.run("sh", ["-ec", script], directory: directory.path).stdout
        #expect(throws: InPlaceError.self) { try replace() }
        #expect(try Command.run("md5sum", ["real"], directory: directory.path).stdout == before)
    }

    @Test(
        "a lock that goes within the time is waited for, from the opening on",
        arguments: ["delete", "wal"]
    )
    func patient(mode: String) throws {
        try SQLite3.sql(
            "PRAGMA journal_mode = \(mode); CREATE TABLE t(v); INSERT INTO t VALUES('new');",
            on: live.string
        )
        let session = try SQLite3Session(live.string)
        try session.sql("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO t VALUES('newer');")
        let attempt = Attempt()
        // On a thread of its own: those of other tests may all be taken.
        try WorkerThread.start("replacement") { [entry = try entry, image] in
            let outcome = Result {
                try DatabaseReplacement(database: entry, image: image, lockWait: LockWait(.seconds(60))).run {
                    true
                }
            }
            attempt.result.withLock { $0 = outcome }
        }
        let open = "ls -l /proc/\(CurrentProcess.identifier)/fd | grep -q '\(live.string)$'"
        try wait(for: "the connection") { try Command.run("sh", ["-c", open]).status == 0 }
        try session.sql("COMMIT;")
        try session.close()
        try wait(for: "the end") { attempt.result.withLock { $0 } != nil }
        #expect(try attempt.result.withLock { try $0?.get() } == .done)
        #expect(try value() == "old\n")
    }

    private final class Attempt: Sendable {
        let result = Mutex<Result<ReplacementOutcome, any Error>?>(nil)
    }

    @Test("a lock that does not go is named")
    func busy() throws {
        try SQLite3.sql("CREATE TABLE t(v); INSERT INTO t VALUES('new');", on: live.string)
        let session = try SQLite3Session(live.string)
        try session.sql("BEGIN EXCLUSIVE;")
        #expect {
            try replace()
        } throws: {
            guard case InPlaceError.busy(_, _, let holders) = $0 else { return false }
            return holders.count == 1 && holders[0].command.contains("sqlite3")
        }
        try session.sql("COMMIT;")
        try session.close()
    }
}

@Suite("The stamp of a live database") struct LiveFilesTests {
    @Test("what SQLite does to the files when root opens the database is no commit")
    func root() throws {
        try withTemporaryDirectory { directory in
            let session = try SQLite3Session(directory.file("a.db"))
            try session.sql("PRAGMA journal_mode = wal; CREATE TABLE t(v);")
            let files = LiveFiles(DirectoryEntry("a.db", in: try OpenDirectory(FilePath(directory.path))))
            let before = try files.stamp()
            // Another time of the last change of the inode, and another time of the wal-index.
            let script =
                "chmod 600 a.db*; chmod 644 a.db*; touch -d '1 hour ago' a.db-shm; truncate -s +32K a.db-shm"
            _ = try Command.run("sh", ["-ec", script], directory: directory.path)
            #expect(try files.stamp().isSame(as: before))
            try session.close()
        }
    }

    @Test("tells a commit from a look, in both modes", arguments: ["delete", "wal"])
    func commits(mode: String) throws {
        try withTemporaryDirectory { directory in
            let path = directory.file("a.db")
            try SQLite3.sql("PRAGMA journal_mode = \(mode); CREATE TABLE t(v);", on: path)
            let session = try SQLite3Session(path)
            let files = LiveFiles(DirectoryEntry("a.db", in: try OpenDirectory(FilePath(directory.path))))
            let first = try files.stamp()
            try session.sql("SELECT * FROM t;")
            #expect(try files.stamp().isSame(as: first))
            try session.sql("INSERT INTO t VALUES(1);")
            let second = try files.stamp()
            #expect(!second.isSame(as: first))
            try session.sql("INSERT INTO t VALUES(1);")
            #expect(try !files.stamp().isSame(as: second))
            try session.close()
        }
    }
}
