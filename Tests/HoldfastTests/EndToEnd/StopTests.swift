import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("Told to stop", .serialized)
struct StopTests {
    private static let limit = Duration.seconds(3)

    /// Everything in the root's part of the repository, as find(1) lists it.
    private func files(_ protection: Protection, _ arguments: String...) throws -> [Substring] {
        try Command.run("find", [protection.folder.file("repository/roots")] + arguments).stdout.split(
            separator: "\n"
        )
    }

    /// Makes a file whose first image takes seconds, for it cannot be compressed.
    private func makeLongFile(_ path: String) throws {
        let made = try Command.run("sh", ["-c", "head -c 600M /dev/urandom >\(path)"])
        try #require(made.status == 0, "\(made)")
    }

    /// Waits until the draft of a base image has some content.
    private func waitForDraft(_ protection: Protection) throws {
        try wait(for: "the draft") {
            try !files(protection, "-path", "*/bases/*.new", "-size", "+0").isEmpty
        }
    }

    @Test("amid a first image: ends soon with 130, says so, and leaves no half of it")
    func firstImage() throws {
        let folder = try TemporaryDirectory()
        let long = folder.file("long")
        try makeLongFile(long)
        for (signal, once) in [SIGTERM, SIGINT, SIGHUP].flatMap({ [($0, false), ($0, true)] }) {
            let protection = try Protection()
            try protection.shell("ln \(long) long")
            let watcher = try protection.startWatching(once ? ["--once"] : [])
            try waitForDraft(protection)
            watcher.signal(signal)
            let result = try watcher.waitForEnd(timeout: Self.limit)
            #expect(result.status == 130, "\(result)")
            let words =
                "\(protection.data): stopped before the first capture was complete: 1 of 2 files are captured"
            #expect(
                result.stderr.contains(words) && result.stderr.contains("run holdfast watch"),
                "\(result)"
            )
            #expect(!result.stderr.contains("ready"))
            #expect(try files(protection, "-name", "*.new") == [])
            #expect(try files(protection, "-path", "*/mirror/*", "-size", "+1M") == [])
            try protection.shell("rm long")
            try protection.holdfast("watch", "--once", protection.data)
            try protection.expectCaptured()
        }
    }

    @Test("amid an audit: what was committed counts as captured, for a sync and for the stop")
    func audit() throws {
        struct Status: Decodable {
            struct Progress: Decodable { let what: String }
            let under_way: [Progress]?
        }
        let protection = try Protection(
            """
            PRAGMA journal_mode=WAL; CREATE TABLE t(b);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO t SELECT randomblob(1000) FROM n;
            """
        )
        let watcher = try protection.startWatching()
        try watcher.waitForError { $0.contains("ready") }
        let mirror = try #require(files(protection, "-path", "*/mirror/*", "-size", "+1M").first)
        let delay = try watcher.delay("pread64", on: String(mirror), milliseconds: 300)
        try SQLite3.sql("INSERT INTO t VALUES(1)", on: protection.database)
        let isAuditing = {
            let text = try protection.status("--json").stdout
            let status = try JSONDecoder().decode(Status.self, from: Data(text.utf8))
            return status.under_way?.contains { $0.what == "audit" } == true
        }
        try wait(for: "the audit", until: isAuditing)
        try protection.sync()
        #expect(try isAuditing(), "it takes much longer than the sync")
        watcher.signal(SIGTERM)
        let result = try watcher.waitForEnd(timeout: Self.limit)
        #expect(result.status == 0, "\(result)")
        delay.kill()
        try protection.check()
    }

    @Test("amid the listing and capturing of many files: says how many are captured")
    func manyFiles() throws {
        let protection = try Protection()
        try protection.shell("for d in $(seq 60); do mkdir $d; (cd $d; seq 200 | split -l 1 -a 3 - f); done")
        let watcher = try protection.startWatching()
        try wait(for: "a segment") { try !files(protection, "-path", "*/segments/*").isEmpty }
        watcher.signal(SIGTERM)
        let result = try watcher.waitForEnd(timeout: Self.limit)
        #expect(result.status == 130, "\(result)")
        let count = try #require(result.stderr.firstMatch(of: /complete: ([0-9]+) of ([0-9]+) files/))
        #expect(try #require(Int(count.1)) < #require(Int(count.2)), "\(result)")
        try protection.check()
    }

    @Test("what a killed watcher left of a first image is removed by the next one")
    func killed() throws {
        let protection = try Protection()
        try makeLongFile(protection.data + "/long")
        try protection.startWatching()
        try waitForDraft(protection)
        protection.kill()
        #expect(try files(protection, "-name", "*.new") != [])
        try protection.shell("rm long")
        try protection.holdfast("watch", "--once", protection.data)
        #expect(try files(protection, "-name", "*.new") == [])
        #expect(try files(protection, "-path", "*/mirror/*").count == 1)
        try protection.check()
    }

    @Test("all that was committed before is durable, and the status 0", arguments: ["DELETE", "WAL"])
    func committed(mode: String) throws {
        let protection = try Protection(
            "PRAGMA journal_mode=\(mode); CREATE TABLE t(i INTEGER PRIMARY KEY, b);"
        )
        for round in 1...3 {
            try protection.watch()
            let session = try SQLite3Session(protection.database)
            for _ in 0..<20 { try session.sql("INSERT INTO t(b) VALUES('x');") }
            #expect(try protection.stop()?.status == 0)
            try session.close()
            let copy = try protection.restore("latest")
            #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "\(20 * round)\n")
            try FileManager.default.removeItem(atPath: copy)
        }
    }

    @Test("what cannot be captured is said, for it may be committed, and the status is not 0")
    func notTaken() throws {
        let protection = try Protection()
        try protection.watch()
        // Written without a pause, and never closed.
        let writer = try RunningProgram(
            "/bin/sh",
            ["-c", "exec 3>>\(protection.data)/busy; while :; do echo x >&3; done"],
            environment: HoldfastProgram.environment()
        )
        defer { writer.kill() }
        // By then it was seen being written: as it is found first, it would be taken.
        try wait(for: "writes") { (try? protection.live("busy").count) ?? 0 > 20_000 }
        let watcher = try #require(protection.watcher)
        watcher.signal(SIGTERM)
        let result = try watcher.waitForEnd(timeout: Self.limit)
        #expect(result.status == 130, "\(result)")
        #expect(
            result.stderr.contains("the last changes of \(protection.data)/busy were captured"),
            "\(result)"
        )
    }

    @Test(
        "while it waits for space",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root"),
        arguments: [SIGTERM, SIGHUP]
    )
    func fullRepository(_ signal: Int32) throws {
        let protection = try Protection()
        let disk = try SmallFileSystem(protection.folder.file("repository"), byteCount: 64 << 20)
        try protection.watch()
        let watcher = try #require(protection.watcher)
        try disk.fill(leaving: 0)
        try SQLite3.sql("INSERT INTO t(b) VALUES(randomblob(1000000));", on: protection.database)
        try watcher.waitForError { $0.contains("No space left") }
        watcher.signal(signal)
        let result = try watcher.waitForEnd(timeout: Self.limit)
        #expect(result.status != 0 && result.status < 128 + 9, "\(result)")
    }

    @Test("a signal that was ignored when it began stays ignored", arguments: ["HUP", "INT"])
    func ignored(name: String) throws {
        let protection = try Protection()
        let watcher = try RunningProgram(
            "/bin/sh",
            ["-c", "trap '' \(name); exec \(HoldfastProgram.path) watch \(protection.data)"],
            environment: HoldfastProgram.environment(protection.environment)
        )
        try watcher.waitForError { $0.hasPrefix("ready") }
        watcher.signal(name == "HUP" ? SIGHUP : SIGINT)
        try SQLite3.sql("INSERT INTO t(b) VALUES('after');", on: protection.database)
        try protection.sync()
        #expect(watcher.isRunning)
        #expect(try watcher.terminate().status == 0)
    }
}
