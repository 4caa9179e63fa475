import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// Databases whose journal mode changes while nobody looks.
@Suite("Switches of the journal mode")
struct TrackerSwitchTests {
    private static let schema = """
        CREATE TABLE t(i INTEGER PRIMARY KEY, b); CREATE TABLE u(i INTEGER PRIMARY KEY, b);
        INSERT INTO t VALUES(1, randomblob(9000)); INSERT INTO u VALUES(1, randomblob(9000));
        """

    /// Every snapshot is one of these states.
    private func expectOnly(_ states: Set<String>, of database: TrackedDatabase) throws {
        for (index, snapshot) in database.snapshots.enumerated() {
            let name = try database.folder.write(snapshot, to: "snapshot-\(index).db")
            #expect(try SQLite3.sql("PRAGMA integrity_check;", on: name) == "ok\n")
            #expect(states.contains(try SQLite3.sql(Self.proof, on: name)), "snapshot \(index)")
        }
    }

    private static let proof =
        "SELECT count(*), sum(length(b)) FROM t; SELECT count(*), sum(length(b)) FROM u;"

    @Test("pages that journals name are not read beside a log whose commits a checkpoint may be copying")
    func checkpointed() throws {
        let database = try TrackedDatabase(Self.schema)
        var states: Set = [try database.session.sql(Self.proof)]
        try database.commit("INSERT INTO t VALUES(2, randomblob(5000));")
        states.insert(try database.session.sql(Self.proof))
        let slow = try database.slowSession()
        try database.commit("PRAGMA journal_mode=WAL;", by: slow)
        // A transaction that leaves page 1 alone.
        try slow.sql(
            "PRAGMA wal_autocheckpoint=1; BEGIN; INSERT INTO t VALUES(3, 'x'); INSERT INTO u VALUES(2, 'x'); COMMIT;"
        )
        states.insert(try slow.sql(Self.proof))
        database.tracker.note(.logAppeared(try PinnedFile(database.tracker.state.presence.logPath)))
        database.tracker.note(.contentModified)
        try database.processUntilAtRest()
        try expectOnly(states, of: database)
        let last = try database.folder.write(database.snapshots.last ?? [], to: "last.db")
        #expect(try SQLite3.sql(Self.proof, on: last) == slow.sql(Self.proof))
    }

    @Test("what a log brings waits for what journals brought before")
    func order() throws {
        let database = try TrackedDatabase(Self.schema)
        var states: Set = [try database.session.sql(Self.proof)]
        try database.commit("INSERT INTO t VALUES(2, randomblob(5000)); UPDATE u SET b = randomblob(100);")
        states.insert(try database.session.sql(Self.proof))
        // Somebody writes whenever the file has been read.
        let tracker = database.tracker
        database.onEvents = { tracker.note(.contentModified) }
        try database.process()
        try database.session.sql("PRAGMA journal_mode=WAL; INSERT INTO t VALUES(3, randomblob(5000));")
        states.insert(try database.session.sql(Self.proof))
        database.tracker.note(.logAppeared(try PinnedFile(database.tracker.state.presence.logPath)))
        try database.process()
        database.onEvents = {}
        try database.processUntilAtRest()
        try expectOnly(states, of: database)
        #expect(database.snapshots.count > 1)
    }

    @Test("a comparison over a log does not end amid a transaction in rollback mode")
    func liveJournal() throws {
        let database = try TrackedDatabase(Self.schema)
        let states: Set = [try database.session.sql(Self.proof)]
        let tracker = database.tracker
        tracker.requireRescan(.unexplained)
        try tracker.scanning.begin(
            tracker.state.image!.shape,
            file: OpenFile(tracker.path, .protected),
            isOverLog: true,
            &tracker.state,
            tracker.journal
        )
        tracker.state.pending.log = false
        // The cache spills into the file, under its lock.
        try database.session.sql(
            """
            PRAGMA cache_size=5; BEGIN IMMEDIATE; UPDATE u SET b = randomblob(90000); UPDATE t SET b = randomblob(90000);
            """
        )
        tracker.note(.journalAppeared(try PinnedFile(tracker.journal.path)))
        tracker.note(.contentModified)
        for _ in 0..<3 { try database.process() }
        try expectOnly(states, of: database)
        try database.session.sql("COMMIT;")
        tracker.note(.journalDeleted)
        try database.processUntilAtRest()
        try expectOnly(states.union([try database.session.sql(Self.proof)]), of: database)
        #expect(database.snapshots.count > 1)
    }
}
