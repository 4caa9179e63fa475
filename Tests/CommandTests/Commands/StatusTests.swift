import Foundation
import LinuxSystem
import SystemPackage
import TestSupport
import Testing

/// Whether everything is protected, said at the head and by the exit status.
@Suite("The answer of status", .serialized)
struct StatusTests {
    private func status(
        _ protection: Protection,
        _ arguments: String...,
        expecting status: Int32
    ) throws -> String {
        let result = try protection.holdfast(["status"] + arguments, expecting: status)
        return result.stdout
    }

    @Test("a watcher runs: protected, with status 0, and a check is silent")
    func protected() throws {
        let protection = try Protection()
        try protection.watch()
        let text = try status(protection, expecting: 0)
        #expect(text.hasPrefix("protected: all that was committed up to now is durable\n"), "\(text)")
        #expect(try status(protection, "--check", "--max-age", "5m", expecting: 0) == "")
        let line = try status(protection, "--line", expecting: 0)
        #expect(line.hasPrefix("protected · now · "), "\(line)")
        let json = try status(protection, "--json", expecting: 0)
        #expect(json.contains(#""durable_until":""#) && json.contains(#""disk_free_bytes":"#), "\(json)")
        try protection.stop()
    }

    @Test("no watcher runs: not protected, since when, with status 1; the lag grows")
    func stopped() throws {
        let protection = try Protection()
        try protection.holdfast("watch", "--once", protection.data)
        let text = try status(protection, expecting: 1)
        #expect(text.hasPrefix("NOT PROTECTED: no watcher runs; last capture just now\n"), "\(text)")
        #expect(try status(protection, "--check", expecting: 1).hasPrefix("NOT PROTECTED: no watcher runs"))
        #expect(try status(protection, "--line", expecting: 1).hasPrefix("NOT PROTECTED · no watcher runs"))
        #expect(try lag(protection) > 0)
        let json = try status(protection, "--json", expecting: 1)
        #expect(json.contains(#""reasons":["no watcher runs; last capture "#), "\(json)")
    }

    private func lag(_ protection: Protection) throws -> Int {
        struct Line: Decodable { let lag_ms: Int }
        let json = try status(protection, "--json", expecting: 1)
        return try JSONDecoder().decode(Line.self, from: Data(json.utf8)).lag_ms
    }

