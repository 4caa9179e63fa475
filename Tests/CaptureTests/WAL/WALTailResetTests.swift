import Foundation
import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// What the tail says of logs that were reset, truncated or unlinked before it looked.
@Suite("WAL tail, resets")
struct WALTailResetTests {
    @Test("misses nothing of a new log that was truncated before its first commits were read")
    func truncatedWhenNew() throws {
        for inserts in [0, 1] {
            let setup = try FollowedLog()
            let tail = try setup.tailOfNewLog()
            try setup.insert(1)
            _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
            try setup.insert(inserts)
            #expect(try tail.poll(&setup.scratch, into: setup.sink) == .lost)
            // What follows a lost commit is none by itself.
            #expect(setup.sink.commits == 0)
        }
    }

    @Test("says so when commits were truncated unread after a truncation that was seen")
    func truncatedTwice() throws {
        for inserts in [0, 1] {
            let setup = try FollowedLog()
            try setup.insert(3)
            #expect(try setup.poll() == .current)
            try setup.truncate()
            #expect(try setup.poll() == .current)
            let before = setup.sink.commits
            try setup.insert(1)
            try setup.truncate()
            try setup.insert(inserts)
            #expect(try setup.poll() == .lost)
            #expect(setup.sink.commits == before)
        }
    }

