import Foundation
import TestSupport
import Testing

/// Whatever shares a snapshot is counted, or a gap.
@Suite("Counted commits", .serialized)
struct CountedCommitsTests {
    private func counted(_ log: [LogLine], _ path: String) -> Int {
        log.filter { $0.path == path }.reduce(0) {
            switch $1.event {
            case "commit": $0 + 1
            // An empty file is a database without a commit.
            case "created": $0 + ($1.image_bytes == 0 ? 0 : max(1, $1.coalesced ?? 0))
            default: $0 + ($1.coalesced ?? 0)
            }
        }
    }

    private static let modes = ["DELETE", "PERSIST", "TRUNCATE", "MEMORY", "OFF"]

    @Test(
        "of processes that live for a moment, in a database that is there and in one that is new",
        arguments: modes,
        ["NORMAL", "EXCLUSIVE"]
    )
    func shortProcesses(mode: String, locking: String) throws {
        let protection = try Protection("CREATE TABLE t(i);")
        try protection.watch()
        var random = SeededRandom(seed: UInt64.random(in: 0 ... .max))
        var commits = [1, 1]
        let paths = [protection.database, protection.data + "/new.db"]
        try SQLite3.sql("PRAGMA journal_mode=\(mode); CREATE TABLE t(i);", on: paths[1])
        for _ in 0..<16 {
            let which = Int.random(in: 0...1, using: &random)
            // Without a journal nothing tells several commits under one lock apart.
            let isAlone = locking == "EXCLUSIVE" && (mode == "MEMORY" || mode == "OFF")
            let count = isAlone ? 1 : Int.random(in: 1...4, using: &random)
            let inserts = String(repeating: "INSERT INTO t VALUES(randomblob(100));", count: count)
            try SQLite3.sql(
                "PRAGMA journal_mode=\(mode); PRAGMA locking_mode=\(locking); \(inserts)",
                on: paths[which]
            )
            commits[which] += count
        }
        try protection.sync()
        let log = try protection.log()
        let hasGap = log.contains { $0.event == "gap" }
        // The baseline stands for the first commit of the database that was there.
        let known = [counted(log, paths[0]) + 1, counted(log, paths[1])]
        #expect(known == commits || hasGap, "\(known) of \(commits)")
        for index in 0...1 { #expect(known[index] <= commits[index], "\(known) of \(commits)") }
        let isCertain = mode == "DELETE" && locking == "NORMAL"
        #expect(!isCertain || !hasGap)
        try protection.expectCaptured()
    }

    @Test(
        "a copy counts the commits of its original, and nothing is missed",
        arguments: ["cp a.db", "cat a.db >"]
    )
    func copy(_ command: String) throws {
        let inserts = "INSERT INTO t VALUES(1); INSERT INTO t VALUES(2);"
        let protection = try Protection("CREATE TABLE t(i); \(inserts)")
        try protection.watch()
        try protection.shell("\(command) copy.db")
        try protection.sync()
        let log = try protection.log()
        #expect(counted(log, protection.data + "/copy.db") == 3, "\(log)")
        #expect(!log.contains { $0.event == "gap" }, "\(log)")
        try protection.expectCaptured()
    }
}
