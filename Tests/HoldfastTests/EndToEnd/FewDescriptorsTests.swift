import Foundation
import TestSupport
import Testing

@Suite("Limits of the process", .serialized)
struct FewDescriptorsTests {
    @Test(
        "64 descriptors and 150 databases, half of them with a log and an open writer: ready, and commits are captured"
    )
    func descriptors() throws {
        let protection = try Protection()
        let names = (1...150).map { protection.data + "/\($0).db" }
        var sessions: [SQLite3Session] = []
        for (number, name) in names.enumerated() {
            if number.isMultiple(of: 2) {
                try SQLite3.sql("CREATE TABLE t(b);", on: name)
            } else {
                let session = try SQLite3Session(name)
                try session.sql("PRAGMA journal_mode=WAL; CREATE TABLE t(b); INSERT INTO t VALUES('before');")
                sessions.append(session)
            }
        }
        let watcher = try RunningProgram(
            "/usr/bin/prlimit",
            ["--nofile=64:64", HoldfastProgram.path, "watch", protection.data],
            environment: HoldfastProgram.environment(protection.environment)
        )
        defer { watcher.kill() }
        try watcher.waitForError { $0.hasPrefix("ready") }
        for session in sessions {
            try session.sql("INSERT INTO t VALUES('one'); INSERT INTO t VALUES('two');")
        }
        for (number, name) in names.enumerated() where number.isMultiple(of: 2) {
            try SQLite3.sql("INSERT INTO t VALUES('one');", on: name)
        }
        try protection.sync()
        let lines = try protection.log()
        for name in names {
            let events = lines.filter { $0.path == name }.map(\.event)
            #expect(events.first == "baseline" && events.count > 1, "\(name): \(events)")
        }
        #expect(!watcher.stderr.contains("left out"), "\(watcher.stderr)")
        for session in sessions { try session.close() }
        try protection.expectCaptured()
        #expect(try watcher.terminate().status == 0)
    }

    @Test("a name for which no journal can have a name is captured, and nothing is said of it")
    func longName() throws {
        let protection = try Protection()
        let name = String(repeating: "n", count: 251) + ".db"
        try Data(contentsOf: URL(fileURLWithPath: protection.database))
            .write(to: URL(fileURLWithPath: protection.data + "/" + name))
        try protection.watch()
        let watcher = try #require(protection.watcher)
        try protection.expectCaptured()
        let said = watcher.stderr.split(separator: "\n").filter { !$0.contains("on the same disk") }
        #expect(said.count == 1, "\(watcher.stderr)")
    }

    @Test(
        "of what is no regular file it is not said that its permissions are wrong",
        arguments: ["a.db-journal", "a.db-wal", "b.db"]
    )
    func pipe(name: String) throws {
        let protection = try Protection()
        try protection.shell("mkfifo \(name)")
        try protection.watch()
        try protection.shell("rm \(name)")
        try protection.expectCaptured()
        #expect(try #require(protection.watcher).stderr.contains("permissions") == false)
    }
}