    @Test("says so when the first commit of a generation whose header was seen is truncated unread")
    func truncatedAfterHeader() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=5; PRAGMA cache_spill=5;")
        try setup.insert(3)
        #expect(try setup.poll() == .current)
        try setup.truncate()
        _ = try setup.session.sql("BEGIN;")
        try setup.insert(50, bytes: 9000)
        #expect(try setup.poll() == .current)
        #expect(setup.tail.reader.unfinishedBytes > 100_000)
        _ = try setup.session.sql("COMMIT;")
        try setup.truncate()
        #expect(try setup.poll() == .lost)
    }

    @Test("is not deceived by frames that another process rolled back in a truncated log")
    func rolledBackByOther() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        let other = try SQLite3Session(setup.folder.file("a.db"))
        try setup.insert(1)
        #expect(try setup.poll() == .current)
        try setup.insert(5)
        try setup.truncate()
        _ = try other.sql(
            """
            PRAGMA cache_size=5; PRAGMA cache_spill=5; BEGIN; INSERT INTO t(b) VALUES(randomblob(200000));
            ROLLBACK;
            """
        )
        try setup.insert(1)
        #expect(try setup.poll() == .lost)
        try other.close()
    }

    @Test("misses nothing after a comparison that found the log empty")
    func emptyOverlay() throws {
        for (commits, inserts) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let setup = try FollowedLog()
            try setup.truncate()
            #expect(try setup.overlay(setup.tail) == .empty)
            try setup.insert(commits)
            try setup.truncate()
            try setup.insert(inserts)
            #expect(try setup.poll() == (commits > 0 ? .lost : .current))
            #expect(setup.sink.commits == (commits > 0 ? 0 : inserts))
        }
    }

    @Test("counts from the start of an index that comes after a comparison")
    func overlayWithoutIndex() throws {
        let setup = try FollowedLog()
        try setup.session.close()
        try setup.folder.write([], to: "a.db-wal")
        let path = FilePath(setup.folder.file("a.db-wal"))
        let tail = try WALTail(PinnedFile(path), indexPath: FilePath(setup.folder.file("a.db-shm")))
        #expect(try setup.overlay(tail) == .empty)
        let next = try SQLite3Session(setup.folder.file("a.db"))
        _ = try next.sql("INSERT INTO t(b) VALUES(1);")
        #expect(try tail.poll(&setup.scratch, into: setup.sink) == .current)
        #expect(setup.sink.commits == 1)
        _ = try next.sql("PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t(b) VALUES(2);")
        _ = try next.sql("PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t(b) VALUES(3);")
        #expect(try tail.poll(&setup.scratch, into: setup.sink) == .lost)
        try next.close()
    }

    @Test("waits for an index that does not tell of a new log's first commit yet")
    func unindexedCommit() throws {
        let setup = try FollowedLog()
        let born = try setup.tailOfNewLog()
        let before = try setup.folder.bytes(of: "a.db-shm")
        try setup.insert(1)
        try setup.folder.write(before, to: "early-shm")
        try setup.folder.write(setup.folder.bytes(of: "a.db-wal"), to: "early-wal")
        let log = try PinnedFile(FilePath(setup.folder.file("early-wal")))
        let index = FilePath(setup.folder.file("early-shm"))
        let early = WALTail(log, indexPath: index, LogPosition(isNew: true))
        #expect(try early.poll(&setup.scratch, into: setup.sink) != .lost)
        let known = setup.sink.commits
        #expect(try born.poll(&setup.scratch, into: setup.sink) == .current)
        #expect(setup.sink.commits - known == 1)
    }

    @Test("takes all of a new log that was recovered, whose index counts from zero again")
    func recoveredWhenNew() throws {
        let setup = try FollowedLog()
        let tail = try setup.tailOfNewLog()
        try setup.insert(2)
        setup.session.kill()
        let next = try SQLite3Session(setup.folder.file("a.db"))
        for inserts in [0, 1] {
            _ = try next.sql(
                String(repeating: "INSERT INTO t(b) VALUES(1);", count: inserts) + "SELECT * FROM t;"
            )
            #expect(try tail.poll(&setup.scratch, into: setup.sink) == .current)
            #expect(setup.sink.commits == 2 + inserts)
        }
        try next.close()
    }

    @Test("asks no index of another log once its own has lost its name")
    func otherIndex() throws {
        let setup = try FollowedLog()
        let tail = try setup.tailOfNewLog()
        try setup.insert(2)
        try setup.session.close()
        let next = try SQLite3Session(setup.folder.file("a.db"))
        _ = try next.sql("INSERT INTO t(b) VALUES(1);")
        #expect(try tail.poll(&setup.scratch, into: setup.sink) == .current)
        #expect(setup.sink.commits == 2)
        try next.close()
    }

    @Test("says so when a new log that went had been reset, and no index was held to count its commits")
    func resetWithoutIndex() throws {
        let setup = try FollowedLog()
        let tail = try setup.tailOfNewLog()
        try setup.insert(2)
        try setup.truncate()
        try setup.insert(1)
        try setup.session.close()
        #expect(try tail.poll(&setup.scratch, into: setup.sink) == .lost)
        #expect(setup.sink.commits == 0)
    }

    @Test("takes a new log from its first commit on, after a reset as well")
    func newLog() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        let tail = try setup.tailOfNewLog()
        #expect(try tail.poll(&setup.scratch, into: setup.sink) == .current)
        try setup.insert(2)
        #expect(try tail.poll(&setup.scratch, into: setup.sink) == .current)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try setup.insert(1)
        #expect(try tail.poll(&setup.scratch, into: setup.sink) == .current)
        #expect(setup.sink.commits == 3)
    }

    @Test("rescues what a reset has not overwritten yet")
    func rescue() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        try setup.insert(30)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try setup.insert(2)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits - before == 32)
    }

    @Test("proves by the wal-index that a larger commit after a reset hides nothing")
    func accountedFor() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(1)
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        _ = try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try setup.insert(1, bytes: 200_000)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits - before == 1)
    }

    @Test("proves by the wal-index that a truncated log hides nothing")
    func truncated() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3)
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.poll() == .current)
        try setup.insert(2)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits - before == 2)
    }

    @Test("says so when commits were overwritten or truncated unread")
    func lost() throws {
        let overwritten = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        #expect(try overwritten.poll() == .current)
        try overwritten.insert(1)
        _ = try overwritten.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try overwritten.insert(1, bytes: 200_000)
        #expect(try overwritten.poll() == .lost)

        let truncated = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        #expect(try truncated.poll() == .current)
        try truncated.insert(1)
        _ = try truncated.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try truncated.poll() == .lost)
    }

    @Test("says so when commits were truncated unread and a shorter generation has begun")
    func truncatedUnreadThenShort() throws {
        let setup = try FollowedLog()
        try setup.insert(5)
        #expect(try setup.poll() == .current)
        try setup.insert(3)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        try setup.insert(1)
        #expect(try setup.poll() == .lost)
    }

    @Test("says so when a reset cut the log short just where it was read to")
    func cutShortAtEnd() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3)
        #expect(try setup.poll() == .current)
        let path = FilePath(setup.folder.file("a.db-wal"))
        let readBytes = try FileStatus.of(path).sizeBytes
        _ = try setup.session.sql("PRAGMA journal_size_limit=\(readBytes);")
        try setup.insert(1)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(PASSIVE);")
        try setup.insert(1)
        #expect(try FileStatus.of(path).sizeBytes == readBytes)
        #expect(try setup.poll() == .lost)
    }

    @Test("follows a generation of which another process has written the header anew")
    func headerRewritten() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=5; PRAGMA cache_spill=5;")
        let other = try SQLite3Session(setup.folder.file("a.db"))
        try setup.insert(1)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        for _ in 0..<2 { _ = try other.sql("INSERT INTO t(b) VALUES(1); PRAGMA wal_checkpoint(RESTART);") }
        _ = try setup.session.sql("BEGIN;")
        try setup.insert(1, bytes: 200_000)
        _ = try setup.poll()
        let header = try setup.tail.reader.header(&setup.scratch)
        _ = try setup.session.sql("ROLLBACK;")
        #expect(setup.tail.position.chain?.frameCount == 0)
        let before = setup.sink.commits
        _ = try other.sql("INSERT INTO t(b) VALUES(randomblob(3000000));")
        let rewritten = try setup.tail.reader.header(&setup.scratch)
        #expect(rewritten?.salts == header?.salts && rewritten != header, "this SQLite does not do it")
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 1)
        try other.close()
    }

    @Test("counts anew when the wal-index is made anew", arguments: ["TRUNCATE", "RESTART"])
    func countsAnew(checkpoint: String) throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        setup.session.kill()
        let first = try SQLite3Session(setup.folder.file("a.db"))
        _ = try first.sql("INSERT INTO t(b) VALUES('first');")
        #expect(try setup.poll() == .current)
        first.kill()
        let second = try SQLite3Session(setup.folder.file("a.db"))
        _ = try second.sql("INSERT INTO t(b) VALUES('unread'); PRAGMA wal_checkpoint(\(checkpoint));")
        if checkpoint == "RESTART" { _ = try second.sql("INSERT INTO t(b) VALUES(randomblob(200000));") }
        setup.tail.indexMayBeNew(&setup.scratch)
        #expect(try setup.poll() == .lost)
        try second.close()
    }

    @Test("says so when the last user of a log that stays truncates it unread")
    func truncatedAtClose() throws {
        let setup = try FollowedLog()
        let tail = try setup.tailOfNewLog()
        func poll() throws -> WALTail.Outcome { try tail.poll(&setup.scratch, into: setup.sink) }
        _ = try setup.session.sql(".filectrl persist_wal 1\nPRAGMA journal_size_limit=0;")
        try setup.insert(2)
        #expect(try poll() == .current)
        try setup.session.close()
        // All of it was read.
        #expect(try poll() == .current)
        #expect(setup.sink.commits == 2)
        let next = try SQLite3Session(setup.folder.file("a.db"))
        _ = try next.sql(".filectrl persist_wal 1\nPRAGMA journal_size_limit=0; INSERT INTO t(b) VALUES(1);")
        try next.close()
        #expect(try FileStatus.of(FilePath(setup.folder.file("a.db-wal"))).sizeBytes == 0)
        #expect(try poll() == .lost)
        #expect(try setup.overlay(tail) == .empty)
        #expect(try poll() == .current)
    }

    @Test("says so when a reset cut the log short amid an unread commit")
    func cutShort() throws {
        let setup = try FollowedLog("PRAGMA journal_size_limit=20000; PRAGMA wal_autocheckpoint=0;")
        #expect(try setup.poll() == .current)
        try setup.insert(1, bytes: 200_000)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(FULL);")
        try setup.insert(1)
        #expect(try setup.poll() == .lost)
    }
}
