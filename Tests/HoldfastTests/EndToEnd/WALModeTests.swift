import Foundation
import LinuxSystem
import TestSupport
import Testing

@Suite("WAL mode", .serialized)
struct WALModeTests {
    private static let schema = "PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);"

    @Test("one connection at full speed for 5 s: as many commit snapshots as commits")
    func fullSpeed() throws {
        let protection = try Protection()
        let session = try SQLite3Session(protection.database)
        try session.sql("PRAGMA journal_mode=WAL;")
        try protection.watch()
        let end = MonotonicInstant.now.advanced(by: .seconds(5))
        let insert = "INSERT INTO t(b) VALUES(hex(randomblob(150)));"
        var commits = 0
        while MonotonicInstant.now < end {
            try session.sql(String(repeating: insert, count: 500))
            commits += 500
        }
        try protection.sync()
        let snapshots = try protection.snapshots()
        #expect(snapshots.count { $0.event == "commit" } == commits)
        #expect(snapshots.count == commits + 1)
        try expectRows(protection, snapshots, samples: 25)
        try protection.check()
        try session.close()
        try protection.sync()
        #expect(try protection.snapshots().last?.digest == protection.liveDigest())
    }

    @Test("separate short processes, the log deleted after each: as many commit snapshots as commits")
    func shortProcesses() throws {
        let protection = try Protection(Self.schema)
        try protection.watch()
        for _ in 0..<300 {
            try SQLite3.sql("INSERT INTO t(b) VALUES(hex(randomblob(150)));", on: protection.database)
        }
        try protection.sync()
        let snapshots = try protection.snapshots()
        #expect(snapshots.count { $0.event == "commit" } == 300)
        #expect(snapshots.count == 301)
        try expectRows(protection, snapshots, samples: 20)
        #expect(try snapshots.last?.digest == protection.liveDigest())
        try protection.check()
    }

    @Test("a snapshot at any time is the newest commit not later than it")
    func anyTime() throws {
        let protection = try Protection(Self.schema)
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        var random = SeededRandom()
        // What was committed, and the moments just before and after.
        var moments: [(before: Instant, after: Instant)] = []
        for number in 1...150 {
            let before = Instant.now
            try session.sql("INSERT INTO t(b) VALUES(\(number));")
            moments.append((before, .now))
            if number % 7 == 0 { WorkerThread.sleep(.milliseconds(Int64.random(in: 1...20, using: &random))) }
        }
        try protection.sync()
        let first = moments[0].after.nanoseconds
        let last = moments.last!.after.nanoseconds
        for _ in 0..<50 {
            let time = Int64.random(in: first...last, using: &random)
            let copy = protection.folder.file("at-\(time).db")
            let seconds =
                "@\(time / 1_000_000_000).\(String(time % 1_000_000_000 + 1_000_000_000).dropFirst())"
            try protection.holdfast("restore", protection.database, "--at", seconds, "--output", copy)
            let rows = try Int(SQLite3.sql("SELECT count(*) FROM t;", on: copy).dropLast())!
            // A commit is seen a little after it was made: 20 ms are allowed for that, on a busy machine.
            let surely = moments.count { $0.after.nanoseconds + 20_000_000 <= time }
            let possibly = moments.count { $0.before.nanoseconds <= time }
            #expect(rows >= surely && rows <= possibly, "\(random) at \(seconds)")
        }
    }

    @Test("what was rolled back never appears")
    func rolledBack() throws {
        let protection = try Protection(Self.schema)
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        try session.sql("PRAGMA cache_size=5; PRAGMA cache_spill=5; INSERT INTO t(b) VALUES('kept');")
        for _ in 0..<5 {
            try session.sql("BEGIN; INSERT INTO t(b) VALUES('lost'); ROLLBACK;")
            try session.sql(
                "BEGIN; INSERT INTO t(b) SELECT randomblob(9000) FROM json_each('[1,2,3,4,5,6,7,8,9]');"
            )
            try protection.sync()
            try session.sql("ROLLBACK; INSERT INTO t(b) VALUES('kept');")
        }
        try protection.sync()
        let snapshots = try protection.snapshots()
        #expect(snapshots.map(\.event) == ["baseline"] + Array(repeating: "commit", count: 6))
        try expectRows(protection, snapshots, samples: 7)
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT count(*) FROM t WHERE b <> 'kept';", on: copy) == "0\n")
    }

    /// Snapshot `n` holds exactly the rows of the first `n` commits.
    private func expectRows(_ protection: Protection, _ snapshots: [LogLine], samples: Int) throws {
        for index in stride(from: 0, to: snapshots.count, by: max(1, snapshots.count / samples)) {
            let copy = protection.folder.file("sample-\(index).db")
            try protection.holdfast(
                "restore",
                protection.database,
                "--at",
                "\(snapshots[index].sequence!)",
                "--output",
                copy
            )
            let rows = try SQLite3.sql("SELECT count(*), coalesce(max(i), 0) FROM t;", on: copy)
            #expect(rows == "\(index)|\(index)\n")
        }
    }
}
