import Foundation
import TestSupport
import Testing

@Suite("Memory of the watcher", .serialized)
struct BoundedMemoryTests {
    private static let rows =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
    private static let large = "INSERT INTO t(b) \(rows) SELECT randomblob(4000) FROM n;"
    private static let limit = 64 << 20

    private func peak(_ protection: Protection) throws -> Int {
        try #require(protection.watcher).peakMemoryBytes
    }

    @Test(
        "one transaction of 80 MB in a write-ahead log that its writer closes at once, or keeps",
        arguments: [true, false]
    )
    func transaction(_ closes: Bool) throws {
        let protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);")
        try protection.watch()
        try protection.sync()
        let before = try peak(protection)
        let session = try SQLite3Session(protection.database)
        _ = try session.sql("PRAGMA wal_autocheckpoint=0; \(Self.large)")
        if closes { try session.close() }
        try protection.sync()
        let growth = try peak(protection) - before
        #expect(growth < Self.limit, "\(growth >> 20) MiB")
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "20000\n")
        #expect(try protection.stop()?.status == 0)
    }

    @Test("a log of 80 MB at the start")
    func start() throws {
        let small = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);")
        try small.watch()
        let before = try peak(small)
        try small.stop()
        let protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);")
        let session = try SQLite3Session(protection.database)
        _ = try session.sql("PRAGMA wal_autocheckpoint=0; \(Self.large)")
        try protection.watch()
        let growth = try peak(protection) - before
        #expect(growth < Self.limit, "\(growth >> 20) MiB")
        _ = try session.sql("INSERT INTO t(b) VALUES(1);")
        try protection.sync()
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "20001\n")
        #expect(try protection.stop()?.status == 0)
    }

    @Test(
        "a repository without space, and a log of 160 MB whose writer closes it",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root")
    )
    func full() throws {
        let protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);")
        let disk = try SmallFileSystem(protection.folder.file("repository"), byteCount: 512 << 20)
        try protection.watch()
        try protection.sync()
        let before = try peak(protection)
        try disk.fill(leaving: 1 << 20)
        let session = try SQLite3Session(protection.database)
        _ = try session.sql("PRAGMA wal_autocheckpoint=0;")
        for _ in 0..<2 { _ = try session.sql(Self.large) }
        try session.close()
        try #require(protection.watcher).waitForError { $0.contains("No space left") }
        try disk.makeRoom()
        try protection.sync()
        let growth = try peak(protection) - before
        #expect(growth < Self.limit, "\(growth >> 20) MiB")
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "40000\n")
        #expect(try protection.stop()?.status == 0)
    }

    @Test("journals of 80 MB: of a transaction that ends, and of a writer that died")
    func journals() throws {
        let protection = try Protection("CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(Self.large)")
        try protection.watch()
        try protection.sync()
        let before = try peak(protection)
        let change = "UPDATE t SET b = randomblob(4000);"
        try SQLite3.sql(change, on: protection.database)
        try protection.expectCaptured()
        let session = try SQLite3Session(protection.database)
        _ = try session.sql("PRAGMA cache_size=100; BEGIN; \(change)")
        session.kill()
        try protection.sync()
        let growth = try peak(protection) - before
        #expect(growth < Self.limit, "\(growth >> 20) MiB")
        let copy = try protection.restore("latest")
        let proof = "SELECT count(*), sum(length(b)), count(DISTINCT b) FROM t;"
        #expect(try SQLite3.sql(proof, on: copy) == SQLite3.sql(proof, on: protection.database))
        #expect(try protection.stop()?.status == 0)
    }

    @Test("names that come and go are forgotten, and known again when they come back")
    func names() throws {
        let protection = try Protection()
        try protection.watch()
        func comeAndGo(_ range: Range<Int>) throws {
            for number in range {
                let path = protection.data + "/\(number).txt"
                try Data("\(number)".utf8).write(to: URL(fileURLWithPath: path))
            }
            try protection.sync()
            for number in range {
                try FileManager.default.removeItem(atPath: protection.data + "/\(number).txt")
            }
        }
        let before = try peak(protection)
        // So many that segments are sealed amid it.
        for round in 0..<24 { try comeAndGo(round * 500..<(round + 1) * 500) }
        try protection.sync()
        let growth = try peak(protection) - before
        #expect(growth < Self.limit, "\(growth >> 20) MiB for 12,000 names")
        try comeAndGo(17..<18)
        try protection.sync()
        let events = try protection.log().filter { $0.path == protection.data + "/17.txt" }.map(\.event)
        // A file may be seen between its making and its writing.
        #expect(events.filter { $0 != "scan" } == ["created", "deleted", "created", "deleted"])
        try protection.stop()
        try protection.check()
    }
}
