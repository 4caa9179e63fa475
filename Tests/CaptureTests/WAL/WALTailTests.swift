import Foundation
import LinuxFiles
import Repository
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// Applies what a tail hands over to an image of the database.
private final class Applied: WALTail.Sink {
    var commits = 0
    var parts = 0
    var image: [UInt8] = []
    let hasRoom = true

    func committed(_ pages: PageSet, databasePages: PageCount) {
        commits += 1
        take(pages, databasePages)
    }

    func partOfCommit(_ pages: PageSet, databasePages: PageCount) {
        parts += 1
        take(pages, databasePages)
    }

    private func take(_ pages: PageSet, _ count: PageCount) {
        let size = pages.pageSize.bytes
        let length = Int(count.rawValue) * size
        if image.count < length { image.append(contentsOf: repeatElement(0, count: length - image.count)) }
        image.removeLast(image.count - length)
        for (index, number) in pages.numbers.enumerated() where count.contains(number) {
            let start = Int(number.rawValue - 1) * size
            image.replaceSubrange(start..<start + size, with: pages.bytes[index * size..<(index + 1) * size])
        }
    }
}

@Suite("WAL tail")
struct WALTailTests {
    /// A database in WAL mode with an open connection and the tail of its log.
    private final class Setup {
        let folder: TemporaryDirectory
        let session: SQLite3Session
        let tail: WALTail
        let sink = Applied()
        var scratch = [UInt8](repeating: 0, count: 1 << 20)

        init(_ pragmas: String = "") throws {
            folder = try TemporaryDirectory()
            session = try SQLite3Session(folder.file("a.db"))
            _ = try session.sql(
                "PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(pragmas)"
            )
            let path = FilePath(folder.file("a.db-wal"))
            tail = try WALTail(path, indexPath: FilePath(folder.file("a.db-shm")))
        }

        /// The tail of a log that was made just now.
        func tailFromBirth() throws -> WALTail {
            _ = try session.sql("PRAGMA journal_mode=DELETE; PRAGMA journal_mode=WAL; SELECT * FROM t;")
            let log = try HeldFile(FilePath(folder.file("a.db-wal")))
            return WALTail(log, indexPath: FilePath(folder.file("a.db-shm")), isNew: true)
        }

        func poll() throws -> WALTail.Outcome { try tail.poll(&scratch, into: sink) }

        /// A commit whose first frames have empty checksums: the cache spills, pages but not the first are written
        /// again, and all is given back.
        func commitEmptyFrames() throws {
            let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
            _ = try session.sql(
                """
                PRAGMA cache_size=5; BEGIN; SAVEPOINT s;
                CREATE TABLE u(b); INSERT INTO u \(rows) SELECT randomblob(900) FROM n;
                INSERT INTO t(b) \(rows) SELECT randomblob(900) FROM n; UPDATE t SET b = randomblob(901);
                ROLLBACK TO s; RELEASE s; INSERT INTO t(b) VALUES(randomblob(9000)); COMMIT;
                """
            )
        }

        func insert(_ count: Int, bytes: Int = 100) throws {
            let statement = "INSERT INTO t(b) VALUES(randomblob(\(bytes)));"
            _ = try session.sql(String(repeating: statement, count: count))
        }
    }

    @Test("hands over every commit once, across resets")
    func everyCommit() throws {
        let setup = try Setup("PRAGMA wal_autocheckpoint=20;")
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

    @Test("misses nothing of a new log that was truncated before its first commits were read")
    func truncatedAtBirth() throws {
        for inserts in [0, 1] {
            let setup = try Setup()
            let tail = try setup.tailFromBirth()
            try setup.insert(1)
            _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
            try setup.insert(inserts)
            #expect(try tail.poll(&setup.scratch, into: setup.sink) == .lost)
            // What follows a lost commit is none by itself.
            #expect(setup.sink.commits == 0)
        }
    }

    @Test("takes a new log from its first commit on, after a reset as well")
    func newLog() throws {
        let setup = try Setup("PRAGMA wal_autocheckpoint=0;")
        let tail = try setup.tailFromBirth()
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
        let setup = try Setup("PRAGMA wal_autocheckpoint=0;")
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
        let setup = try Setup("PRAGMA wal_autocheckpoint=0;")
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
        let setup = try Setup("PRAGMA wal_autocheckpoint=0;")
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
        let overwritten = try Setup("PRAGMA wal_autocheckpoint=0;")
        #expect(try overwritten.poll() == .current)
        try overwritten.insert(1)
        _ = try overwritten.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try overwritten.insert(1, bytes: 200_000)
        #expect(try overwritten.poll() == .lost)

        let truncated = try Setup("PRAGMA wal_autocheckpoint=0;")
        #expect(try truncated.poll() == .current)
        try truncated.insert(1)
        _ = try truncated.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try truncated.poll() == .lost)
    }

