import Foundation
import TestSupport
import Testing

@Suite("A repository that goes away under its watcher", .serialized)
struct RepositoryGoneTests {
    /// What happens to it, as a shell script in the directory that holds the repository's own, and how the watcher calls that.
    private static let ends = [
        ("rm -r place/repository", "was removed"),
        ("mv place/repository elsewhere", "was moved"),
        ("mv place elsewhere", "was moved"),
        ("mv place/repository elsewhere; mkdir -m 700 place/repository", "was "),
        ("mv place/repository elsewhere; cp -a elsewhere place/repository", "was "),
        ("rm -r place/repository/roots/*", "was removed"),
        ("rm -r place/repository/roots/*/segments", "was removed"),
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
        #expect(result.stderr.contains("run holdfast watch again"))
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
        "its file system is unmounted, or another one mounted over it",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root"),
        arguments: ["umount --lazy place", "mount -t tmpfs -o mode=0700 tmpfs place/repository"]
    )
    func mounts(_ script: String) throws {
        let protection = try Protection()
        let disk = try SmallFileSystem(protection.folder.file("place"), byteCount: 64 << 20)
        defer { _ = try? Command.run("umount", ["--lazy", disk.path + "/repository"]) }
        let watcher = try HoldfastProgram.start(
            ["watch", protection.data, "--repo", protection.folder.file("place/repository")]
        )
        try watcher.waitForError { $0.hasPrefix("ready") }
        try shell(script, protection)
        let result = try watcher.waitForEnd(timeout: .seconds(2))
        #expect(result.status == 1)
        #expect(result.stderr.contains("the repository's"), "\(result)")
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
        let before = try watcher.processorSeconds()
        Thread.sleep(forTimeInterval: 1)
        #expect(try watcher.processorSeconds() - before < 0.1)
        #expect(try watcher.terminate().status == 0)
    }
}
