import LinuxSystem
import RepositoryFormat
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// Commits that share a snapshot are counted, or may be missed.
@Suite("Counting commits")
struct TrackerCountTests {
    private static let schema = "CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1, 'x');"

    /// Tells what the kernel tells of one transaction that leaves its journal in place.
    private func tellInPlace(_ tracker: Tracker) {
        tracker.note(.journalModified)
        tracker.note(.contentModified)
        tracker.note(.journalModified)
    }

    /// A transaction whose journal is seen while it goes on.
    private func commit(_ sql: String, by session: SQLite3Session, _ tracker: Tracker) throws {
        try session.sql("BEGIN IMMEDIATE; \(sql)")
        tracker.note(.journalModified)
        try session.sql("COMMIT;")
        tellInPlace(tracker)
    }

    @Test(
        "of transactions under one exclusive lock that are over before anybody looks some may be missed",
        arguments: ["DELETE", "PERSIST", "TRUNCATE"]
    )
    func exclusive(mode: String) throws {
        let database = try TrackedDatabase(Self.schema)
        let other = try SQLite3Session(database.folder.file("a.db"))
        try other.sql("PRAGMA journal_mode=\(mode); PRAGMA locking_mode=EXCLUSIVE;")
        for number in 2...4 {
            try other.sql("INSERT INTO t VALUES(\(number), 'x');")
            tellInPlace(database.tracker)
        }
        try other.close()
        if mode == "DELETE" { database.tracker.note(.journalDeleted) }
        try database.processUntilAtRest()
        #expect(database.snapshots.count == 2 && database.counted < 3)
        #expect(database.mayMissCommits)
    }

    @Test("of a database that was there before, nothing before the first look counts as missed")
    func beforeFirstLook() throws {
        let database = try TrackedDatabase(Self.schema, kind: .plain)
        for _ in 0..<3 {
            database.tracker.note(.journalAppeared(nil))
            database.tracker.note(.journalModified)
            database.tracker.note(.contentModified)
            database.tracker.note(.journalDeleted)
        }
        try database.processUntilAtRest()
        #expect(database.snapshots.count == 1 && !database.mayMissCommits)
    }

    @Test(
        "one transaction at a time is a commit, also under an exclusive lock",
        arguments: ["PERSIST", "TRUNCATE"]
    )
    func oneByOne(mode: String) throws {
        let database = try TrackedDatabase(Self.schema)
        let other = try SQLite3Session(database.folder.file("a.db"))
        try other.sql("PRAGMA journal_mode=\(mode); PRAGMA locking_mode=EXCLUSIVE;")
        for number in 2...6 {
            try commit("INSERT INTO t VALUES(\(number), 'x');", by: other, database.tracker)
            try database.process()
        }
        #expect(database.snapshots.count == 6 && database.counted == 5)
        #expect(!database.mayMissCommits)
        // What comes after the last look, before the lock goes, does not raise the counter.
        for number in 7...8 {
            try commit("INSERT INTO t VALUES(\(number), 'x');", by: other, database.tracker)
        }
        try other.close()
        try database.process()
        #expect(database.snapshots.count == 7 && database.mayMissCommits)
    }

    @Test(
        "what was committed just before a writer died is captured, also from a journal that stays in place",
        arguments: ["PERSIST", "TRUNCATE"]
    )
    func beforeDeath(mode: String) throws {
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
        let database = try TrackedDatabase(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(rows) INSERT INTO t SELECT i, randomblob(900) FROM n;"
        )
        let tracker = database.tracker
        try database.session.sql("PRAGMA journal_mode=\(mode); PRAGMA cache_size=5;")
        try commit("UPDATE t SET b = 'first' WHERE i = 1;", by: database.session, tracker)
        try database.processUntilAtRest()
        let before = database.snapshots.count
        try database.session.sql("UPDATE t SET b = 'second' WHERE i = 1;")
        let committed = try database.folder.bytes(of: "a.db")
        // Nobody looks before the next transaction is under way.
        try database.session.sql("BEGIN; UPDATE t SET b = zeroblob(900);")
        database.session.kill()
        tellInPlace(tracker)
        try database.processUntilAtRest()
        #expect(database.snapshots.count == before + 1)
        #expect(database.snapshots.last == committed)
        #expect(database.mayMissCommits)
    }

