import Foundation
import LinuxSystem
import TestSupport
import Testing

@Suite("A large database", .serialized)
struct LargeFileTests {
    @Test(
        "the base image of 500 MB is taken while a writer works, in less than 72 MB of memory",
        arguments: ["DELETE", "WAL"]
    )
    func memory(_ mode: String) throws {
        let protection = try Protection(
            """
            PRAGMA page_size=4096; PRAGMA journal_mode=\(mode); CREATE TABLE t(i INTEGER PRIMARY KEY, b);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 125000)
            INSERT INTO t SELECT i, hex(randomblob(1900)) FROM n;
            """
        )
        let program = try HoldfastProgram.start(
            ["watch", protection.data],
            environment: protection.environment
        )
        let session = try SQLite3Session(protection.database)
        var rows = 125_000
        let deadline = MonotonicInstant.now.advanced(by: .seconds(180))
        while !program.stderr.contains("ready") {
            try session.sql("INSERT INTO t(b) VALUES(hex(randomblob(1900)));")
            rows += 1
            try #require(program.isRunning && MonotonicInstant.now < deadline, "\(rows) \(program.stderr)")
        }
        try protection.sync()
        let peak = program.peakMemoryBytes
        // What the writer adds is sealed afterwards, which takes half as much again.
        #expect(peak < 40 << 20, "\(peak >> 20) MiB")
        let size = try protection.folder.bytes(of: "data/a.db").count
        #expect(size > 480_000_000)
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "\(rows)\n")
        let end = try program.terminate()
        #expect(end.status == 0, "\(end)")
    }

    @Test("of a file with large holes only what is not a hole is read, at the first start and later")
    func holes() throws {
        let protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(b);")
        let sizeBytes = 1 << 30
        let handle = try #require(FileHandle(forUpdatingAtPath: protection.database))
        try handle.truncate(atOffset: UInt64(sizeBytes))
        // The database's size in pages, as its header has it.
        try handle.seek(toOffset: 28)
        let pageCount = UInt32(sizeBytes / 4096)
        handle.write(Data((0..<4).map { UInt8(truncatingIfNeeded: pageCount >> (24 - 8 * $0)) }))
        try handle.close()
        for _ in 1...2 {
            try protection.watch()
            #expect(try #require(protection.watcher).readBytes() < 64 << 20)
            try protection.stop()
        }
        try protection.holdfast("check", "--read-data")
    }
}
