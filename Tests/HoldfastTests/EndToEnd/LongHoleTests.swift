import Foundation
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@Suite("Holes and lengths beyond reason", .serialized)
struct LongHoleTests {
    private static let terabyte: UInt64 = 1 << 40

    /// A file beside the database.
    private func file(_ name: String, in protection: Protection) throws -> OpenFile {
        try OpenFile(FilePath(protection.data + "/" + name), .updateOrCreate)
    }

    /// Both have the same length and the same digest, for which holes are not read.
    private func expectEqual(_ one: String, _ other: String) throws {
        #expect(try Content(one) == Content(other))
    }

    private struct Content: Equatable {
        let shape: ImageSize?
        let digest: UInt64

        init(_ path: String) throws {
            let file = try OpenFile(FilePath(path), .read)
            let shape = try ImageSize(pageSize: .plain, byteCount: file.status().sizeBytes)
            self.shape = shape
            digest = try ImageDigest.of(file, shape: #require(shape))
        }
    }

    @Test("a file becomes a terabyte long, and short again; a database beside it is captured within a second")
    func growth() throws {
        let protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(b);")
        let name = protection.data + "/x.bin"
        try file("x.bin", in: protection).write(unsafe [1, 2, 3].span.bytes, at: 0)
        try protection.watch()
        for length in [Self.terabyte, Self.terabyte + (1 << 30) + 77, 5000, Self.terabyte / 2, 3] as [UInt64]
        {
            try file("x.bin", in: protection).truncate(to: length)
            let began = MonotonicInstant.now
            try SQLite3.sql("INSERT INTO t VALUES(1);", on: protection.database)
            try protection.sync()
            #expect(began.duration(to: .now) < .seconds(10), "\(length) bytes")
            let copy = protection.folder.file("copy-\(length)")
            try protection.holdfast("restore", name, "--at", "latest", "--output", copy, "--quick")
            try expectEqual(name, copy)
        }
        try protection.check()
        let began = MonotonicInstant.now
        #expect(try protection.stop()?.status == 0)
        #expect(began.duration(to: .now) < .seconds(5))
        // The mirror is looked at when the next watcher starts, and the segment was sealed or is.
        try protection.watch()
        try protection.stop()
        try protection.check()
    }

    @Test("a file with content before, amid and behind long holes, new and growing, is captured as it is")
    func content() throws {
        let protection = try Protection("")
        let some = (0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let live = try file("x.bin", in: protection)
        for place: UInt64 in [0, 4_000_000, 10 << 30, (300 << 30) + 123] as [UInt64] {
            try live.write(unsafe some.span.bytes, at: place)
        }
        try live.truncate(to: Self.terabyte)
        try protection.watch()
        for (round, place) in [UInt64(200 << 30), 5 << 20, Self.terabyte - 100].enumerated() {
            try live.write(unsafe some.span.bytes, at: place)
            try protection.sync()
            let copy = protection.folder.file("copy-\(round)")
            try protection.holdfast(
                "restore",
                live.path.string,
                "--at",
                "latest",
                "--output",
                copy,
                "--quick"
            )
            try expectEqual(live.path.string, copy)
        }
        let peak = try #require(protection.watcher).peakMemoryBytes
        #expect(peak < 64 << 20, "\(peak >> 20) MiB")
        try protection.stop()
        try protection.check()
    }

    @Test("a database that a hole of a terabyte is added to", arguments: ["DELETE", "WAL"])
    func database(_ mode: String) throws {
        let protection = try Protection(
            "PRAGMA journal_mode=\(mode); CREATE TABLE t(b); INSERT INTO t VALUES(1);"
        )
        try SQLite3.sql("CREATE TABLE t(b);", on: protection.data + "/other.db")
        try protection.watch()
        try file("a.db", in: protection).truncate(to: Self.terabyte)
        let began = MonotonicInstant.now
        try SQLite3.sql("INSERT INTO t VALUES(2);", on: protection.data + "/other.db")
        try protection.sync()
        #expect(began.duration(to: .now) < .seconds(10))
        try SQLite3.sql("INSERT INTO t VALUES(3);", on: protection.database)
        try protection.sync()
        #expect(try #require(protection.watcher).isRunning)
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "2\n")
        #expect(try protection.stop()?.status == 0)
    }

    @Test(
        "more pages than can be numbered: left out with the reason, and captured once it is shorter",
        .enabled(if: SmallFileSystem.isAllowed),
        arguments: [17_592_186_040_320, 17_592_186_044_416, 1 << 62] as [UInt64]
    )
    func tooLong(_ length: UInt64) throws {
        let protection = try Protection("")
        let mount = try SmallFileSystem(protection.data + "/m", byteCount: 16 << 20)
        defer { _ = mount }
        let database = protection.data + "/m/d.db"
        try SQLite3.sql("CREATE TABLE t(b);", on: database)
        let long = try file("m/long.bin", in: protection)
        try long.truncate(to: length)
        try protection.watch()
        let watcher = try #require(protection.watcher)
        #expect(watcher.stderr.contains("long.bin is \(length) bytes long"), "\(watcher.stderr)")
        #expect(!watcher.stderr.contains("permissions"), "\(watcher.stderr)")
        #expect(
            try protection.status("--json").stdout.contains("long.bin is \(length) bytes long")
        )
        try SQLite3.sql("INSERT INTO t VALUES(1);", on: database)
        try protection.holdfast("sync", protection.data, "--timeout", "60s", expecting: 3)
        #expect(try !protection.log().contains { $0.path?.hasSuffix("long.bin") == true })
        try long.truncate(to: 5000)
        try protection.sync()
        #expect(try protection.log().contains { $0.path?.hasSuffix("long.bin") == true })
        #expect(try !protection.status("--json").stdout.contains("long.bin"))
        #expect(try protection.stop()?.status == 0)
    }
}
