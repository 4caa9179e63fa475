import Foundation
import TestSupport
import Testing

@Suite("Many roots in one watcher", .serialized)
struct ManyRootsTests {
    private static let rootCount = 24

    /// Catches threads, inotify instances or requests that a root has for itself, a root whose events others
    /// get, and one that is not looked at while others are busy.
    @Test("need no more than 16 threads and 2 inotify instances, and each commit of each root is captured")
    func bounded() throws {
        let protection = try Protection()
        let databases = try (1...Self.rootCount).map { number in
            // Each second root is a single file, and shares its directory with others.
            let root = number % 2 == 0 ? "root-\(number)" : "files"
            let directory = protection.folder.file(root)
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let database = "\(directory)/\(number).db"
            try SQLite3.sql("CREATE TABLE t(i INTEGER PRIMARY KEY, b);", on: database)
            if number % 3 == 0 { try SQLite3.sql("PRAGMA journal_mode=WAL;", on: database) }
            return (root: number % 2 == 0 ? directory : database, database: database)
        }
        let watcher = try HoldfastProgram.start(
            ["watch"] + databases.map(\.root),
            environment: protection.environment
        )
        defer { watcher.kill() }
        for (root, _) in databases { try watcher.waitForError { $0.hasPrefix("ready: \(root),") } }

        var (mostThreads, mostInstances) = (0, 0)
        for round in 1...3 {
            for (_, database) in databases {
                try SQLite3.sql("INSERT INTO t(b) VALUES('round \(round)');", on: database)
                mostThreads = max(mostThreads, try watcher.threadCount())
                mostInstances = max(
                    mostInstances,
                    watcher.openDescriptors().count { $0 == "anon_inode:inotify" }
                )
            }
        }
        // Clients wait without a thread each.
        let clients = try databases.map {
            try HoldfastProgram.start(["sync", $0.root], environment: protection.environment)
        }
        for client in clients {
            mostThreads = max(mostThreads, try watcher.threadCount())
            let ended = try client.waitForEnd()
            #expect(ended.status == 0, "\(ended)")
        }
        #expect(mostThreads <= 16)
        #expect(mostInstances <= 2)

        for (_, database) in databases {
            let output = protection.folder.file("restored.db")
            try protection.holdfast("restore", database, "-o", output, "--force")
            let rows = try SQLite3.sql("SELECT group_concat(b, ' ') FROM t;", on: output)
            #expect(rows == "round 1 round 2 round 3\n", "\(database)")
        }
        let ended = try watcher.terminate()
        #expect(ended.status == 0, "\(ended)")
    }
}
