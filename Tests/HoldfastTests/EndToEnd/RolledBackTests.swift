import Foundation
import TestSupport
import Testing

@Suite("Transactions that never committed", .serialized)
struct RolledBackTests {
    @Test("rolled back, spilled and rolled back, and killed half way: none appears in rollback mode")
    func rollbackMode() throws {
        let protection = try Protection(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES('kept');"
        )
        try protection.watch()
        let before = try protection.liveDigest()
        let session = try SQLite3Session(protection.database)
        try session.sql("PRAGMA cache_size=5; PRAGMA cache_spill=5;")
        try session.sql("BEGIN; INSERT INTO t(b) VALUES('lost'); ROLLBACK;")
        let large = "BEGIN; INSERT INTO t(b) SELECT randomblob(20000) FROM json_each('[1,2,3,4,5,6,7,8,9]');"
        try session.sql("\(large) ROLLBACK;")
        // Killed half way: part of it is in the file, and a hot journal beside it.
        try session.sql(large)
        session.kill()
        #expect(protection.folder.exists("data/a.db-journal"))
        #expect(try protection.liveDigest() != before)
        try protection.sync()
        #expect(try protection.snapshots().map(\.digest) == [before])
        // The next one who opens the database rolls it back.
        try SQLite3.sql("INSERT INTO t(b) VALUES('kept');", on: protection.database)
        try protection.sync()
        let snapshots = try protection.snapshots()
        #expect(try snapshots.map(\.digest) == [before, protection.liveDigest()])
        #expect(snapshots.last?.event == "commit")
    }

    @Test("a hot journal that is there when the watch begins is laid over the file")
    func hotAtTheStart() throws {
        let protection = try Protection(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES('kept');"
        )
        let before = try protection.liveDigest()
        let session = try SQLite3Session(protection.database)
        try session.sql("PRAGMA cache_size=5; PRAGMA cache_spill=5;")
        try session.sql(
            "BEGIN; INSERT INTO t(b) SELECT randomblob(20000) FROM json_each('[1,2,3,4,5,6,7,8,9]');"
        )
        session.kill()
        #expect(try protection.liveDigest() != before)
        try protection.watch()
        try protection.sync()
        #expect(try protection.snapshots().map(\.digest) == [before])
    }
}
