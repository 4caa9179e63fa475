import Foundation
import TestSupport
import Testing

/// Alerts of a real watcher, to real commands and a real web server.
@Suite("Alerts", .serialized)
struct AlertsTests {
    @Test("damage fires once, and is over when the database is good again")
    func bad() throws {
        let setup = try AlertSetup("CREATE TABLE t(a); CREATE INDEX i ON t(a); INSERT INTO t VALUES(1),(2);")
        try setup.configure("alerts: [\(setup.appending)]")
        try setup.watch()
        let good = try FileHandle(forReadingFrom: URL(fileURLWithPath: setup.protection.database))
            .readToEnd()!
        try setup.protection.overwritePage(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'i';",
            with: Array(repeating: 0xAA, count: 4096)
        )
        let alert = try setup.alert("bad")
        #expect(alert.root == setup.protection.data && alert.path == setup.protection.database)
        #expect(alert.message.contains("is damaged at snapshot"))
        #expect(alert.sequence != nil)
        #expect(try setup.protection.status().stdout.contains("alert bad: \(setup.protection.database)"))
        let check = try setup.protection.status("--check")
        #expect(check.status == 1)
        #expect(
            check.stdout.hasPrefix("NOT WELL: \(setup.protection.database) is damaged")
                && check.stdout.count { $0.isNewline } == 1
        )
        try good.write(to: URL(fileURLWithPath: setup.protection.database))
        try setup.alert("bad", "resolved")
        #expect(try setup.alerts().count { $0.alert == "bad" } == 2)
        #expect(try !setup.protection.status().stdout.contains("alert bad"))
        try setup.stop()
    }

    @Test("two watchers with one configuration do not touch each other's alerts")
    func twoWatchers() throws {
        let setup = try AlertSetup("CREATE TABLE t(a); INSERT INTO t VALUES(1);")
        try setup.configure("alerts: [\(setup.appending)]")
        let other = setup.protection.folder.file("other")
        try setup.protection.shell("mkdir \(other); sqlite3 \(other)/o.db 'CREATE TABLE t(a)'")
        let damage = "dd if=/dev/zero bs=4096 seek=1 count=1 conv=notrunc status=none of="
        try setup.watch()
        try setup.protection.shell(damage + setup.protection.database)
        try setup.alert("bad")
        let second = try HoldfastProgram.start(
            ["watch", other, "--config", setup.configuration],
            environment: setup.protection.environment
        )
        defer { second.kill() }
        try second.waitForError { $0.hasPrefix("ready") }
        try setup.protection.shell("\(damage)\(other)/o.db")
        try wait(for: "the alert of the second one") {
            try setup.alerts().contains { $0.alert == "bad" && $0.root == other }
        }
        #expect(try setup.alerts().map(\.alert) == ["bad", "bad"])
        #expect(try setup.alerts().allSatisfy { $0.state == "firing" })
        #expect(try second.terminate().status == 0)
        try setup.stop()
    }

    private static let manyRows = """
        CREATE TABLE t(a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
        INSERT INTO t SELECT i FROM n;
        """

    @Test("a mass deletion is told")
    func massDeletion() throws {
        let setup = try AlertSetup(Self.manyRows)
        try setup.configure("alerts: [\(setup.appending)]")
        try setup.watch()
        try SQLite3.sql("DELETE FROM t;", on: setup.protection.database)
        let message = try setup.alert("mass-deletion").message
        #expect(message.contains("500 rows of t were deleted"), "\(message)")
        // What it names can be typed: the tag is there before the alert is.
        let tag = try #require(message.firstMatch(of: /tagged (before-deletion-[0-9-]+),/)).1
        let rows = try setup.holdfast("diff", String(tag), setup.protection.database, "--summary")
        #expect(rows.status == 0 && rows.stdout.contains("500"), "\(rows)")
        // As long as it fires, not all is well.
        let status = try setup.holdfast("status")
        #expect(status.status == 1, "\(status)")
        #expect(status.stdout.hasPrefix("protected, but NOT WELL: alert mass-deletion: "), "\(status)")
        let json = try setup.holdfast("status", "--json")
        #expect(json.status == 1 && json.stdout.contains(#""reasons":["alert mass-deletion: "#), "\(json)")
        #expect(try setup.holdfast("status", "--check").stdout.hasPrefix("alert mass-deletion: "))
        #expect(try setup.holdfast("status", "--line").stdout.hasSuffix(" · not well\n"))
        try setup.stop()
    }

    @Test("a table that is dropped with its rows is told as well")
    func droppedTable() throws {
        let setup = try AlertSetup(Self.manyRows)
        try setup.configure("alerts: [\(setup.appending)]")
        try setup.watch()
        try SQLite3.sql("DROP TABLE t;", on: setup.protection.database)
        let message = try setup.alert("mass-deletion").message
        #expect(message.contains("500 rows of t were deleted"), "\(message)")
        try setup.stop()
    }

    @Test("a watcher that was killed is told by the next one, once, and one that was stopped is not")
    func stopped() throws {
        let setup = try AlertSetup(Self.manyRows)
        // It has the alert before it ends, and the watcher is stopped meanwhile.
        let receiver = "{command: [/bin/sh, -c, 'cat >>\(setup.told); sleep 0.5']}"
        try setup.configure("alerts: [\(receiver)]\nheartbeat: {url: 'http://127.0.0.1:1/'}")
        try setup.watch()
        try wait(for: "the first round") {
            try setup.protection.status().stdout.contains("the last heartbeat failed")
        }
        let heartbeat = try setup.holdfast("status", "--json")
        #expect(heartbeat.status == 1, "\(heartbeat)")
        #expect(heartbeat.stdout.contains(#""reasons":["the last heartbeat failed: "#), "\(heartbeat)")
        setup.kill()
        try setup.watch()
        #expect(try setup.alert("stopped").message.contains("ended without being told to"))
        #expect(try setup.holdfast("status", "--json").stdout.contains(#""reasons":["alert stopped: "#))
        try setup.stop()
        try setup.watch()
        try SQLite3.sql("DELETE FROM t;", on: setup.protection.database)
        // A receiver is told in order: what came before is delivered.
        try setup.alert("mass-deletion")
        try setup.stop()
        #expect(try setup.alerts().count { $0.alert == "stopped" && $0.state == "firing" } == 1)
    }

    @Test("what the service manager says of a failure is told at once")
    func failed() throws {
        let setup = try AlertSetup()
        try setup.configure("alerts: [\(setup.appending)]")
        try setup.watch()
        setup.kill()
        for result in ["success", "watchdog"] {
            let command = try HoldfastProgram.run(
                ["alert", "stopped", "--config", setup.configuration],
                environment: setup.protection.environment.merging(["SERVICE_RESULT": result]) { $1 }
            )
            #expect(command.status == 0)
        }
        #expect(try setup.alerts().map(\.message).filter { $0.contains("(watchdog)") }.count == 1)
        #expect(try setup.alerts().count == 1)
    }

    @Test("what the service manager says of another watcher hides no alert of one that runs")
    func otherFailed() throws {
        let setup = try AlertSetup("CREATE TABLE t(a); INSERT INTO t VALUES(1);")
        try setup.configure("alerts: [\(setup.appending)]")
        try setup.watch()
        try setup.protection.shell("dd if=/dev/zero of=a.db bs=4096 seek=1 count=1 conv=notrunc status=none")
        try setup.alert("bad")
        let command = try HoldfastProgram.run(
            ["alert", "stopped", "--config", setup.configuration],
            environment: setup.protection.environment.merging(["SERVICE_RESULT": "exit-code"]) { $1 }
        )
        #expect(command.status == 0, "\(command)")
        setup.reload()
        try wait(for: "the alert in the status") {
            try setup.protection.status().stdout.contains("alert bad: \(setup.protection.database)")
        }
        try setup.stop()
    }

    @Test("commands that fail, flood or do not exist keep no other one waiting, and are named by status")
    func receiversThatFail() throws {
        let setup = try AlertSetup()
        let others = [
            "{command: [/bin/false]}", "{command: [/nonexistent/page-me]}",
            "{command: [/bin/sh, -c, 'head -c 100000000 /dev/zero; exit 3']}",
            "{url: 'http://127.0.0.1:1/x'}",
        ]
        try setup.configure("alerts: [\((others + [setup.appending]).joined(separator: ", "))]")
        let test = try setup.holdfast("alert", "test")
        #expect(test.status == 1)
        let lines = test.stdout.split(separator: "\n")
        #expect(lines.count { $0.contains(": failed: ") } == 4)
        #expect(test.stdout.contains("/bin/false: failed: /bin/false ended with status 1"))
        #expect(lines.last?.hasSuffix(": 9 sent") == true)
        #expect(Set(try setup.alerts().map(\.alert)).count == 9)

        try setup.watch()
        setup.kill()
        try setup.watch()
        try wait(for: "what was not delivered") {
            let status = try setup.protection.status().stdout
            return try status.contains("1 alert (stopped) not delivered to /nonexistent/page-me")
                && status.contains("1 alert (stopped) not delivered to http://127.0.0.1:1/x")
                && setup.alerts().contains { $0.alert == "stopped" && $0.message.contains("started again") }
        }
        try setup.stop()
        // Nobody tries again, which is no failure.
        #expect(try !setup.protection.status().stdout.contains("not delivered to"))
    }

    @Test("what was refused for a day is tried all the same as long as it fires, and named by status")
    func refused() throws {
        let setup = try AlertSetup("CREATE TABLE t(a); INSERT INTO t VALUES(1);")
        let (tries, key) = (setup.protection.folder.file("tries"), setup.protection.folder.file("key"))
        let script = "echo >>\(tries); test -e \(key) && cat >>\(setup.told)"
        try setup.configure("alerts: [{command: [/bin/sh, -c, '\(script)']}]")
        func count() throws -> Int {
            setup.protection.folder.exists("tries") ? try setup.protection.folder.bytes(of: "tries").count : 0
        }
        func isUndelivered() throws -> Bool {
            try setup.protection.status().stdout.contains("1 alert (bad) not delivered to /bin/sh -c")
        }
        /// As if it were that many attempts, and the next one due.
        func pass(attempts: Int) throws {
            let edit = "s/\"attempts\":[0-9]+/\"attempts\":\(attempts)/g; s/\"next\":[0-9]+/\"next\":1/g"
            let files = setup.protection.folder.file("repository/alerts-*.json")
            try setup.protection.shell("sed -Ei '\(edit)' \(files)")
        }
        try setup.watch()
        try setup.protection.shell("dd if=/dev/zero of=a.db bs=4096 seek=1 count=1 conv=notrunc status=none")
        try wait(for: "the first attempt") { try isUndelivered() }
        for attempts in [29, 500] {
            try setup.stop()
            try pass(attempts: attempts)
            let before = try count()
            try setup.watch()
            try wait(for: "an attempt") { try count() > before }
            #expect(try isUndelivered())
        }
        try setup.stop()
        try pass(attempts: 501)
        try setup.protection.folder.write([], to: "key")
        try setup.watch()
        try setup.alert("bad")
        try wait(for: "its being noted") { try !isUndelivered() }
        try setup.stop()
    }

    @Test("a web server gets alerts by POST, and the heartbeat by GET; one that refuses is told")
    func web() throws {
        let setup = try AlertSetup()
        let server = try RunningProgram(
            "/usr/bin/python3",
            ["-c", Self.server, setup.protection.folder.file("requests")],
            environment: HoldfastProgram.environment()
        )
        defer { server.kill() }
        let port = try server.waitForOutput { $0.hasPrefix("port ") }.dropFirst(5)
        let address = "http://127.0.0.1:\(port)"
        try setup.configure(
            "alerts: [{url: '\(address)/alerts'}]\nheartbeat: {url: '\(address)/heartbeat', every: 10s}"
        )
        try setup.watch()
        let requests = setup.protection.folder.file("requests")
        func isThere(_ text: String) -> Bool {
            (try? String(contentsOfFile: requests, encoding: .utf8))?.contains(text) ?? false
        }
        try wait(for: "a heartbeat") { isThere("GET /heartbeat") }
        #expect(try setup.holdfast("alert", "test", "--json").status == 0)
        #expect(isThere(#"POST /alerts {"alert":"stale","#))
        try setup.stop()

        try setup.configure("alerts: [{url: '\(address)/refuse'}]")
        let refused = try setup.holdfast("alert", "test")
        #expect(refused.status == 1 && refused.stdout.contains("answered with the HTTP status 500"))
    }

    /// Writes each request to a file, and refuses those of one path.
    private static let server = """
        import http.server, sys

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                content = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                with open(sys.argv[1], "a") as file:
                    file.write(f"{self.command} {self.path} {content}\\n")
                self.send_response(500 if self.path == "/refuse" else 204)
                self.end_headers()

            do_GET = do_POST = answer

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print("port", server.server_port, flush=True)
        server.serve_forever()
        """

    @Test("without anybody to tell, it is an error")
    func nobody() throws {
        let setup = try AlertSetup()
        try setup.configure("")
        let result = try setup.holdfast("alert", "test")
        #expect(result.status == 64)
        #expect(result.stderr.contains("no receiver is configured: add alerts to \(setup.configuration)"))
    }

    @Test("a remote of another repository is an alert, until it is mended")
    func remote() throws {
        let setup = try AlertSetup()
        let remotes = setup.protection.folder.file("remotes")
        let other = try Protection()
        try other.holdfast("watch", other.data, "--once")
        let otherFile = other.folder.file("config.yaml")
        try other.holdfast("remote", "add", "x", "file://\(remotes)", "--config", otherFile)
        func configure(_ url: String) throws {
            let remote = "{name: nas, url: \"\(url)\"}"
            try setup.configure("alerts: [\(setup.appending)]\nremotes: [\(remote)]")
        }
        try configure("file://\(remotes)")
        try setup.protection.holdfast("watch", setup.protection.data, "--once")
        let refused = try setup.holdfast("push")
        #expect(refused.status == 12 && refused.stderr.contains("another repository"), "\(refused)")
        try setup.watch()
        let told = try setup.alert("remote")
        #expect(told.root == setup.protection.data && told.message.contains("nas"), "\(told)")
        try setup.stop()

        try configure("file://\(remotes)-2")
        #expect(try setup.holdfast("push").status == 0)
        try setup.watch()
        try setup.alert("remote", "resolved")
        try setup.stop()
    }
}
