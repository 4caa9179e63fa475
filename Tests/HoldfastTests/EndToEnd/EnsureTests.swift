import Foundation
import TestSupport
import Testing

@Suite("watch --ensure", .serialized)
struct EnsureTests {
    /// A line of `--json`.
    fileprivate struct Line: Decodable, Equatable {
        let root: String
        let action: String
        let pid: Int32?
    }

    /// A protection whose watchers are all in the background.
    private final class Setup {
        let protection: Protection
        let watchers: BackgroundWatchers

        init() throws {
            protection = try Protection()
            watchers = BackgroundWatchers(repository: protection.folder.file("repository"))
        }

        func ensure(_ arguments: String...) throws -> [Line] {
            let result = try protection.holdfast(["watch", "--ensure", "--json"] + arguments)
            return try lines(result.stdout)
        }

        func lines(_ text: String) throws -> [Line] {
            try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        }

        /// Runs that many processes at once, all of which must end with 0, and returns what they print.
        func ensureAtOnce(_ count: Int, _ arguments: String...) throws -> [Line] {
            let script = """
                program=$1 count=$2
                shift 2
                for number in $(seq "$count"); do
                    { "$program" watch --ensure --json "$@" || echo "failed with $?"; } &
                done
                wait
                """
            let result = try Command.run(
                // dash would wait for ever: a test's thread may block SIGCHLD.
                "bash",
                ["-c", script, "bash", HoldfastProgram.path, "\(count)"] + arguments,
                environment: HoldfastProgram.environment(protection.environment)
            )
            return try lines(result.stdout)
        }

        /// What the watchers have said.
        func messages() throws -> String {
            try String(decoding: protection.folder.bytes(of: "repository/watch.log"), as: UTF8.self)
        }

        func makeDirectory(_ name: String) throws -> String {
            let path = protection.folder.file(name)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            try SQLite3.sql("CREATE TABLE t(a)", on: path + "/b.db")
            return path
        }
    }

    @Test("starts a watcher without a terminal or an open file of ours, which goes on in /")
    func background() throws {
        let setup = try Setup()
        let line = try #require(setup.ensure(setup.protection.data).first)
        #expect(line.root == setup.protection.data && line.action == "started")
        try setup.protection.sync()
        let pid = try #require(line.pid)
        #expect(setup.watchers.processIDs == [pid])
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        // Behind the name in parentheses: state, parent, group, session, terminal.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        #expect(fields[4] == "\(pid)" && fields[5] == "0", "its session and terminal")
        let link = { (name: String) in
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/\(name)")
        }
        #expect(try link("cwd") == "/")
        #expect(try link("fd/0") == "/dev/null")
        let log = setup.protection.folder.file("repository/watch.log")
        #expect(try link("fd/1") == log && link("fd/2") == log)
        #expect(try setup.messages().contains("\nready: \(setup.protection.data)"))
    }

    @Test("a watcher that starts while a command has the root waits for it")
    func amidCommand() throws {
        let protection = try Protection()
        try protection.holdfast("watch", "--once", protection.data)
        try SQLite3.sql("INSERT INTO t VALUES(1, 'new');", on: protection.database)
        let command = try HeldProgram(["sync", protection.data], .before, "fdatasync", in: protection)
        let trace = protection.folder.file("locks")
        let watcher = try RunningProgram(
            "/usr/bin/strace",
            [
                "-D", "-f", "-qq", "-o", trace, "-e", "trace=fcntl", HoldfastProgram.path, "watch",
                protection.data,
            ],
            environment: HoldfastProgram.environment(protection.environment)
        )
        try wait(for: "a second attempt") {
            let lines = (try? String(contentsOfFile: trace, encoding: .utf8)) ?? ""
            return lines.components(separatedBy: "EAGAIN").count > 2
        }
        command.letGo()
        try watcher.waitForError { $0.hasPrefix("ready") }
        #expect(try command.program.waitForEnd().status == 0)
        #expect(try watcher.terminate().status == 0)
    }

    @Test("a hundred at once: one watcher, which the others leave alone")
    func hundred() throws {
        let setup = try Setup()
        let lines = try setup.ensureAtOnce(100, setup.protection.data)
        #expect(lines.count == 100)
        let started = lines.filter { $0.action == "started" }
        #expect(started.count == 1 && lines.allSatisfy { $0.pid == nil || $0.pid == started.first?.pid })
        try setup.protection.sync()
        #expect(setup.watchers.processIDs == started.compactMap(\.pid))
        #expect(try setup.messages().components(separatedBy: "a watcher starts").count == 2)
        // Once more, beside the one that runs.
        let later = try setup.ensureAtOnce(20, setup.protection.data)
        #expect(later == Array(repeating: Line(started[0], action: "unchanged"), count: 20))
    }

    @Test("twenty at once for several roots: one watcher has them all")
    func severalAtOnce() throws {
        let setup = try Setup()
        let other = try setup.makeDirectory("other")
        let lines = try setup.ensureAtOnce(20, setup.protection.data, other)
        #expect(lines.filter { $0.action == "started" }.map(\.root) == [setup.protection.data, other])
        for root in [setup.protection.data, other] { try setup.protection.holdfast("sync", root) }
        #expect(setup.watchers.processIDs.count == 1)
    }

