import Foundation
import TestSupport
import Testing

/// A watcher whose configuration has metrics served.
@Suite("Metrics beside a watcher", .serialized)
struct MetricsTests {
    /// A watcher of one database, with a configuration.
    private final class Setup {
        let protection: Protection
        let watcher: RunningProgram

        init(metrics: String) throws {
            protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);")
            try Self.configure(metrics, protection)
            watcher = try HoldfastProgram.start(
                ["watch"],
                environment: protection.environment.merging(["HOLDFAST_CONFIG": Self.path(protection)]) { $1 }
            )
            try watcher.waitForError { $0.hasPrefix("ready") }
        }

        deinit { watcher.kill() }

        private static func path(_ protection: Protection) -> String { protection.folder.file("config.yaml") }

        private static func configure(_ metrics: String, _ protection: Protection) throws {
            let text = "roots: [{path: \(protection.data)}]\n\(metrics)\n"
            let path = try protection.folder.write(Array(text.utf8), to: "config.yaml")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }

        /// Has it read another configuration.
        func configure(_ metrics: String) throws {
            try Self.configure(metrics, protection)
            watcher.signal(SIGHUP)
        }

        /// The processes that serve its metrics.
        var servers: [Int32] {
            let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return processes.compactMap { Int32($0) }.filter { process in
                let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
                let words = String(decoding: line, as: UTF8.self).split(separator: "\0")
                return words.contains("--until-input-ends")
                    && words.contains { $0 == "--repo=" + protection.folder.file("repository") }
            }
        }
    }

    @Test("they are served by a process of its own, and count what the watcher does")
    func served() throws {
        let setup = try Setup(metrics: "metrics: 127.0.0.1:0")
        let url = try setup.watcher.metricsURL()
        #expect(setup.servers.count == 1)
        let root = ["root": setup.protection.data]
        for number in 1...5 {
            try SQLite3.sql("INSERT INTO t VALUES(\(number), 'x');", on: setup.protection.database)
        }
        try setup.protection.sync()
        try wait(for: "the commits") {
            let page = try MetricsPage(Scrape(url).text)
            guard let commits = page.value("holdfast_commits_total", root) else { return false }
            return try commits + #require(page.value("holdfast_coalesced_total", root)) >= 5
        }
        let page = try MetricsPage(Scrape(url).text)
        #expect(page.value("holdfast_protected", root) == 1)
        #expect(page.value("holdfast_watchers") == 1)
        #expect(try #require(page.value("holdfast_flush_seconds_count", root)) > 0)
        #expect(try #require(page.value("holdfast_resident_memory_bytes")) > 1_000_000)
        // The watcher has no network.
        #expect(!setup.watcher.openDescriptors().contains { $0.hasPrefix("socket:") && Self.isTCP($0) })
        #expect(try setup.watcher.terminate().status == 0)
        try wait(for: "nobody serves them") { try setup.servers.isEmpty && Scrape.isRefused(url) }
    }

    /// Catches a process that serves them without the configuration, which names the remotes.
    @Test("how far each remote is can be seen, and that one gets nothing")
    func remotes() throws {
        let folder = try TemporaryDirectory()
        let (good, lost) = (folder.file("good"), folder.file("lost"))
        let setup = try Setup(metrics: "metrics: 127.0.0.1:0")
        let url = try setup.watcher.metricsURL()
        let configuration = ["--config", setup.protection.folder.file("config.yaml")]
        try setup.protection.holdfast(["remote", "add", "good", "file://\(good)"] + configuration)
        // The other one is a disk that is not there.
        let remotes = "[{name: good, url: \"file://\(good)\"}, {name: lost, url: \"file://\(lost)\"}]"
        try setup.configure("metrics: 127.0.0.1:0\nremotes: \(remotes)")
        func value(_ name: String, _ remote: String) throws -> Double? {
            let labels = ["root": setup.protection.data, "remote": remote]
            return try MetricsPage(Scrape(url).text).value("holdfast_remote_\(name)", labels)
        }
        let before = Date().timeIntervalSince1970
        try SQLite3.sql("INSERT INTO t VALUES(1, 'x');", on: setup.protection.database)
        let sequence = try Double(setup.protection.sync())
        try wait(for: "the remote has it") { try value("last_sequence", "good") == sequence }
        #expect(try value("up", "good") == 1 && value("lag_seconds", "good") == 0)
        #expect(try #require(try value("acknowledged_timestamp_seconds", "good")) >= before - 1)
        try wait(for: "the other one fails") { try value("up", "lost") == 0 }
        #expect(
            try value("last_sequence", "lost") == 0 && value("acknowledged_timestamp_seconds", "lost") == nil
        )
        #expect(try #require(try value("lag_seconds", "lost")) > 0)
        #expect(try setup.watcher.terminate().status == 0)
    }

    /// Whether the kernel's tables of TCP sockets have it (proc_net_tcp in proc_pid_net(5)).
    private static func isTCP(_ link: String) -> Bool {
        let number = link.dropFirst("socket:[".count).dropLast()
        return ["tcp", "tcp6"].contains { table in
            let text = (try? String(contentsOfFile: "/proc/net/\(table)", encoding: .utf8)) ?? ""
            return text.contains(" \(number) ")
        }
    }

    @Test("when the watcher is killed, their process ends")
    func killed() throws {
        let setup = try Setup(metrics: "metrics: 127.0.0.1:0")
        let url = try setup.watcher.metricsURL()
        #expect(setup.servers.count == 1)
        setup.watcher.kill()
        try wait(for: "nobody serves them") { try setup.servers.isEmpty && Scrape.isRefused(url) }
    }

    @Test("when their process is killed, it is told and another one serves them")
    func killedServer() throws {
        let setup = try Setup(metrics: "metrics: 127.0.0.1:0")
        _ = try setup.watcher.metricsURL()
        kill(try #require(setup.servers.first), SIGKILL)
        try setup.watcher.waitForError { $0.contains("its process ended with status 137") }
        let url = try setup.watcher.metricsURL(count: 2)
        #expect(try Scrape(url).status == 200)
        #expect(try setup.watcher.terminate().status == 0)
    }

    /// Catches a taken port that hinders capture, is said with each attempt, or for ever.
    @Test("a port that is taken is said once and shown, hinders nothing, and is had when it is free")
    func taken() throws {
        let taken = try TakenPort()
        let setup = try Setup(metrics: "metrics: 127.0.0.1:\(taken.port)")
        let reason =
            "metrics cannot be served at 127.0.0.1:\(taken.port): Address already in use: choose another port"
        try setup.watcher.waitForError { $0 == "holdfast: \(reason)" }
        #expect(try setup.protection.status().stdout.contains(reason))
        #expect(try setup.protection.status("--check").status == 0)
        var attempts: Set<Int32> = []
        try wait(for: "two more attempts") {
            attempts.formUnion(setup.servers)
            return attempts.count >= 2
        }
        try SQLite3.sql("INSERT INTO t VALUES(1, 'x');", on: setup.protection.database)
        #expect(try setup.protection.sync() >= 2)
        taken.free()
        let url = try setup.watcher.metricsURL()
        #expect(try Scrape(url).status == 200)
        #expect(try !setup.protection.status().stdout.contains("cannot be served"))
        let ended = try setup.watcher.terminate()
        #expect(ended.status == 0)
        #expect(
            ended.stderr.split(separator: "\n").count { $0.contains("cannot be served") } == 1,
            "\(ended)"
        )
    }

    @Test("SIGHUP: they are served elsewhere, and no longer, and again")
    func hangUp() throws {
        let setup = try Setup(metrics: "metrics: 127.0.0.1:0")
        let first = try setup.watcher.metricsURL()
        try setup.configure("metrics: \"[::1]:0\"")
        let second: String
        if FileManager.default.fileExists(atPath: "/proc/net/if_inet6") {
            second = try setup.watcher.metricsURL(count: 2)
            #expect(second.hasPrefix("http://[::1]:"))
            #expect(try Scrape(second).status == 200)
        } else {
            try setup.watcher.waitForError { $0.contains("cannot be served at [::1]:0") }
            second = first
        }
        #expect(try Scrape.isRefused(first))
        try setup.configure("metrics: 10.0.0.1:80")
        try setup.watcher.waitForError { $0.contains("config.yaml:2: metrics is '10.0.0.1:80'") }
        try setup.configure("")
        try wait(for: "nobody serves them") { try setup.servers.isEmpty && Scrape.isRefused(second) }
        try setup.configure("metrics: 127.0.0.2:0")
        try setup.watcher.waitForError { $0.hasPrefix("holdfast: metrics are served at http://127.0.0.2:") }
        #expect(try setup.watcher.terminate().status == 0)
        try wait(for: "nobody serves them") { setup.servers.isEmpty }
    }

    @Test("watch --once serves none")
    func once() throws {
        let setup = try Setup(metrics: "")
        #expect(try setup.watcher.terminate().status == 0)
        try setup.configure("metrics: 127.0.0.1:0")
        let result = try HoldfastProgram.run(
            ["watch", "--once"],
            environment: setup.protection.environment.merging([
                "HOLDFAST_CONFIG": setup.protection.folder.file("config.yaml")
            ]) { $1 }
        )
        #expect(result.status == 0 && !result.stderr.contains("metrics"), "\(result)")
    }
}
