import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// Transactions that stand in the log as a whole and of which the wal-index was never told: their writer was
/// killed between the two. SQLite does not count them while the log is in use.
@Suite("WAL tail, commits that the index does not have")
struct WALTailUnindexedTests {
    private func followed() throws -> FollowedLog {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(1, bytes: 30_000)
        #expect(try setup.poll() == .current)
        return setup
    }

    @Test("are not handed over when the log is deleted")
    func unlinked() throws {
        let setup = try followed()
        let before = setup.sink.commits
        try setup.commitUnindexed()
        #expect(try setup.poll() == .unconfirmed)
        try setup.session.close()
        #expect(!setup.folder.exists("a.db-wal"))
        // The log alone cannot tell it from a commit of exclusive locking mode; the file can.
        #expect(try setup.poll() == .lost)
        #expect(setup.sink.commits == before)
    }

    @Test("are not handed over when the log is reset", arguments: ["RESTART", "PASSIVE"])
    func reset(checkpoint: String) throws {
        let setup = try followed()
        let before = setup.sink.commits
        try setup.commitUnindexed()
        _ = try setup.session.sql("PRAGMA wal_checkpoint(\(checkpoint));")
        #expect(try setup.poll() == .unconfirmed)
        try setup.insert(1)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 1)
        try expectImageIsFile(setup)
    }

    @Test("are not handed over when they are too large to hold")
    func large() throws {
        let setup = try followed()
        let before = setup.sink.commits
        try setup.commitUnindexed("INSERT INTO t(b) VALUES(randomblob(3000000));")
        #expect(try setup.poll() == .unconfirmed)
        try setup.insert(2)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 2)
        #expect(setup.sink.parts == 0)
        try expectImageIsFile(setup)
    }

    @Test("are no loss when they are the first in the log")
    func first() throws {
        let setup = try followed()
        try setup.truncate()
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        // The header and the directory are synced before.
        try setup.commitUnindexed(sync: 3)
        #expect(try setup.poll() == .unconfirmed)
        try setup.insert(1)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 1)
        try expectImageIsFile(setup)
    }

    private func expectImageIsFile(_ setup: FollowedLog) throws {
        try setup.truncate()
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image)
    }
}
