import Foundation
import TestSupport
import Testing

@Suite("Rollback mode", .serialized)
struct RollbackModeTests {
    @Test(
        "1,000 processes insert without a busy timeout: none fails, 95 % of the commits are snapshots, all sound"
    )
    func thousandProcesses() throws {
        let protection = try Protection()
        try protection.watch()
        var committed: [String] = [try protection.liveDigest()]
        var failed = 0
        for _ in 0..<1000 {
            let result = try Command.run(
                "sqlite3",
                [protection.database, "INSERT INTO t(b) VALUES(hex(randomblob(150)));"]
            )
            if result.status != 0 { failed += 1 }
            committed.append(try protection.liveDigest())
        }
        try protection.sync()
        let snapshots = try protection.snapshots()
        #expect(failed == 0)
        #expect(snapshots.last?.digest == committed.last)
        // Each is a committed state, and they come in order.
        var next = 0
        for snapshot in snapshots {
            let found = committed[next...].firstIndex { $0 == snapshot.digest }
            let place = try #require(
                found,
                "snapshot \(snapshot.sequence ?? 0) is no committed state, or out of order"
            )
            next = place + 1
        }
        let share = Double(snapshots.count { $0.event == "commit" }) / 1000
        #expect(share >= 0.95, "\(share) of the commits are snapshots of their own")
        try protection.check()
        for snapshot in stride(from: 0, to: snapshots.count, by: 50).map({ snapshots[$0] }) {
            let copy = try protection.restore("\(snapshot.sequence!)")
            let rows = try SQLite3.sql(
                "SELECT count(*) || ' ' || max(i) FROM t; PRAGMA integrity_check;",
                on: copy
            )
            let count = committed.firstIndex(of: snapshot.digest!)!
            #expect(rows == (count == 0 ? "\nok\n" : "\(count) \(count)\nok\n"))
        }
        #expect(try protection.folder.bytes(of: "data/a.db") == Self.bytes(protection.restore("latest")))
    }

    @Test("one connection without pause: most commits are snapshots, never torn, the last is the live state")
    func oneConnection() throws {
        let protection = try Protection()
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        for _ in 0..<10 {
            let insert = "INSERT INTO t(b) VALUES(hex(randomblob(2000)));"
            try session.sql(String(repeating: insert, count: 100))
        }
        try protection.sync()
        let snapshots = try protection.snapshots()
        // Nine in ten on a machine with nothing else to do.
        #expect(snapshots.count { $0.event == "commit" } >= 500)
        #expect(try snapshots.last?.digest == protection.liveDigest())
        var last = -1
        for index in stride(from: 0, to: snapshots.count, by: max(1, snapshots.count / 40)) {
            let copy = try protection.restore("\(snapshots[index].sequence!)")
            let row = try SQLite3.sql(
                "SELECT count(*), coalesce(max(i), 0), coalesce(sum(length(b)), 0) FROM t;",
                on: copy
            )
            let values = row.dropLast().split(separator: "|").map { Int($0)! }
            #expect(values[0] == values[1] && values[2] == values[0] * 4000)
            #expect(values[0] >= last)
            last = values[0]
        }
    }

    @Test(
        "converges and is never torn in every other journal mode",
        arguments: ["TRUNCATE", "PERSIST", "MEMORY", "OFF"]
    )
    func otherModes(_ mode: String) throws {
        let protection = try Protection()
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        try session.sql("PRAGMA journal_mode=\(mode); PRAGMA cache_size=20;")
        for _ in 0..<60 {
            // Both tables grow in one transaction that spills: a torn state would show.
            try session.sql(
                """
                BEGIN; CREATE TABLE IF NOT EXISTS u(i INTEGER PRIMARY KEY, b);
                INSERT INTO t(b) VALUES(randomblob(60000)); INSERT INTO u(b) VALUES(randomblob(60000)); COMMIT;
                """
            )
        }
        try session.close()
        try expectSound(protection)
    }

    @Test(
        "converges and is never torn under exclusive locking",
        arguments: ["DELETE", "PERSIST", "TRUNCATE", "WAL"]
    )
    func exclusiveLocking(_ mode: String) throws {
        let protection = try Protection(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); CREATE TABLE u(i INTEGER PRIMARY KEY, b);"
        )
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        try session.sql("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=\(mode);")
        for _ in 0..<60 {
            try session.sql(
                "BEGIN; INSERT INTO t(b) VALUES(randomblob(9000)); INSERT INTO u(b) VALUES(randomblob(9000)); COMMIT;"
            )
        }
        // The lock is still held: the state is captured all the same.
        try protection.sync()
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT count(*) FROM t; SELECT count(*) FROM u;", on: copy) == "60\n60\n")
        try session.close()
        try expectSound(protection)
    }

    @Test(
        "a lock that stays, with no journal on the disk, is named and holds up nobody",
        arguments: ["MEMORY", "OFF"]
    )
    func lockedForLong(_ mode: String) throws {
        let protection = try Protection(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); CREATE TABLE u(i INTEGER PRIMARY KEY, b);"
        )
        let session = try SQLite3Session(protection.database)
        try session.sql("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=\(mode);")
        let insert = "BEGIN; INSERT INTO t(b) VALUES(1); INSERT INTO u(b) VALUES(1); COMMIT;"
        try session.sql(insert)
        try protection.watch()
        let watcher = try #require(protection.watcher)
        #expect(watcher.stderr.contains("/a.db is locked by a program"), "\(watcher.stderr)")
        try session.sql(insert)
        let answer = try protection.holdfast("sync", protection.data, expecting: 3)
        #expect(answer.stderr.contains("it is captured when the lock goes"), "\(answer)")
        try session.close()
        try protection.expectCaptured()
        #expect(try !protection.status("--json").stdout.contains("is locked by"))
        try protection.check()
    }

    /// SQLite cuts the file after the end of the journal: that is no write that a journal tells of.
    @Test(
        "who cuts the file under a lock that stays is named, until it commits again",
        arguments: ["DELETE", "PERSIST", "TRUNCATE"]
    )
    func cutUnderLock(_ mode: String) throws {
        let protection = try Protection()
        try protection.watch()
        // So that the times of the two files differ, however coarse the clock is.
        let delay = "inject=ftruncate:delay_enter=100000"
        let session = try SQLite3Session(
            protection.database,
            under: ["strace", "-D", "-qq", "-o", "/dev/null", "-e", "trace=ftruncate", "-e", delay]
        )
        try session.sql("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=\(mode);")
        try session.sql("INSERT INTO t(b) VALUES(zeroblob(90000)); DELETE FROM t; VACUUM;")
        let answer = try protection.holdfast("sync", protection.data, expecting: 3)
        let reason = "/a.db is locked by a program that wrote it after its journal"
        #expect(answer.stderr.contains(reason), "\(answer)")
        try session.sql("INSERT INTO t(b) VALUES(1);")
        try protection.expectCaptured()
        #expect(try !protection.status("--json").stdout.contains("is locked by"))
        try session.close()
        try protection.expectCaptured()
        try protection.check()
    }

    @Test("in a file that SQLite has made longer than its database every commit is captured whole")
    func longerThanDatabase() throws {
        let tables = "CREATE TABLE t(i INTEGER PRIMARY KEY, b); CREATE TABLE u(i INTEGER PRIMARY KEY, b);"
        let protection = try Protection(".filectrl chunk_size 1048576\n\(tables)")
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        for _ in 0..<30 {
            // The new pages are within the file: no journal names them.
            try session.sql(
                "BEGIN; INSERT INTO t(b) VALUES(randomblob(9000)); INSERT INTO u(b) VALUES(randomblob(9000)); COMMIT;"
            )
        }
        try session.close()
        try expectSound(protection)
    }

    /// The last snapshot is the live file, and in every snapshot both tables have the same rows.
    private func expectSound(_ protection: Protection) throws {
        try protection.sync()
        let snapshots = try protection.snapshots()
        #expect(try snapshots.last?.digest == protection.liveDigest())
        #expect(snapshots.count >= 2)
        for index in stride(from: 0, to: snapshots.count, by: max(1, snapshots.count / 15)) {
            let copy = try protection.restore("\(snapshots[index].sequence!)")
            let tables = try SQLite3.sql("SELECT count(*) FROM sqlite_schema WHERE name = 'u';", on: copy)
            let count = tables == "1\n" ? "(SELECT count(*) FROM u)" : "0"
            #expect(try SQLite3.sql("SELECT (SELECT count(*) FROM t) = \(count);", on: copy) == "1\n")
        }
        try protection.check()
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
