import Foundation
import TestSupport
import Testing

@Suite(
    "A repository without space",
    .serialized,
    .enabled(if: SmallFileSystem.isAllowed, "mounting needs root")
)
struct DiskFullTests {
    private static let space = 256 << 20

    private static func isFull(_ line: Substring) -> Bool { line.contains("No space left") }

    private func status(_ protection: Protection) throws -> RootState {
        let text = try protection.status("--json").stdout
        return try JSONDecoder().decode(RootState.self, from: Data(text.utf8))
    }

    private struct RootState: Decodable {
        let state: String
        let reason: String?
    }

    @Test(
        "amid commits: is degraded and says why, keeps its memory, goes on by itself, converges",
        arguments: ["DELETE", "WAL"]
    )
    func commits(mode: String) throws {
        let protection = try Protection(
            "PRAGMA journal_mode=\(mode); CREATE TABLE t(i INTEGER PRIMARY KEY, b);"
        )
        let disk = try SmallFileSystem(protection.folder.file("repository"), byteCount: Self.space)
        try protection.watch()
        let watcher = try #require(protection.watcher)
        let session = try SQLite3Session(protection.database)
        try session.sql("INSERT INTO t(b) VALUES(randomblob(100000));")
        let acknowledged = try protection.sync()
        let before = watcher.peakMemoryBytes

        try disk.fill(leaving: 1 << 20)
        var commits = 0
        // Far more than the repository, the queue and all buffers can take.
        for _ in 0..<400 {
            try session.sql("INSERT INTO t(b) VALUES(randomblob(100000));")
            commits += 1
        }
        try watcher.waitForError(Self.isFull)
        let full = try status(protection)
        #expect(full.state == "degraded")
        #expect(full.reason?.contains("No space left") == true)
        #expect(
            try protection.holdfast("sync", protection.data, "--timeout", "200ms", expecting: 1).stderr != ""
        )
        let grown = watcher.peakMemoryBytes - before
        #expect(grown < 32 << 20, "\(grown) bytes more memory")
        // Those that were acknowledged are as they were.
        #expect(try protection.snapshots().contains { $0.sequence == acknowledged })

        try disk.makeRoom()
        try protection.holdfast("sync", protection.data, "--timeout", "5s")
        #expect(try status(protection).state == "watching")
        try session.sql("INSERT INTO t(b) VALUES('after');")
        try protection.sync()
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "\(commits + 2)\n")
        try session.close()
        try protection.sync()
        #expect(try protection.snapshots().last?.digest == protection.liveDigest())
        try protection.stop()
        try protection.check()
    }

    @Test("waits for space without using the processor; --once and a sync without a watcher do not wait")
    func waiting() throws {
        let protection = try Protection()
        let disk = try SmallFileSystem(protection.folder.file("repository"), byteCount: 64 << 20)
        try protection.watch()
        let watcher = try #require(protection.watcher)
        try disk.fill(leaving: 0)
        try SQLite3.sql("INSERT INTO t(b) VALUES(randomblob(1000000));", on: protection.database)
        try watcher.waitForError(Self.isFull)
        // Long enough for the audit to be due, which cannot begin.
        let before = try watcher.processorSeconds()
        try protection.holdfast("sync", protection.data, "--timeout", "5s", expecting: 1)
        #expect(try watcher.processorSeconds() - before < 1)
        protection.kill()
        for command in [["watch", "--once", protection.data], ["sync", protection.data]] {
            let result = try HoldfastProgram.run(command, environment: protection.environment)
            #expect(result.status == 1 && result.stderr.contains("No space left"), "\(command): \(result)")
        }
        try disk.makeRoom()
        try protection.holdfast("watch", "--once", protection.data)
        #expect(try protection.snapshots().last?.digest == protection.liveDigest())
    }

    @Test("amid a base image: begins it anew once there is space", arguments: ["DELETE", "WAL"])
    func base(mode: String) throws {
        let protection = try Protection(
            """
            PRAGMA journal_mode=\(mode); CREATE TABLE t(i INTEGER PRIMARY KEY, b);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
            INSERT INTO t(b) SELECT randomblob(100000) FROM n;
            """
        )
        let disk = try SmallFileSystem(protection.folder.file("repository"), byteCount: Self.space)
        try disk.fill(leaving: 8 << 20)
        let watcher = try protection.startWatching()
        try watcher.waitForError(Self.isFull)
        #expect(try status(protection).state == "degraded")
        try SQLite3.sql("INSERT INTO t(b) VALUES('meanwhile');", on: protection.database)

        try disk.makeRoom()
        try watcher.waitForError { $0.hasPrefix("ready") }
        try protection.sync()
        #expect(try status(protection).state == "watching")
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "201\n")
        #expect(try protection.snapshots().first?.event == "baseline")
        #expect(try protection.snapshots().last?.digest == protection.liveDigest())
        try protection.check()
    }
}
