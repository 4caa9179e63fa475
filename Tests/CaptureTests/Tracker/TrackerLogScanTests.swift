import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// The first comparison of a database whose content is in a long log, which takes many looks.
@Suite("Comparisons over a long log")
struct TrackerLogScanTests {
    /// `updates`: how often the rows are changed again.
    private func begun(rows: Int, updates: Int = 0) throws -> TrackedDatabase {
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))"
        let database = try TrackedDatabase(
            """
            PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(i INTEGER PRIMARY KEY, b);
            INSERT INTO t(b) \(rows) SELECT randomblob(4000) FROM n;
            \(String(repeating: "UPDATE t SET b = randomblob(4000);", count: updates))
            """
        )
        #expect(database.tracker.logs.tail?.overlay.isSearching == true)
        return database
    }

    private func expectLive(_ database: TrackedDatabase) throws {
        try database.processUntilAtRest()
        #expect(database.snapshots.last == (try database.folder.bytes(of: "a.db")))
    }

    @Test(
        "holds all that is in the log, and what was committed amid it, at its full length",
        arguments: [false, true]
    )
    func grows(isLate: Bool) throws {
        let database = try begun(rows: 4000)
        while isLate, database.tracker.logs.tail?.overlay.isSearching == true { try database.process() }
        try database.session.sql("INSERT INTO t(b) VALUES(randomblob(100000));")
        database.tracker.note(.logModified)
        try database.processUntilAtRest()
        try database.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        try expectLive(database)
    }

    @Test("starts over when the log is deleted before its last commit is found")
    func deleted() throws {
        let database = try begun(rows: 700, updates: 4)
        try database.session.close()
        database.tracker.note(.logDeleted)
        database.tracker.note(.contentModified)
        try expectLive(database)
    }
}
