import Foundation
import TestSupport
import Testing

@Suite("A root that moves, goes and comes back", .serialized)
struct MovedRootTests {
    private static let insert = "INSERT INTO t(b) VALUES(hex(randomblob(500)));"

    @Test("behind a symbolic link that is pointed elsewhere: the same history goes on")
    func symbolicLink() throws {
        let protection = try Protection()
        try protection.shell("mv ../data ../real; ln -s real ../data")
        try protection.watch()
        try SQLite3.sql(Self.insert, on: protection.database)
        try protection.sync()
        try protection.shell("mv ../real ../elsewhere; ln -sfn elsewhere ../data")
        try protection.waitForState { $0.state == "watching" && $0.rescans > 0 }
        try SQLite3.sql(Self.insert, on: protection.database)
        try protection.expectCaptured()
        try protection.expectInOrder()
        #expect(try protection.snapshots().map(\.event) == ["baseline", "commit", "commit"])
        #expect(try Set(protection.log().compactMap(\.path)) == [protection.database])
    }

    @Test("deleted and made anew")
    func deleted() throws {
        let protection = try Protection()
        try protection.watch()
        try protection.shell("cp a.db ../first.db; rm -r ../data")
        try protection.waitForState { $0.state == "degraded" && $0.reason?.contains("is not there") == true }
        try protection.waitForLog { $0.last?.event == "deleted" }
        try protection.shellBeside("mkdir data; cp first.db data/a.db; echo new > data/note")
        try protection.waitForState { $0.state == "watching" }
        try SQLite3.sql(Self.insert, on: protection.database)
        try protection.expectCaptured()
        try protection.expectInOrder()
        #expect(try protection.snapshots().map(\.event).prefix(2) == ["baseline", "deleted"])
    }

    @Test(
        "a file system that is unmounted and mounted again, as the root and within it",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root"),
        arguments: ["data", "data/sub"]
    )
    func unmounted(place: String) throws {
        let protection = try Protection("")
        if place == "data" { try protection.shell("rmdir ../data") }
        let path = protection.folder.file(place)
        var disk: SmallFileSystem? = try SmallFileSystem(path, byteCount: 16 << 20)
        try SQLite3.sql("CREATE TABLE t(b); \(Self.insert)", on: path + "/a.db")
        try protection.shellBeside("echo x > \(place)/note")
        try protection.watch()
        try #require(disk != nil)
        disk = nil
        try protection.waitForState { $0.state == "degraded" && $0.reason?.contains("unmounted") == true }
        #expect(try !protection.log().contains { $0.event == "deleted" })
        try protection.shellBeside("rmdir \(place)")
        let other = try SmallFileSystem(path, byteCount: 16 << 20)
        try SQLite3.sql("CREATE TABLE u(b); INSERT INTO u VALUES(1);", on: path + "/a.db")
        try protection.waitForState { $0.state == "watching" }
        try protection.expectCaptured()
        try protection.expectInOrder()
        #expect(try protection.log().last { $0.path == path + "/note" }?.event == "deleted")
        try protection.stop()
        withExtendedLifetime(other) {}
    }
}

extension Protection {
    /// Runs a shell script beside the protected directory, which need not be there.
    func shellBeside(_ script: String) throws {
        let result = try Command.run("sh", ["-ec", script], directory: folder.path)
        guard result.status == 0 else { throw CommandFailure(command: script, result: result) }
    }
}