    @Test("says so when commits were truncated unread and a shorter generation has begun")
    func truncatedUnreadThenShort() throws {
        let setup = try Setup()
        try setup.insert(5)
        #expect(try setup.poll() == .current)
        try setup.insert(3)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        try setup.insert(1)
        #expect(try setup.poll() == .lost)
    }

    @Test("says so when a reset cut the log short amid an unread commit")
    func cutShort() throws {
        let setup = try Setup("PRAGMA journal_size_limit=20000; PRAGMA wal_autocheckpoint=0;")
        #expect(try setup.poll() == .current)
        try setup.insert(1, bytes: 200_000)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(FULL);")
        try setup.insert(1)
        #expect(try setup.poll() == .lost)
    }

    @Test("reads a log to its end after the log has lost its name")
    func unlinked() throws {
        let setup = try Setup()
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
        let setup = try Setup("PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=5; PRAGMA cache_spill=5;")
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        _ = try setup.session.sql("BEGIN;")
        try setup.insert(50, bytes: 9000)
        #expect(try FileStatus.of(FilePath(setup.folder.file("a.db-wal"))).sizeBytes > 200_000)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before)
        #expect(setup.tail.unfinishedBytes > 100_000)
        _ = try setup.session.sql("ROLLBACK;")
        try setup.insert(1)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 1)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image)
    }

    @Test("hands over a commit whose checksums SQLite left empty after a savepoint was rolled back")
    func brokenChain() throws {
        let setup = try Setup("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3, bytes: 3000)
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        try setup.commitEmptyFrames()
        #expect(try setup.tail.endsInEmptyFrame(&setup.scratch), "this SQLite does not do it")
        #expect(try setup.poll() == .current)
        try setup.insert(1)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 2)
    }

    @Test("says so when SQLite's recovery lost commits that it had confirmed")
    func takenBack() throws {
        let setup = try Setup("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3, bytes: 3000)
        try setup.commitEmptyFrames()
        #expect(try setup.poll() == .current)
        setup.session.kill()
        let next = try SQLite3Session(setup.folder.file("a.db"))
        let rows = try next.sql("INSERT INTO t(b) VALUES('next'); SELECT count(*) FROM t;")
        #expect(rows == "4\n", "this SQLite did not lose the commit")
        #expect(try setup.poll() == .takenBack)
        try next.close()
    }

    @Test("a recovery that loses nothing is none of its business")
    func recovered() throws {
        let setup = try Setup("PRAGMA wal_autocheckpoint=0;")
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
        let setup = try Setup("PRAGMA wal_autocheckpoint=0;")
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

    @Test("says so when a log goes whose chain is broken and that no wal-index explains")
    func unexplained() throws {
        let setup = try Setup("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(3, bytes: 3000)
        #expect(try setup.poll() == .current)
        try setup.commitEmptyFrames()
        let log = try HeldFile(FilePath(setup.folder.file("a.db-wal")))
        try setup.session.close()
        let tail = WALTail(log, indexPath: FilePath(setup.folder.file("a.db-shm")))
        #expect(try tail.poll(&setup.scratch, into: setup.sink) == .lost)
    }

    @Test("hands over a transaction that is too large to hold in parts")
    func large() throws {
        let setup = try Setup("PRAGMA wal_autocheckpoint=0;")
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
        let setup = try Setup("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(20, bytes: 3000)
        let sink = Applied()
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
