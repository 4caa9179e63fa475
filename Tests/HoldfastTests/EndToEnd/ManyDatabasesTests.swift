import Foundation
import TestSupport
import Testing

@Suite("Many databases", .serialized)
struct ManyDatabasesTests {
    private static let insert = "INSERT INTO t(b) VALUES(hex(randomblob(100)));"
    /// Far fewer descriptors than files.
    private static let openFiles = 256

    /// A hundred to a directory: in even directories in rollback mode, in odd ones with a log that nobody has
    /// open.
    private func fill(_ protection: Protection, directories: Int) throws {
        let seed = protection.folder.file("seed")
        try FileManager.default.createDirectory(atPath: seed, withIntermediateDirectories: false)
        try SQLite3.sql(
            """
            PRAGMA journal_mode=wal; CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(Self.insert)
            .shell cp \(seed)/w.db \(seed)/a.db && cp \(seed)/w.db-wal \(seed)/a.db-wal
            """,
            on: seed + "/w.db"
        )
        try protection.shell(
            """
            mkdir even odd
            for i in $(seq 100); do cp a.db even/$i.db; cp ../seed/a.db odd/$i.db; cp ../seed/a.db-wal odd/$i.db-wal; done
            for d in $(seq 2 2 \(directories)); do cp -r even $d; done
            for d in $(seq 1 2 \(directories)); do cp -r odd $d; done
            rm -r even odd
            """
        )
    }

    private func openFiles(_ program: RunningProgram) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(program.processID)/fd").count
    }

    @Test("2,000 with 256 descriptors: all captured, each commit as well, and when idle nothing runs")
    func fewDescriptors() throws {
        let protection = try Protection()
        try fill(protection, directories: 20)
        let watcher = try RunningProgram(
            "/usr/bin/prlimit",
            ["--nofile=\(Self.openFiles):\(Self.openFiles)", HoldfastProgram.path, "watch", protection.data],
            environment: HoldfastProgram.environment(protection.environment)
        )
        try watcher.waitForError { $0.hasPrefix("ready") }

        // In some of each kind two commits: when its log comes, and when that is gone.
        let written = (1...20).map { protection.data + "/\($0)/\($0 * 5).db" }
        for _ in 0..<2 { for path in written { try SQLite3.sql(Self.insert, on: path) } }
        try protection.sync()
        let lines = try protection.log()
        for path in written {
            #expect(lines.filter { $0.path == path }.map(\.event) == ["baseline", "commit", "commit"])
        }
        #expect(lines.count { $0.event == "baseline" } == 2001)
        #expect(try openFiles(watcher) < Self.openFiles * 3 / 4)

        // Once everything was compared again.
        try protection.waitForState { $0.audits >= 2001 }
        try watcher.waitUntilIdle()
        try protection.expectInOrder()
        for path in written.prefix(2) {
            let copy = protection.folder.file("copy.db")
            try protection.holdfast("restore", path, "--at", "latest", "--output", copy, "--force")
            #expect(try SQLite3.sql(".dump", on: copy) == SQLite3.sql(".dump", on: path))
        }
        let said = watcher.stderr.split(separator: "\n").filter { !$0.contains("on the same disk") }
        #expect(said.count == 1, "\(watcher.stderr)")
        try watcher.terminate()
    }
}
