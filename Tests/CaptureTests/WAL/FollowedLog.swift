import Foundation
import RepositoryWriter
import SQLiteFiles
import SystemPackage
import TestSupport

@testable import Capture

/// A database in WAL mode with an open connection and the tail of its log.
final class FollowedLog {
    let folder: TemporaryDirectory
    let session: SQLite3Session
    let tail: WALTail
    let sink = AppliedCommits()
    /// How many calls the last `poll` took.
    private(set) var chunks = 0
    var scratch = [UInt8](repeating: 0, count: 1 << 20)

    /// What the last `poll` left of a chunk at least, in bytes.
    private(set) var leastLeft = 0

    /// `hasIndex`: else the session locks the database for itself, and makes no wal-index.
    init(_ pragmas: String = "", hasIndex: Bool = true) throws {
        folder = try TemporaryDirectory()
        session = try SQLite3Session(folder.file("a.db"))
        if !hasIndex { _ = try session.sql("PRAGMA locking_mode=EXCLUSIVE;") }
        _ = try session.sql(
            "PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(pragmas)"
        )
        let path = FilePath(folder.file("a.db-wal"))
        tail = try WALTail(PinnedFile(path), indexPath: FilePath(folder.file("a.db-shm")))
    }

    /// The tail of a log that was made just now.
    func tailOfNewLog() throws -> WALTail {
        _ = try session.sql("PRAGMA journal_mode=DELETE; PRAGMA journal_mode=WAL; SELECT * FROM t;")
        let log = try PinnedFile(FilePath(folder.file("a.db-wal")))
        return WALTail(log, indexPath: FilePath(folder.file("a.db-shm")), LogPosition(isNew: true))
    }

    /// Makes the log one without a header, whose index goes on.
    func truncate() throws { _ = try session.sql("PRAGMA wal_checkpoint(TRUNCATE);") }

    /// Begins from what is there now, as a comparison does.
    func overlay(_ tail: WALTail) throws -> OverlayOutcome {
        var covered = PageBitmap()
        return try tail.overlay(&covered, &scratch) { _, _ in }
    }

    /// Whether a frame that SQLite left empty follows what was consumed.
    func endsInEmptyFrame() throws -> Bool {
        guard let chain = tail.position.chain else { return false }
        return try tail.reader.hasEmptyFrame(behind: chain, &scratch)
    }

    /// Polls as long as it is only others that come first.
    func poll() throws -> WALTail.Outcome {
        var outcome = WALTail.Outcome.unfinished
        (chunks, leastLeft) = (0, .max)
        while outcome == .unfinished {
            outcome = try tail.poll(&scratch, into: sink)
            chunks += 1
            leastLeft = min(leastLeft, tail.reader.chunk)
        }
        return outcome
    }

    /// A commit whose first frames have empty checksums: the cache spills, pages but not the first are
    /// written again, and all is given back.
    func commitEmptyFrames() throws {
        try writeEmptyFrames(andThen: "INSERT INTO t(b) VALUES(randomblob(9000)); COMMIT;")
    }

    func writeEmptyFrames(andThen end: String) throws {
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
        _ = try session.sql(
            """
            PRAGMA cache_size=5; BEGIN; SAVEPOINT s;
            CREATE TABLE u(b); INSERT INTO u \(rows) SELECT randomblob(900) FROM n;
            INSERT INTO t(b) \(rows) SELECT randomblob(900) FROM n; UPDATE t SET b = randomblob(901);
            ROLLBACK TO s; RELEASE s; \(end)
            """
        )
    }

    /// A commit that writes its frames anew from the first on, and more than are there: the cache spills, and
    /// all its pages change again.
    func commitRewrittenFrames() throws {
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)"
        _ = try session.sql(
            """
            PRAGMA cache_size=5; BEGIN; INSERT INTO t(b) \(rows) SELECT randomblob(990) FROM n;
            UPDATE t SET b = randomblob(990); COMMIT;
            """
        )
    }

    /// Another process is killed when its transaction is in the log, while it syncs it. `sync`: which of its
    /// syncs.
    func commitUnindexed(
        _ sql: String = "INSERT INTO t(b) VALUES('unindexed');",
        sync: Int = 1
    ) throws {
        let kill = "inject=fdatasync:signal=KILL:when=\(sync)"
        let arguments = ["-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", kill]
        let command =
            ["sqlite3"] + SQLite3.arguments + [folder.file("a.db"), "PRAGMA synchronous=FULL; \(sql)"]
        let result = try Command.run("strace", arguments + command)
        guard result.status > 128 else { throw CommandFailure(command: sql, result: result) }
    }

    func insert(_ count: Int, bytes: Int = 100) throws {
        let statement = "INSERT INTO t(b) VALUES(randomblob(\(bytes)));"
        _ = try session.sql(String(repeating: statement, count: count))
    }
}

/// Applies what a tail hands over to an image of the database.
final class AppliedCommits: WALTail.Sink {
    var commits = 0
    var parts = 0
    var image: [UInt8] = []
    var hasRoom = true
    /// Parts of commits that there is room for; nil for any number.
    var roomForParts: Int?
    var hasRoomForParts: Bool { roomForParts.map { $0 > parts } ?? hasRoom }

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