    @Test("after a kill -9 it starts another watcher, and nothing is missing")
    func killed() throws {
        let setup = try Setup()
        let first = try setup.ensure(setup.protection.data)
        try setup.protection.sync()
        setup.watchers.killAll()
        try SQLite3.sql("INSERT INTO t VALUES(1, 'x')", on: setup.protection.database)
        let second = try setup.ensure(setup.protection.data)
        #expect(second.map(\.action) == ["started"] && second != first)
        try setup.protection.sync()
        #expect(try setup.protection.snapshots().last?.digest == setup.protection.liveDigest())
    }

    @Test("leaves a watcher alone that was started in another way, and watches what it does not")
    func besideAnother() throws {
        let setup = try Setup()
        try setup.protection.watch()
        let pid = setup.protection.watcher?.processID
        #expect(
            try setup.ensure(setup.protection.data)
                == [Line(root: setup.protection.data, action: "unchanged", pid: pid)]
        )
        #expect(setup.watchers.processIDs.isEmpty)

        let other = try setup.makeDirectory("other")
        let lines = try setup.ensure(setup.protection.data, other)
        #expect(lines.map(\.action) == ["unchanged", "started"] && lines[0].pid == pid)
        try setup.protection.holdfast("sync", other)
        #expect(try setup.messages().contains("cannot be protected") == false)
        #expect(setup.protection.watcher?.isRunning == true)
    }

    @Test("paths may be relative, and options go to the watcher")
    func relative() throws {
        let setup = try Setup()
        try setup.protection.shell("echo a > taken.txt; echo b > skipped.txt; mkdir inner")
        let result = try HoldfastProgram.run(
            ["watch", "--ensure", "--repo", "../../repository", "..", "--exclude", "skip*"],
            environment: setup.protection.environment,
            directory: setup.protection.data + "/inner"
        )
        #expect(
            result.status == 0 && result.stdout.hasPrefix("\(setup.protection.data): a watcher was started")
        )
        try setup.protection.sync()
        try FileManager.default.removeItem(atPath: setup.protection.data + "/inner")
        try setup.protection.shell("echo c > later.txt")
        try setup.protection.sync()
        let paths = try setup.protection.log().compactMap(\.path)
        #expect(paths.contains(setup.protection.data + "/taken.txt"))
        #expect(paths.contains(setup.protection.data + "/later.txt"))
        #expect(!paths.contains(setup.protection.data + "/skipped.txt"))
    }

    @Test("without PATH the configuration says what to watch, and SIGHUP reads it again")
    func configuration() throws {
        let setup = try Setup()
        let other = try setup.makeDirectory("other")
        let folder = setup.protection.folder
        let configure = { (roots: [String]) in
            let list = roots.map { "  - path: \($0)\n" }.joined()
            let path = try folder.write(Array("roots:\n\(list)".utf8), to: "config.yaml")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
        try configure([setup.protection.data])
        let result = try HoldfastProgram.run(
            ["watch", "--ensure", "--json"],
            environment: setup.protection.environment.merging(["HOLDFAST_CONFIG": "config.yaml"]) { $1 },
            directory: folder.path
        )
        let line = try #require(setup.lines(result.stdout).first)
        #expect(line.root == setup.protection.data && line.action == "started")
        try setup.protection.sync()
        try configure([setup.protection.data, other])
        kill(try #require(line.pid), SIGHUP)
        try wait(for: "the new root") {
            try setup.messages().contains("ready: \(other)")
        }
    }

    @Test("--wait-for-root: ten at once, one watcher, which protects the root when it comes")
    func awaited() throws {
        let setup = try Setup()
        let later = setup.protection.folder.file("later")
        let lines = try setup.ensureAtOnce(10, "--wait-for-root", later)
        #expect(lines.filter { $0.action == "started" }.count == 1 && lines.count == 10)
        _ = try setup.makeDirectory("later")
        try wait(for: "the root") {
            try setup.messages().contains("ready: \(later)")
        }
        #expect(setup.watchers.processIDs.count == 1)
    }

    @Test(
        "what is wrong is said at once, and nothing starts",
        arguments: [
            (["/nowhere"], 1, "/nowhere"), (["--debounce", "fast", "."], 64, "fast"),
            (["--once", "."], 64, "--ensure and --once"), (["/proc"], 64, "the kernel makes up"),
            ([".", "."], 64, "named twice"),
        ]
    )
    func errors(_ arguments: [String], _ status: Int32, _ words: String) throws {
        let setup = try Setup()
        let result = try HoldfastProgram.run(
            ["watch", "--ensure"] + arguments,
            environment: setup.protection.environment,
            directory: setup.protection.data
        )
        #expect(result.status == status && result.stderr.contains(words), "\(result)")
        #expect(setup.watchers.processIDs.isEmpty)
        #expect(!setup.protection.folder.exists("repository/watch.log"))
    }
}

extension EnsureTests.Line {
    fileprivate init(_ other: Self, action: String) {
        self.init(root: other.root, action: action, pid: other.pid)
    }
}
