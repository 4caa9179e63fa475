import Foundation
import LinuxSystem
import RepositoryWriter
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("WAL tail")
struct WALTailTests {
    @Test("hands over every commit once, across resets")
    func everyCommit() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=20;")
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        var random = SeededRandom()
        var inserted = 0
        for _ in 0..<200 {
            let count = Int.random(in: 1...4, using: &random)
            try setup.insert(count, bytes: Int.random(in: 10...9000, using: &random))
            inserted += count
            #expect(try setup.poll() == .current, "\(random)")
        }
        #expect(setup.sink.commits - before == inserted, "\(random)")
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image, "\(random)")
    }

    @Test("reads a log to its end after the log has lost its name")
    func unlinked() throws {
        let setup = try FollowedLog()
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        try setup.insert(5)
        try setup.session.close()
        #expect(!setup.folder.exists("a.db-wal"))
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits - before == 5)
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image)
    }

    @Test("never hands over a transaction that was spilled and rolled back")
    func rolledBack() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=5; PRAGMA cache_spill=5;")
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        _ = try setup.session.sql("BEGIN;")
        try setup.insert(50, bytes: 9000)
        #expect(try FileStatus.of(FilePath(setup.folder.file("a.db-wal"))).sizeBytes > 200_000)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before)
        #expect(setup.tail.reader.unfinishedBytes > 100_000)
        _ = try setup.session.sql("ROLLBACK;")
        try setup.insert(1)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 1)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image)
    }

    @Test("hands over a commit whose checksums SQLite left empty after a savepoint was rolled back")
    func brokenChain() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3, bytes: 3000)
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        try setup.commitEmptyFrames()
        #expect(try setup.endsInEmptyFrame(), "this SQLite does not do it")
        #expect(try setup.poll() == .current)
        try setup.insert(1)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 2)
    }

    @Test(
        "hands over such a commit after a reset as well, as long as nothing of it was overwritten",
        arguments: [1, 4000]
    )
    func emptyFramesBeforeReset(rows: Int) throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(30, bytes: 3000)
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        try setup.commitEmptyFrames()
        #expect(try setup.endsInEmptyFrame(), "this SQLite does not do it")
        try setup.session.sql("PRAGMA wal_checkpoint(RESTART); BEGIN;")
        try setup.insert(rows)
        try setup.session.sql("COMMIT;")
        guard rows == 1 else {
            #expect(try setup.poll() == .lost)
            return
        }
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 2)
        try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image)
    }

    @Test(
        "hands over a commit whose checksums begin with those that SQLite left empty",
        arguments: [false, true]
    )
    func chainFromEmptyFrame(isReset: Bool) throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(30, bytes: 3000)
        try setup.commitEmptyFrames()
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        try setup.commitRewrittenFrames()
        if isReset {
            try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
            try setup.insert(1)
        }
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + (isReset ? 2 : 1))
        try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image)
    }

    @Test("takes no commit of an older generation for one that was overwritten")
    func emptyFramesOfBefore() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3)
        #expect(try setup.poll() == .current)
        let frames = try #require(setup.tail.position.chain?.frameCount)
        try setup.commitEmptyFrames()
        #expect(try setup.poll() == .current)
        try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        for _ in 0..<frames { try setup.session.sql("UPDATE t SET b = randomblob(99) WHERE i = 1;") }
        #expect(try setup.poll() == .current)
        #expect(try setup.endsInEmptyFrame())
        let before = setup.sink.commits
        for _ in 0..<2 {
            try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
            try setup.insert(1)
        }
        #expect(try setup.poll() == .lost)
        #expect(setup.sink.commits == before)
    }

    @Test("what was rolled back behind the last commit of a log that is deleted is no loss")
    func emptyFramesAtTheEnd() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3, bytes: 3000)
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        try setup.writeEmptyFrames(andThen: "INSERT INTO t(b) VALUES(randomblob(90000)); ROLLBACK;")
        #expect(try setup.endsInEmptyFrame(), "this SQLite does not do it")
        try setup.session.close()
        #expect(!setup.folder.exists("a.db-wal"))
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before)
    }

    @Test("says so when SQLite's recovery lost commits that it had confirmed")
    func rolledBackByRecovery() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3, bytes: 3000)
        try setup.commitEmptyFrames()
        #expect(try setup.poll() == .current)
        setup.session.kill()
        let next = try SQLite3Session(setup.folder.file("a.db"))
        let rows = try next.sql("INSERT INTO t(b) VALUES('next'); SELECT count(*) FROM t;")
        #expect(rows == "4\n", "this SQLite did not lose the commit")
        #expect(try setup.poll() == .rolledBackByRecovery)
        try next.close()
    }

    @Test("says so when others have filled the place of commits that a recovery lost")
    func rolledBackAndFilled() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.commitEmptyFrames()
        #expect(try setup.poll() == .current)
        setup.session.kill()
        let next = try SQLite3Session(setup.folder.file("a.db"))
        _ = try next.sql("INSERT INTO t(b) VALUES('next');")
        let known = setup.tail.position
        while let index = try setup.tail.reader.index.read(&setup.scratch), let chain = known.chain,
            Int(index.lastFrame) < chain.frameCount || index.changeCounter <= known.mark?.changeCounter ?? 0
        {
            _ = try next.sql("INSERT INTO t(b) VALUES('next');")
        }
        #expect(try setup.poll() == .rolledBackByRecovery)
        try next.close()
    }

    @Test("a recovery that loses nothing is none of its business")
    func recovered() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3)
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        setup.session.kill()
        let next = try SQLite3Session(setup.folder.file("a.db"))
        _ = try next.sql("INSERT INTO t(b) VALUES('next');")
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 1)
        try next.close()
    }

    @Test("believes no wal-index that nobody uses")
    func staleIndex() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3)
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        setup.session.kill()
        let next = try SQLite3Session(setup.folder.file("a.db"))
        _ = try next.sql("PRAGMA locking_mode=EXCLUSIVE; INSERT INTO t(b) VALUES('next');")
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 1)
        try next.close()
    }

    @Test(
        "a wal-index that counts more than the log holds, as after a power loss, is no reason to read holes as frames",
        arguments: [false, true],
        [false, true]
    )
    func indexBeyondLog(isUsed: Bool, endsInHole: Bool) throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3)
        #expect(try setup.poll() == .current)
        try setup.insert(5, bytes: 3000)
        let log = try OpenFile(FilePath(setup.folder.file("a.db-wal")), .update)
        let length = try log.status().sizeBytes
        if !isUsed { setup.session.kill() }
        try log.truncate(to: length - 3 * 4120 - 100)
        if endsInHole { try log.truncate(to: length) }
        // What is held, and what is begun anew: neither reads a hole, nor waits for frames that do not come.
        let polled = try setup.poll()
        #expect(isUsed ? polled != .congested : polled == .current)
        let result = try setup.overlay(setup.tail)
        if isUsed, endsInHole {
            #expect(result == .moved)
            return
        }
        guard case .commits = result else {
            Issue.record("\(result)")
            return
        }
        let frames = try #require(setup.tail.position.chain?.frameCount)
        #expect(try UInt64(frames * 4120) < log.status().sizeBytes || !endsInHole)
    }

    @Test("says so when a log goes whose chain is broken and that no wal-index explains")
    func unexplained() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3, bytes: 3000)
        #expect(try setup.poll() == .current)
        try setup.commitEmptyFrames()
        let log = try PinnedFile(FilePath(setup.folder.file("a.db-wal")))
        try setup.session.close()
        let tail = WALTail(log, indexPath: FilePath(setup.folder.file("a.db-shm")))
        #expect(try tail.poll(&setup.scratch, into: setup.sink) == .lost)
    }

    @Test("hands over a transaction that is too large to hold in parts")
    func large() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        _ = try setup.session.sql("BEGIN;")
        try setup.insert(40, bytes: 200_000)
        _ = try setup.session.sql("COMMIT;")
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 1)
        #expect(setup.sink.parts >= 2)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image)
    }

    @Test("lays the newest content of every page over the file, wherever the log was")
    func overlay() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(20, bytes: 3000)
        let sink = AppliedCommits()
        var covered = PageBitmap()
        var newest: [PageSet] = []
        let result = try setup.tail.overlay(&covered, &setup.scratch) { pages, _ in newest.append(pages) }
        guard case .commits(let pages) = result else {
            Issue.record("no commits: \(result)")
            return
        }
        for set in newest { sink.committed(set, databasePages: pages) }
        #expect(Set(newest.flatMap(\.numbers)).count == newest.reduce(0) { $0 + $1.count })
        try setup.insert(3)
        #expect(try setup.tail.poll(&setup.scratch, into: sink) == .current)
        #expect(sink.commits == newest.count + 3)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.folder.bytes(of: "a.db") == sink.image)
    }
}
