import Foundation
import TestSupport
import Testing

@Suite("A repository that goes away under its watcher", .serialized)
struct RepositoryGoneTests {
    /// What happens to it, as a shell script in the directory that holds the repository's own, and how the
    /// watcher calls that.
    private static let ends = [
        ("rm -rf place/repository", "was removed"),
        ("mv place/repository elsewhere", "was moved"),
        ("mv place elsewhere", "was moved"),
        ("mv place/repository elsewhere; mkdir -m 700 place/repository", "was "),
        ("mv place/repository elsewhere; cp -a elsewhere place/repository", "was "),
        ("rm -rf place/repository/roots/*", "was removed"),
        ("rm -rf place/repository/roots/*/segments", "was removed"),
        ("mv place/repository/roots/*/bases elsewhere", "was moved"),
    ]

    private func scene(
        _ sql: String = "CREATE TABLE t(i INTEGER PRIMARY KEY, b);"
    ) throws -> (Protection, RunningProgram) {
        let protection = try Protection(sql)
        try FileManager.default.createDirectory(
            atPath: protection.folder.file("place"),
            withIntermediateDirectories: false
        )
        let watcher = try HoldfastProgram.start(
            ["watch", protection.data, "--repo", protection.folder.file("place/repository")]
        )
        try watcher.waitForError { $0.hasPrefix("ready") }
        return (protection, watcher)
    }

    private func shell(_ script: String, _ protection: Protection) throws {
        let result = try Command.run("sh", ["-ec", script], directory: protection.folder.path)
        #expect(result.status == 0, "\(result)")
    }

    @Test("is noticed though nothing is written: ends with 1 and says what happened", arguments: ends)
    func idle(_ script: String, _ words: String) throws {
        let (protection, watcher) = try scene()
        try shell(script, protection)
        let result = try watcher.waitForEnd(timeout: .seconds(2))
        #expect(result.status == 1)
        #expect(result.stderr.contains("the repository's \(protection.folder.file("place"))"), "\(result)")
        #expect(result.stderr.contains(words), "\(result)")
        #expect(result.stderr.contains("run holdfast watch --repo") && result.stderr.contains(" again"))
    }

    @Test("amid commits: what was not captured is not acknowledged")
    func busy() throws {
        let (protection, watcher) = try scene(
            "PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);"
        )
        let session = try SQLite3Session(protection.database)
        for _ in 0..<20 { try session.sql("INSERT INTO t(b) VALUES('x');") }
        try shell("mv place/repository elsewhere; mkdir -m 700 place/repository", protection)
        try session.sql("INSERT INTO t(b) VALUES('lost');")
        let sync = try HoldfastProgram.run(
            ["sync", protection.data, "--repo", protection.folder.file("place/repository")]
        )
        #expect(sync.status == 10, "\(sync)")
        #expect(try watcher.waitForEnd(timeout: .seconds(2)).status == 1)
        try session.close()
        let names = try FileManager.default.contentsOfDirectory(
            atPath: protection.folder.file("place/repository")
        )
        #expect(names == [])
    }

    @Test(
        "its file system is unmounted, or another one mounted over it: goes on when it is back",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root"),
        arguments: [
            ("mount --bind place kept && umount --lazy place", "mount --bind kept place && umount kept"),
            ("mount -t tmpfs -o mode=0700 tmpfs place/repository", "umount place/repository"),
            ("mount -t tmpfs -o mode=0700 tmpfs place", "umount place"),
        ]
    )
    func mounts(_ away: String, _ back: String) throws {
        let protection = try Protection()
        try FileManager.default.createDirectory(
            atPath: protection.folder.file("kept"),
            withIntermediateDirectories: false
        )
        let disk = try SmallFileSystem(protection.folder.file("place"), byteCount: 64 << 20)
        defer { withExtendedLifetime(disk) {} }
        defer { try? shell("umount -l kept place/repository || true", protection) }
        let repository = ["--repo", protection.folder.file("place/repository")]
        let watcher = try HoldfastProgram.start(["watch", protection.data] + repository)
        defer { watcher.kill() }
        try watcher.waitForError { $0.hasPrefix("ready") }
        try shell(away, protection)
        try watcher.waitForError(timeout: .seconds(2)) { $0.contains("unmounted, or mounted over") }
        try SQLite3.sql("INSERT INTO t(b) VALUES('meanwhile');", on: protection.database)
        #expect(try HoldfastProgram.run(["sync", protection.data] + repository).status != 0)
        // The watcher cannot be found where the repository was.
        let status = try HoldfastProgram.run(["status"] + repository)
        #expect(status.status == 10 && status.stderr.contains("is not a holdfast repository"), "\(status)")
        // Nothing was made in its place.
        try shell("test -z \"$(find place -mindepth 1 ! -name repository)\"", protection)
        try shell(back, protection)
        let isBack = { (line: Substring) in line.hasPrefix("ready") }
        try watcher.waitForError(timeout: .seconds(5), count: 2, isBack)
        #expect(try HoldfastProgram.run(["sync", protection.data] + repository).status == 0)
        let copy = protection.folder.file("copy.db")
        let restored = try HoldfastProgram.run(
            ["restore", protection.database, "--at", "latest", "--output", copy] + repository
        )
        #expect(restored.status == 0, "\(restored)")
        #expect(try SQLite3.sql("SELECT b FROM t;", on: copy) == "meanwhile\n")
        #expect(try watcher.terminate().status == 0)
    }

    @Test(
        "its file system becomes read-only, idle: said at once, on standard error and in the status",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root")
    )
    func readOnly() throws {
        // A file system with files open for writing is not made read-only by request, only by an error; a
        // mount over it is.
        let by = "mount --bind place/repository place/repository && mount -o remount,bind,ro place/repository"
        let free = "umount place/repository"
        let protection = try Protection()
        let disk = try SmallFileSystem(protection.folder.file("place"), byteCount: 64 << 20)
        defer { withExtendedLifetime(disk) {} }
        defer { try? shell("umount -l place/repository || true", protection) }
        let repository = ["--repo", protection.folder.file("place/repository")]
        let watcher = try HoldfastProgram.start(["watch", protection.data] + repository)
        defer { watcher.kill() }
        try watcher.waitForError { $0.hasPrefix("ready") }
        try shell(by, protection)
        try watcher.waitForError(timeout: .seconds(2)) { $0.contains("is read-only") }
        let status = try HoldfastProgram.run(["status", "--json"] + repository).stdout
        #expect(status.contains(#""state":"degraded""#) && status.contains("is read-only"), "\(status)")
        try shell(free, protection)
        try watcher.waitForError(timeout: .seconds(2)) { $0.contains("in order again") }
        try SQLite3.sql("INSERT INTO t(b) VALUES('later');", on: protection.database)
        #expect(try HoldfastProgram.run(["sync", protection.data] + repository).status == 0)
        let later = try HoldfastProgram.run(["status", "--json"] + repository).stdout
        #expect(later.contains(#""state":"watching""#), "\(later)")
        #expect(try watcher.terminate().status == 0)
    }

    @Test("what happens around it is no harm, and costs nothing")
    func around() throws {
        let (protection, watcher) = try scene()
        try shell(
            "ln -s place link; mv link other; touch place/a; rm place/a; mkdir place/b; rmdir place/b",
            protection
        )
        let sync = ["sync", protection.data, "--repo", protection.folder.file("place/repository")]
        #expect(try HoldfastProgram.run(sync).status == 0)
        try watcher.waitUntilIdle()
        #expect(try watcher.terminate().status == 0)
    }
}
