import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Files that are no databases, and whose writers never pause.
@Suite("Files that are written without a pause", .serialized)
struct RestlessFilesTests {
    /// How one is written, as a Python program: `files` are made, then `write` is called again and again.
    struct Writer: CustomTestStringConvertible {
        let testDescription: String
        /// Those that `status` is to name.
        let hindered: [String]
        /// What is written once while it is watched, as a shell script.
        var change = "true"
        let program: String
    }

    private static let writers = [
        Writer(
            testDescription: "a small one that stays open",
            hindered: ["log.txt"],
            program: "f = open('log.txt', 'wb', 0)\ndef write(): f.write(b'line'); time.sleep(0.02)"
        ),
        Writer(
            testDescription: "a large one that is closed after each write",
            hindered: ["large.bin"],
            program: """
                open('large.bin', 'wb').write(os.urandom(96 << 20))
                def write(): open('large.bin', 'r+b').write(os.urandom(100)); time.sleep(0.002)
                """
        ),
        Writer(
            testDescription: "the log of an encrypted database",
            hindered: ["secret.db", "secret.db-wal"],
            change: "echo more >> secret.db",
            program: """
                open('secret.db', 'wb').write(os.urandom(8192))
                f = open('secret.db-wal', 'wb', 0)
                def write(): f.write(os.urandom(4096)); time.sleep(0.02); f.seek(0)
                """
        ),
        Writer(
            testDescription: "the log of a large encrypted database",
            hindered: ["secret.db", "secret.db-wal"],
            change: "echo more >> secret.db",
            program: """
                open('secret.db', 'wb').write(os.urandom(64 << 20))
                f = open('secret.db-wal', 'wb', 0)
                def write(): f.write(os.urandom(4096)); time.sleep(0.002); f.seek(0)
                """
        ),
        Writer(
            testDescription: "many of them",
            hindered: (10..<25).map { "\($0).txt" },
            program: """
                files = [open(str(i) + '.txt', 'wb', 0) for i in range(10, 25)]
                def write(): [f.write(b'line') for f in files]; time.sleep(0.02)
                """
        ),
    ]

    private func start(_ writer: Writer, in protection: Protection) throws -> RunningProgram {
        let program =
            "import os, time\n\(writer.program)\nwrite()\nprint('writes', flush=True)\nwhile True: write()"
        let running = try RunningProgram(
            "/usr/bin/env",
            ["python3", "-c", program],
            environment: ProcessInfo.processInfo.environment,
            directory: protection.data
        )
        try running.waitForOutput { $0 == "writes" }
        return running
    }

    /// On a busy machine the writer itself may pause, and what was changed is captured: then it is changed
    /// again.
    private func change(
        _ writer: Writer,
        _ protection: Protection,
        untilNamed name: String
    ) throws -> String {
        let watcher = try #require(protection.watcher)
        for _ in 0..<10 {
            try protection.shell(writer.change)
            let line = try? watcher.waitForError(timeout: .seconds(5)) {
                $0.contains("/\(name) is ") && $0.contains("without a pause")
            }
            if let line { return line }
        }
        throw WaitedInVain(what: "the name of \(name)")
    }

    private struct Status: Decodable {
        struct Hindered: Decodable {
            let count: Int
            let reasons: [String]
        }
        let state: String
        let hindered: Hindered?
    }

    private func status(_ protection: Protection) throws -> Status {
        let text = try protection.status("--json").stdout
        return try JSONDecoder().decode(Status.self, from: Data(text.utf8))
    }

    @Test(
        "are named, hold up nobody, are never called durable, and are captured in the end",
        arguments: writers
    )
    func restless(_ writer: Writer) throws {
        let protection = try Protection()
        let running = try start(writer, in: protection)
        defer { running.kill() }
        try protection.watch()
        let watcher = try #require(protection.watcher)
        for name in writer.hindered {
            let line = try change(writer, protection, untilNamed: name)
            // What is read in a moment may have been captured before events told of a writer.
            guard name == "large.bin", let said = watcher.stderr.range(of: line) else { continue }
            #expect(watcher.stderr[said.upperBound...].contains("ready"), "\(watcher.stderr)")
        }
        try SQLite3.sql("INSERT INTO t(b) VALUES('x');", on: protection.database)
        let answer = try protection.holdfast("sync", protection.data, expecting: 3)
        #expect(answer.stderr.contains("without a pause"), "\(answer)")
        #expect(try protection.snapshots().last?.event == "commit")
        var changed = MonotonicInstant.now
        // One that begins to be read again is not named for that moment by those that it holds up.
        try wait(for: "all names", within: .seconds(30)) {
            if changed.duration(to: .now) > .seconds(5) {
                try protection.shell(writer.change)
                changed = .now
            }
            let status = try status(protection)
            guard let hindered = status.hindered, hindered.count == writer.hindered.count else {
                return false
            }
            #expect(status.state == "degraded" && hindered.reasons.count == min(10, hindered.count))
            return zip(hindered.reasons, writer.hindered).allSatisfy { $0.contains("/\($1) is ") }
        }
        let text = try protection.status().stdout
        #expect(text.contains("5 more files") == (writer.hindered.count == 15), "\(text)")
        running.kill()
        // Who asks at once is told of it once more.
        try wait(for: "a capture of all", within: .seconds(30)) {
            let command = ["sync", protection.data]
            return try HoldfastProgram.run(command, environment: protection.environment).status == 0
        }
        try protection.expectCaptured()
        try protection.expectInOrder()
        #expect(try status(protection).hindered == nil)
    }

    @Test("a single capture ends and names them")
    func once() throws {
        let protection = try Protection()
        let running = try start(Self.writers[1], in: protection)
        defer { running.kill() }
        for command in [["watch", "--once", protection.data], ["sync", protection.data]] {
            let answer = try HoldfastProgram.run(command, environment: protection.environment)
            #expect(answer.status == 3, "\(answer)")
            #expect(answer.stderr.contains("/large.bin is being written without a pause"), "\(answer)")
        }
        running.kill()
        try protection.holdfast("watch", "--once", protection.data)
        #expect(try protection.log().contains { $0.path == protection.data + "/large.bin" })
    }
}