    @Test("a watcher that hangs is named with its pid")
    func hanging() throws {
        let protection = try Protection()
        try protection.watch()
        let watcher = try #require(protection.watcher)
        watcher.signal(SIGSTOP)
        defer { watcher.signal(SIGCONT) }
        let text = try status(protection, expecting: 1)
        #expect(
            text.hasPrefix("NOT PROTECTED: the watcher (pid \(watcher.processID)) does not answer"),
            "\(text)"
        )
    }

    @Test("a watcher of many roots that hangs is waited for once, also when many wait for it already")
    func hangingWithManyRoots() throws {
        let protection = try Protection()
        let others = (1...4).map { protection.folder.file("other-\($0)") }
        for other in others {
            try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
        }
        let watcher = try protection.startWatching(others)
        for root in others + [protection.data] { try watcher.waitForError { $0.hasPrefix("ready: \(root)") } }
        watcher.signal(SIGSTOP)
        defer { watcher.signal(SIGCONT) }
        // Until no place is left at one socket.
        let roots = protection.folder.file("repository/roots")
        let root = try #require(FileManager.default.contentsOfDirectory(atPath: roots).first)
        var waiting: [Waiting] = []
        while waiting.count < 200, let one = try? Waiting("\(roots)/\(root)/control.sock") {
            waiting.append(one)
        }
        #expect(1..<200 ~= waiting.count)

        let start = MonotonicInstant.now
        let text = try status(protection, expecting: 1)
        // Each is given 5 s.
        #expect(start.duration(to: .now) < .seconds(20))
        for root in others + [protection.data] {
            #expect(text.contains("NOT PROTECTED: \(root): the watcher"), "\(text)")
        }
        #expect(text.split(separator: "\n").count { $0.contains("does not answer; ") } == 5, "\(text)")
        waiting = []
    }

    /// A connection that asks nothing.
    private final class Waiting {
        private let socket: Socket
        init(_ path: String) throws {
            socket = try Socket.connect(to: FilePath(path), timeout: .milliseconds(100))
        }
    }

    @Test("of several roots, the one that is not protected is named")
    func several() throws {
        let protection = try Protection()
        let other = protection.folder.file("other")
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
        try protection.holdfast("watch", "--once", other)
        try protection.watch()
        let text = try status(protection, expecting: 1)
        #expect(text.hasPrefix("NOT PROTECTED: \(other): no watcher runs"), "\(text)")
        _ = try status(protection, protection.data, expecting: 0)
        try protection.stop()
        // Each of them, and how each is protected again.
        let both = try status(protection, expecting: 1)
        let first = try status(protection, "--check", expecting: 1)
        for root in [other, protection.data] {
            #expect(both.contains("NOT PROTECTED: \(root): no watcher runs"), "\(both)")
            #expect(both.contains("  start the watcher: holdfast watch \(root)\n"), "\(both)")
        }
        #expect(first.split(separator: "\n").count == 1 && first.hasSuffix(" (and 1 more)\n"), "\(first)")
    }

    @Test("a root that a watcher waits for is not protected")
    func awaited() throws {
        let protection = try Protection()
        let later = protection.folder.file("later")
        let watcher = try HoldfastProgram.start(
            ["watch", "--wait-for-root", later],
            environment: protection.environment
        )
        defer { watcher.kill() }
        try watcher.waitForError { $0.contains("cannot be protected") }
        let text = try status(protection, expecting: 1)
        #expect(text.hasPrefix("NOT PROTECTED: ") && text.contains("\(later): No such file"), "\(text)")
        struct Line: Decodable, Equatable {
            let root, state: String
            let reasons: [String]
            let pid: Int32
            let sequence: Int
        }
        let json = try status(protection, "--json", expecting: 1)
        let line = try JSONDecoder().decode(Line.self, from: Data(json.utf8))
        #expect(line.root == later && line.state == "degraded" && line.pid == watcher.processID, "\(json)")
        #expect(line.sequence == 0 && line.reasons.count == 1, "\(json)")
        #expect(line.reasons.first?.contains("No such file") == true, "\(json)")
    }

    @Test("the limit of the size that comes before the full disk is said")
    func limit() throws {
        let protection = try Protection()
        try protection.watch("--max-size", "100M")
        try SQLite3.sql("INSERT INTO t(b) VALUES(randomblob(3000000));", on: protection.database)
        try protection.sync()
        let text = try status(protection, expecting: 0)
        let forecast = #/, at its limit of 100\.0 MiB in \d+ (days|months) by today's growth\n/#
        #expect(text.contains(forecast), "\(text)")
        #expect(!text.contains("full in"), "\(text)")
        #expect(try status(protection, "--json", expecting: 0).contains(#""full_in_seconds":null"#))
        try protection.stop()
    }

    @Test("damage is said though it is protected, with status 1")
    func damaged() throws {
        let protection = try Protection("CREATE TABLE t(a); INSERT INTO t VALUES(1); CREATE INDEX i ON t(a);")
        try protection.overwritePage(
            "SELECT rootpage FROM sqlite_master WHERE name = 'i';",
            with: [UInt8](repeating: 0, count: 4096)
        )
        try protection.watch("--check-after", "100ms")
        try wait(for: "the verdict") {
            try protection.status("--json").stdout.contains(#""health":"bad""#)
        }
        let text = try status(protection, expecting: 1)
        #expect(text.hasPrefix("protected, but NOT WELL: \(protection.database) is damaged"), "\(text)")
        #expect(text.contains("\nall that was committed up to "), "\(text)")
        let check = try status(protection, "--check", expecting: 1)
        #expect(check.hasPrefix("NOT WELL: \(protection.database) is damaged"), "\(check)")
        try protection.stop()
    }

    @Test("nothing is protected: said so, with status 1")
    func nothing() throws {
        let protection = try Protection()
        try protection.holdfast("watch", "--once", protection.data)
        try FileManager.default.removeItem(atPath: protection.folder.file("repository/roots"))
        try FileManager.default.createDirectory(
            atPath: protection.folder.file("repository/roots"),
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        #expect(try status(protection, expecting: 1).hasPrefix("NOT PROTECTED: nothing is protected"))
        let json = try status(protection, "--json", expecting: 1)
        #expect(json.hasPrefix(#"{"error":"nothing is protected in "#), "\(json)")
    }
}