    @Test("transactions without an exclusive lock are counted", arguments: ["PERSIST", "TRUNCATE"])
    func normal(mode: String) throws {
        let database = try TrackedDatabase(Self.schema)
        try database.session.sql("PRAGMA journal_mode=\(mode);")
        for number in 2...5 {
            try commit("INSERT INTO t VALUES(\(number), 'x');", by: database.session, database.tracker)
        }
        try database.process()
        #expect(database.snapshots.count == 2 && database.counted == 4)
        #expect(!database.mayMissCommits)
    }

    @Test("transactions without a journal are counted by the change counter", arguments: [1, 5])
    func withoutJournal(commits: Int) throws {
        let database = try TrackedDatabase(Self.schema)
        try database.session.sql("PRAGMA journal_mode=MEMORY;")
        for number in 1...commits {
            try database.session.sql("INSERT INTO t VALUES(\(number + 1), 'x');")
            database.tracker.note(.contentModified)
            database.tracker.note(.contentClosed)
        }
        try database.process()
        #expect(database.snapshots.count == 2 && database.counted == commits)
        #expect(!database.mayMissCommits)
    }

    @Test("who writes without a journal long after its commit, under the same lock, has committed unseen")
    func exclusiveWithoutJournal() throws {
        let database = try TrackedDatabase(Self.schema)
        let tracker = database.tracker
        let other = try SQLite3Session(database.folder.file("a.db"))
        try other.sql("PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE;")
        try other.sql("INSERT INTO t VALUES(2, 'x');")
        tracker.note(.contentModified)
        let now = MonotonicInstant.now
        tracker.processFully(now)
        tracker.processFully(now.advanced(by: .seconds(1)))
        #expect(!tracker.state.ledger.merged.isUncertain, "nothing was written since")
        try other.sql("INSERT INTO t VALUES(3, 'x');")
        tracker.note(.contentModified)
        tracker.processFully(now.advanced(by: .seconds(1)))
        try other.close()
        tracker.note(.contentClosed)
        try database.process()
        #expect(database.snapshots.count == 2 && database.mayMissCommits)
    }

    @Test("processes that make a database without journals and close it at once are counted")
    func madeByShortProcesses() throws {
        let database = try TrackedDatabase("PRAGMA journal_mode=MEMORY; \(Self.schema)", firstEvent: .created)
        let tracker = database.tracker
        for number in 2...5 {
            try database.session.sql("INSERT INTO t VALUES(\(number), 'x');")
            tracker.note(.contentModified)
            tracker.note(.contentClosed)
        }
        try database.process()
        // The schema and its row are two.
        #expect(database.snapshots.count == 1 && database.counted == 6)
        #expect(!database.mayMissCommits)
    }

    @Test("commits to a file that was captured while it was empty are counted")
    func emptyAtFirst() throws {
        let database = try TrackedDatabase("")
        try database.folder.write([], to: "a.db")
        try database.processUntilAtRest()
        try database.session.sql("CREATE TABLE t(i); INSERT INTO t VALUES(1);")
        database.tracker.note(.nameChanged)
        for _ in 1...2 { tellInPlace(database.tracker) }
        try database.processUntilAtRest()
        #expect(database.counted == 2 && !database.mayMissCommits)
    }

    @Test("commits of a comparison that is given up count for the next one")
    func comparisonGivenUp() throws {
        let filler = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)"
        let database = try TrackedDatabase(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(filler) INSERT INTO t SELECT i, zeroblob(9000) FROM n;"
        )
        let tracker = database.tracker
        try database.processUntilAtRest()
        try database.session.sql("PRAGMA journal_mode=TRUNCATE;")
        let before = database.snapshots.count
        for round in 1...3 {
            for number in 1...2 {
                let update = "UPDATE t SET b = randomblob(100) WHERE i = \(round * 10 + number);"
                try commit(update, by: database.session, tracker)
            }
            try database.process()
            // It is compared chunk by chunk, and given up by what comes then.
            #expect((tracker.scan == nil) == (round == 2))
        }
        try database.processUntilAtRest()
        #expect(database.snapshots.count == before + 1 && database.counted == 6)
        #expect(!database.mayMissCommits)
    }

    @Test(
        "commits in the log of a database that was made while it was watched are counted, those before that are not",
        arguments: [SnapshotEvent.created, .baseline]
    )
    func firstOverlay(event: SnapshotEvent) throws {
        let database = try TrackedDatabase("PRAGMA journal_mode=WAL; \(Self.schema)", firstEvent: event)
        try database.processUntilAtRest()
        #expect(database.snapshots.count == 1)
        #expect(database.counted == (event == .created ? 2 : 0))
        #expect(!database.mayMissCommits)
    }
}
