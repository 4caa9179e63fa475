import Foundation
import TestSupport
import Testing

/// A program commits, and looks at the history in its next line.
@Suite("Just committed", .serialized)
struct JustCommittedTests {
    @Test("where the newest is meant, it is there; the watcher is asked first")
    func newest() throws {
        let protection = try Protection(
            "PRAGMA journal_mode = WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);"
        )
        // Left to itself, it makes nothing durable for as long as the test runs.
        try protection.watch("--debounce", "60s", "--max-delay", "60s", "--check-after", "10m")
        try protection.holdfast("snapshot", "--tag", "s")
        let database = protection.database
        let session = try SQLite3Session(database)
        var count = 0
        func add() throws {
            count += 1
            try session.sql("INSERT INTO t VALUES(\(count), 1);")
        }
        for _ in 0..<2 {
            try add()
            #expect(
                try protection.holdfast("diff", "s", database, "--summary").stdout.contains("\(count) added")
            )
            try add()
            let query = ["query", "SELECT count(*) FROM t", database]
            for when in ["latest", "now", "latest-good"] {
                try add()
                #expect(try run(protection, query + ["--at", when]) == "\(count)\n", "\(when)")
            }
            try add()
            // The watcher has seen it a moment later.
            try wait(for: "the time of now", within: .seconds(20)) {
                let now = Date().ISO8601Format(.init(includingFractionalSeconds: true))
                return try run(protection, query + ["--at", now]) == "\(count)\n"
            }
            try add()
            try protection.holdfast("rows", "history", "t", "\(count)", database)
            try add()
            #expect(try protection.snapshots().count == count + 1)
            try add()
            let copy = protection.folder.file("copy-\(count).db")
            try protection.holdfast("restore", database, "--output", copy)
            #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "\(count)\n")
            try add()
            let other = protection.folder.file("other-\(count).db")
            try protection.holdfast("export", database, "--format", "db", "--output", other)
            #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: other) == "\(count)\n")
            try add()
            let tagged = try protection.holdfast("tag", "t\(count)", database, "--at", "latest", "--json")
                .stdout
            #expect(tagged.contains(#""sequence":\#(count + 1),"#), "\(tagged)")
        }
    }

    private func run(_ protection: Protection, _ arguments: [String]) throws -> String {
        try HoldfastProgram.run(arguments, environment: protection.environment).stdout
    }

    @Test("a watcher that does not answer is asked no longer than a while, and not at all with --no-sync")
    func silentWatcher() throws {
        let protection = try Protection()
        try protection.watch()
        protection.watcher?.signal(SIGSTOP)
        defer { protection.watcher?.signal(SIGCONT) }
        let start = Date()
        let quick = try protection.holdfast("query", "SELECT 1", protection.database, "--no-sync")
        #expect(Date().timeIntervalSince(start) < 9, "waited")
        #expect(!quick.stderr.contains("did not answer"))
        let asked = try protection.holdfast("log", protection.database)
        #expect(asked.stderr.contains("did not answer") && asked.stderr.contains("--no-sync"), "\(asked)")
        #expect(asked.stdout.contains("baseline"))
    }
}
