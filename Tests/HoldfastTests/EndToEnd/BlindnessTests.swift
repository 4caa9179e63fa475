import Foundation
import TestSupport
import Testing

@Suite("What the watcher cannot see", .serialized)
struct BlindnessTests {
    private static let rows = "SELECT count(*) FROM t;"

    private func lastCount(_ protection: Protection) throws -> String {
        let copy = protection.folder.file("copy-\(UUID().uuidString).db")
        try protection.holdfast("restore", protection.database, "--at", "latest", "--output", copy)
        return try SQLite3.sql(Self.rows, on: copy)
    }

    @Test(
        "a log or a wal-index that may not be read is said, and nothing is called durable until it may",
        arguments: ["-wal", "-shm"]
    )
    func unreadableLog(sidecar: String) throws {
        let protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(i);")
        try SQLite3.sql("CREATE TABLE t(i);", on: protection.data + "/other.db")
        let session = try SQLite3Session(protection.database)
        _ = try session.sql("INSERT INTO t VALUES(1);")
        try protection.shell("chmod 000 a.db\(sidecar)")
        try protection.watchWithoutPrivileges()
        for number in 2...9 { _ = try session.sql("INSERT INTO t VALUES(\(number));") }
        try SQLite3.sql("INSERT INTO t VALUES(1);", on: protection.data + "/other.db")
        let answer = try protection.holdfast("sync", protection.data, expecting: 3)
        #expect(answer.stderr.contains("a.db\(sidecar)"), "\(answer.stderr)")
        let state = try protection.state()
        #expect(state.state == "degraded" && state.reason?.contains("a.db\(sidecar)") == true, "\(state)")
        #expect(try protection.snapshots().isEmpty)
        // The others are captured all the same.
        #expect(
            try protection.log().contains { $0.path?.hasSuffix("other.db") == true && $0.event == "commit" }
        )
        try protection.shell("chmod 644 a.db\(sidecar)")
        try protection.sync()
        try protection.expectInOrder()
        #expect(try lastCount(protection) == "9\n")
        _ = try session.sql("INSERT INTO t VALUES(10);")
        try protection.sync()
        #expect(try protection.snapshots().last?.event == "commit")
        try session.close()
    }

    @Test("a journal that may not be read does not count as none: half a transaction is never captured")
    func unreadableJournal() throws {
        let protection = try Protection(
            """
            CREATE TABLE t(i, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
            INSERT INTO t SELECT i, randomblob(900) FROM n;
            """
        )
        let sum = "SELECT count(*), sum(length(b)) FROM t;"
        let committed = try SQLite3.sql(sum, on: protection.database)
        let session = try SQLite3Session(protection.database)
        _ = try session.sql("PRAGMA cache_size=5; BEGIN; UPDATE t SET b = 'gone' WHERE i < 493;")
        session.kill()
        try protection.shell("chmod 000 a.db-journal")
        try protection.watchWithoutPrivileges()
        try protection.holdfast("sync", protection.data, expecting: 3)
        #expect(try protection.state().reason?.contains("a.db-journal") == true)
        #expect(try protection.snapshots().isEmpty)
        try protection.shell("chmod 644 a.db-journal")
        try protection.sync()
        let copy = protection.folder.file("copy.db")
        try protection.holdfast("restore", protection.database, "--at", "latest", "--output", copy)
        #expect(try SQLite3.sql(sum, on: copy) == committed)
        try protection.expectInOrder()
    }

    @Test(
        "a log that is removed under its writer is followed and said; the end of the writer leaves the file"
    )
    func removedLog() throws {
        let protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(i);")
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        _ = try session.sql("INSERT INTO t VALUES(1);")
        try protection.sync()
        try protection.shell("rm a.db-wal a.db-shm")
        for number in 2...20 { _ = try session.sql("INSERT INTO t VALUES(\(number));") }
        try protection.sync()
        #expect(try lastCount(protection) == "20\n")
        #expect(try protection.snapshots().count { $0.event == "commit" } == 20)
        let state = try protection.state()
        #expect(state.state == "degraded" && state.reason?.contains("removed") == true, "\(state)")
        session.kill()
        // What no other program ever saw went with it; the gap says so.
        let live = try SQLite3.sql(Self.rows, on: protection.database)
        try protection.sync()
        #expect(try lastCount(protection) == live)
        #expect(try protection.log().contains { $0.event == "gap" })
        try protection.expectInOrder()
    }

    @Test("a database of which only the file is mounted elsewhere is said to be out of sight")
    func mountedAlone() throws {
        try #require(SmallFileSystem.isAllowed(.tmpfs), "needs the right to mount")
        let protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(i);")
        try protection.watch()
        let inner = protection.folder.file("container")
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        try Data().write(to: URL(fileURLWithPath: inner + "/a.db"))
        let mount = "mount --bind '\(protection.database)' '\(inner)/a.db' && exec \"$@\""
        let session = try SQLite3Session(
            inner + "/a.db",
            under: ["unshare", "-m", "sh", "-c", mount, "sh"]
        )
        _ = try session.sql("PRAGMA wal_autocheckpoint=2;")
        for number in 1...10 { _ = try session.sql("INSERT INTO t VALUES(\(number));") }
        let answer = try protection.holdfast("sync", protection.data, expecting: 3)
        #expect(answer.stderr.contains("its log is not beside it"), "\(answer.stderr)")
        #expect(try protection.state().state == "degraded")
        try session.close()
        try protection.sync()
        #expect(try lastCount(protection) == "10\n")
        try protection.expectInOrder()
    }
}
