import Foundation
import LinuxSystem
import TestSupport
import Testing

@Suite("metrics")
struct MetricsTests {
    @Test("shows what the repository has, without a watcher too, as text that can be read back")
    func once() throws {
        let scene = try Scene()
        let result = try scene.run("metrics")
        #expect(result.status == 0 && result.stderr == "")
        let page = try MetricsPage(result.stdout)
        let root = ["root": scene.data]
        #expect(page.value("holdfast_history_commits", root) == 1)
        #expect(page.value("holdfast_history_coalesced", root) == 7)
        #expect(page.value("holdfast_history_gaps", root) == 1)
        #expect(page.value("holdfast_last_sequence", root) == 6)
        #expect(page.value("holdfast_files", root) == 2 && page.value("holdfast_databases", root) == 1)
        #expect(
            page.value("holdfast_last_snapshot_timestamp_seconds", root)
                == Double(Scene.at(60).nanoseconds) / 1e9
        )
        #expect(page.value("holdfast_health", root.merging(["health": "unknown"]) { $1 }) == 1)
        #expect(page.value("holdfast_watcher_up", root) == 0)
        #expect(try #require(page.value("holdfast_disk_free_bytes")) > 0)
    }

    @Test("a path with anything in it is one label")
    func odd() throws {
        let folder = try TemporaryDirectory()
        let data = folder.file("a \"b\"\\n\n{x=\"1\"} 5")
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
        let environment = ["HOLDFAST_REPO": folder.file("repository")]
        let once = try HoldfastProgram.run(["watch", "--once", data], environment: environment)
        #expect(once.status == 0, "\(once)")
        let page = try MetricsPage(HoldfastProgram.run(["metrics"], environment: environment).stdout)
        #expect(page.value("holdfast_files", ["root": data]) == 0)
    }

    @Test("promtool finds nothing to say", .enabled(if: Promtool.isInstalled, "needs promtool"))
    func promtool() throws {
        let protection = try Protection()
        try protection.watch()
        try protection.sync()
        let text = try protection.holdfast("metrics").stdout
        let result = try Command.run("promtool", ["check", "metrics"], stdin: text)
        #expect(result.status == 0 && result.stdout == "" && result.stderr == "", "\(result)")
        try protection.stop()
    }

    @Test("are refused as JSON, at another address than a loopback one, and without a repository")
    func refused() throws {
        let scene = try Scene()
        for (arguments, status, text) in [
            (["--json"], 64, "leave out --json"),
            (["--listen", "0.0.0.0:9469"], 64, "write 127.0.0.1:9469"),
            (["--listen", "example.org:9469"], 64, "write 127.0.0.1:9469"),
            (["--repo", "/nonexistent/r"], 10, "/nonexistent/r is not"),
            (["--repo", "/nonexistent/r", "--listen", "127.0.0.1:0"], 10, "/nonexistent/r is not"),
        ] as [([String], Int32, String)] {
            let result = try scene.run(["metrics"] + arguments)
            #expect(result.status == status && result.stderr.contains(text), "\(result)")
        }
    }

    @Test("are served to an HTTP client until told to stop", arguments: ["127.0.0.1:0", "localhost:0"])
    func served(_ address: String) throws {
        let scene = try Scene()
        let server = try HoldfastProgram.start(
            ["metrics", "--listen", address],
            environment: ["HOLDFAST_REPO": scene.directory.file("repository")]
        )
        let url = try server.metricsURL()
        #expect(url.wholeMatch(of: /http:\/\/127\.0\.0\.1:[1-9]\d*\/metrics/) != nil, "\(url)")
        let scrape = try Scrape(url)
        #expect(scrape.status == 200 && scrape.contentType == "text/plain; version=0.0.4; charset=utf-8")
        let page = try MetricsPage(scrape.text)
        #expect(page.value("holdfast_last_sequence", ["root": scene.data]) == 6)
        #expect(try Scrape(url + "/x").status == 404)
        let ended = try server.terminate()
        #expect(ended.status == 0 && ended.stdout == "", "\(ended)")
        #expect(try Scrape.isRefused(url))
    }

    @Test("what was recorded since the last scrape is in the next one, a second later at the latest")
    func fresh() throws {
        let scene = try Scene()
        let server = try HoldfastProgram.start(
            ["metrics", "--listen", "127.0.0.1:0"],
            environment: ["HOLDFAST_REPO": scene.directory.file("repository")]
        )
        let url = try server.metricsURL()
        #expect(try MetricsPage(Scrape(url).text).value("holdfast_last_sequence", ["root": scene.data]) == 6)
        try SQLite3.sql("INSERT INTO t VALUES('more');", on: scene.database)
        #expect(try scene.run("sync", scene.data).status == 0)
        try wait(for: "the new snapshot") {
            let page = try MetricsPage(Scrape(url).text)
            return try #require(page.value("holdfast_last_sequence", ["root": scene.data])) > 6
        }
        server.kill()
    }

    @Test("a repository that is gone is status 500 with the reason")
    func gone() throws {
        let scene = try Scene()
        let repository = scene.directory.file("repository")
        let server = try HoldfastProgram.start(
            ["metrics", "--listen", "127.0.0.1:0"],
            environment: ["HOLDFAST_REPO": repository]
        )
        let url = try server.metricsURL()
        try FileManager.default.removeItem(atPath: repository)
        let scrape = try Scrape(url)
        #expect(scrape.status == 500 && scrape.text.contains(repository), "\(scrape)")
        server.kill()
    }

    @Test("a port that is taken is told, with status 1")
    func taken() throws {
        let scene = try Scene()
        let taken = try TakenPort()
        let result = try scene.run("metrics", "--listen", "127.0.0.1:\(taken.port)")
        let reason =
            "metrics cannot be served at 127.0.0.1:\(taken.port): Address already in use: choose another port"
        #expect(result.status == 1 && result.stderr == "holdfast: \(reason)\n", "\(result)")
    }
}

private enum Promtool {
    static var isInstalled: Bool {
        (try? Command.run("promtool", ["--version"]))?.status == 0
    }
}
