import Foundation
import TestSupport
import Testing

/// A watcher with a configuration, whose roots change while it runs.
@Suite("A configuration that changes", .serialized)
struct ReloadTests {
    /// A configuration in a folder with two directories, `one` and `two`, each with a database.
    private final class Setup {
        let folder: TemporaryDirectory
        private(set) var watcher: RunningProgram?

        init(roots: [String]) throws {
            folder = try TemporaryDirectory()
            for name in ["one", "two"] {
                try FileManager.default.createDirectory(
                    atPath: folder.file(name),
                    withIntermediateDirectories: false
                )
                try SQLite3.sql(
                    "PRAGMA journal_mode=WAL; CREATE TABLE t(a);",
                    on: folder.file("\(name)/a.db")
                )
            }
            try configure(roots)
        }

        deinit { watcher?.kill() }

        var environment: [String: String] {
            ["HOLDFAST_CONFIG": folder.file("config.yaml"), "HOLDFAST_REPO": folder.file("repository")]
        }

        /// Writes a configuration with these roots.
        func configure(_ roots: [String], settings: String = "") throws {
            let list = roots.map { "  - path: \(folder.file($0))\n" }.joined()
            let path = try folder.write(Array("# mine\nroots:\n\(list)\(settings)".utf8), to: "config.yaml")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }

        @discardableResult
        func watch(_ arguments: String...) throws -> RunningProgram {
            let watcher = try HoldfastProgram.start(["watch"] + arguments, environment: environment)
            self.watcher = watcher
            return watcher
        }

        @discardableResult
        func holdfast(_ arguments: String..., expecting status: Int32 = 0) throws -> CommandResult {
            let result = try HoldfastProgram.run(arguments, environment: environment)
            guard result.status == status else {
                throw CommandFailure(command: "holdfast \(arguments)", result: result)
            }
            return result
        }

        /// Whether nobody protects the root.
        func isFree(_ name: String) throws -> Bool {
            let status = try HoldfastProgram.run(
                ["status", "--json", folder.file(name)],
                environment: environment
            )
            return status.stdout.contains(#""state":"stopped""#)
        }

        /// The events of a root's snapshots, oldest first.
        func events(_ name: String) throws -> [String] {
            try holdfast("log", folder.file(name), "--json").stdout.split(separator: "\n").map {
                try JSONDecoder().decode(LogLine.self, from: Data($0.utf8)).event
            }
        }
    }

    @Test("SIGHUP: a new root is protected, one that stays loses no commit, one that goes is free")
    func hangUp() throws {
        let setup = try Setup(roots: ["one"])
        let watcher = try setup.watch()
        try watcher.waitForError { $0.hasPrefix("ready: \(setup.folder.file("one"))") }
        let writer = try SQLite3Session(setup.folder.file("one/a.db"))
        for number in 0..<50 {
            try writer.sql("INSERT INTO t VALUES(\(number));")
            if number == 25 {
                try setup.configure(["one", "two"])
                watcher.signal(SIGHUP)
            }
        }
        try watcher.waitForError { $0.hasPrefix("ready: \(setup.folder.file("two"))") }
        try setup.holdfast("sync", setup.folder.file("one"))
        #expect(try setup.events("one") == ["baseline"] + Array(repeating: "commit", count: 50))

        try setup.configure(["two"])
        watcher.signal(SIGHUP)
        try wait(for: "the first root is free") {
            try setup.isFree("one")
        }
        #expect(try watcher.terminate().status == 0)
    }

    @Test("SIGHUP: a wrong configuration is told, and everything goes on as before")
    func wrong() throws {
        let setup = try Setup(roots: ["one"])
        let watcher = try setup.watch()
        try watcher.waitForError { $0.hasPrefix("ready") }
        try setup.configure(["two"], settings: "wotch: {}\n")
        watcher.signal(SIGHUP)
        try watcher.waitForError { $0.contains("config.yaml:4: wotch is no setting: did you mean watch?") }
        try SQLite3.sql("INSERT INTO t VALUES('later');", on: setup.folder.file("one/a.db"))
        try setup.holdfast("sync", setup.folder.file("one"))
        #expect(try setup.events("one").last == "commit")
        #expect(try watcher.terminate().status == 0)
    }

    @Test("SIGHUP: a configuration that has lost its roots is told as such, and everything goes on as before")
    func rootless() throws {
        let setup = try Setup(roots: ["one", "two"])
        let watcher = try setup.watch()
        for name in ["one", "two"] {
            try watcher.waitForError { $0.hasPrefix("ready: \(setup.folder.file(name))") }
        }
        try setup.configure([])
        let problem =
            "holdfast: the configuration \(setup.folder.file("config.yaml")) names no root: add one with "
            + "holdfast add PATH"
        watcher.signal(SIGHUP)
        try watcher.waitForError { $0 == "\(problem): everything goes on as before" }
        for name in ["one", "two"] {
            try SQLite3.sql("INSERT INTO t VALUES('later');", on: setup.folder.file("\(name)/a.db"))
            try setup.holdfast("sync", setup.folder.file(name))
            #expect(try setup.events(name).last == "commit")
        }
        #expect(try watcher.terminate().status == 0)
        let start = try setup.holdfast("watch", expecting: 64)
        #expect(start.stderr == problem + "\n", "\(start)")
    }

    @Test("add of a root's other name is refused, and the watcher and the next one go on with the root")
    func otherName() throws {
        let setup = try Setup(roots: ["one"])
        let watcher = try setup.watch()
        try watcher.waitForError { $0.hasPrefix("ready") }
        let link = setup.folder.file("link")
        try FileManager.default.createSymbolicLink(
            atPath: link,
            withDestinationPath: setup.folder.file("one")
        )
        let refused = try setup.holdfast("add", link, expecting: 64)
        #expect(refused.stderr.contains("\(setup.folder.file("one")) by another name"), "\(refused)")
        try setup.holdfast("sync", setup.folder.file("one"))
        #expect(try watcher.terminate().status == 0)
        try setup.holdfast("watch", "--once")
    }

    @Test("without a configuration, SIGHUP ends the watcher")
    func withoutConfiguration() throws {
        let protection = try Protection()
        try protection.watch()
        protection.watcher?.signal(SIGHUP)
        #expect(try protection.watcher?.waitForEnd().status == 0)
    }

    @Test("add: the configuration keeps it and the watcher protects it; remove takes it back, history stays")
    func addAndRemove() throws {
        let setup = try Setup(roots: ["one"])
        let watcher = try setup.watch()
        try watcher.waitForError { $0.hasPrefix("ready") }
        let two = setup.folder.file("two")
        let added = try setup.holdfast("add", two, "--json")
        #expect(
            added.stdout.contains(#""action":"added""#) && added.stderr.contains("pid \(watcher.processID)")
        )
        try watcher.waitForError { $0.hasPrefix("ready: \(two)") }
        #expect(try setup.holdfast("add", two).stdout.contains("already"))
        let text = try String(decoding: setup.folder.bytes(of: "config.yaml"), as: UTF8.self)
        #expect(text == "# mine\nroots:\n  - path: \(setup.folder.file("one"))\n  - path: \(two)\n")

        try setup.holdfast("remove", two)
        try wait(for: "the root is free") {
            try setup.isFree("two")
        }
        #expect(try setup.events("two") == ["baseline"])
        #expect(
            try String(decoding: setup.folder.bytes(of: "config.yaml"), as: UTF8.self).contains("two")
                == false
        )
        #expect(try setup.holdfast("remove", two, expecting: 10).stderr.contains("no watcher protects it"))
        #expect(try watcher.terminate().status == 0)
    }

    @Test("add without any configuration: one is made, and a watcher of another root takes it in")
    func addToNothing() throws {
        let protection = try Protection()
        try protection.watch()
        let (config, other) = (protection.folder.file("new/config.yaml"), protection.folder.file("other"))
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
        let added = try protection.holdfast("add", other, "--config", config)
        // Nothing else would say so when the watcher has ended.
        let advice = "run holdfast add \(protection.data) --config \(config)\n"
        #expect(added.stderr.contains("status does not expect ") && added.stderr.hasSuffix(advice))
        #expect(try !protection.holdfast("add", other, "--config", config).stderr.contains("run holdfast"))
        try protection.watcher?.waitForError { $0.hasPrefix("ready: \(other)") }
        #expect(
            try protection.folder.bytes(of: "new/config.yaml") == Array("roots:\n  - path: \(other)\n".utf8)
        )
        try protection.sync()
        try protection.stop()
    }

    @Test("a configured root that does not exist is waited for, beside others and alone")
    func waiting() throws {
        let setup = try Setup(roots: ["later"])
        let watcher = try setup.watch()
        try watcher.waitForError {
            $0.contains("later cannot be protected: ") && $0.hasSuffix("trying again")
        }
        try FileManager.default.createDirectory(
            atPath: setup.folder.file("later"),
            withIntermediateDirectories: false
        )
        try watcher.waitForError { $0.hasPrefix("ready: \(setup.folder.file("later"))") }
        #expect(try watcher.terminate().status == 0)
        // Named on the command line, it is an error.
        let result = try HoldfastProgram.run(
            ["watch", setup.folder.file("never")],
            environment: setup.environment
        )
        #expect(result.status == 1, "\(result)")
    }

    /// A line of `status --json`.
    private struct Root: Decodable {
        let root, state: String
        let sequence: Int
        let reasons: [String]?
    }

    private func roots(_ status: CommandResult) throws -> [String: Root] {
        let lines = try status.stdout.split(separator: "\n").map {
            try JSONDecoder().decode(Root.self, from: Data($0.utf8))
        }
        return Dictionary(uniqueKeysWithValues: lines.map { ($0.root, $0) })
    }

    @Test(
        "status expects the roots of the configuration: a removed one is listed, a forgotten one is not well"
    )
    func expectedRoots() throws {
        let setup = try Setup(roots: ["one", "two"])
        let (one, two, later) = (
            setup.folder.file("one"), setup.folder.file("two"), setup.folder.file("later")
        )
        let watcher = try setup.watch()
        for root in [one, two] { try watcher.waitForError { $0.hasPrefix("ready: \(root)") } }
        try setup.holdfast("remove", two)
        try wait(for: "the root is free") { try setup.isFree("two") }
        let removed = try setup.holdfast("status")
        #expect(removed.stdout.hasPrefix("protected: "), "\(removed)")
        #expect(removed.stdout.contains("\n\(two): no longer watched, last capture "), "\(removed)")
        #expect(removed.stdout.contains("to protect it again: holdfast add \(two)\n"), "\(removed)")
        #expect(try setup.holdfast("status", "--check").stdout == "")
        let listed = try roots(setup.holdfast("status", "--json"))
        #expect(listed[two]?.state == "stopped" && listed[two]?.reasons == nil, "\(listed)")
        // Whoever names it asks for it.
        try setup.holdfast("status", two, expecting: 1)
        let page = try setup.holdfast("metrics").stdout
        #expect(
            page.contains("holdfast_protected{root=\"\(one)\"} 1\n") && !page.contains("{root=\"\(two)\"")
        )

        // The watcher does not know of what a person writes.
        try setup.configure(["one", "two", "later"])
        let forgotten = try setup.holdfast("status", expecting: 1)
        #expect(forgotten.stdout.contains("NOT PROTECTED: \(two): no watcher runs; last capture "))
        let unknown = "no watcher protects it; nothing was captured yet"
        #expect(forgotten.stdout.contains("NOT PROTECTED: \(later): \(unknown)\n"), "\(forgotten)")
        let expected = try roots(setup.holdfast("status", "--json", expecting: 1))
        #expect(expected[one]?.reasons == nil && expected[two]?.reasons?.count == 1, "\(expected)")
        #expect(expected[later]?.state == "stopped" && expected[later]?.sequence == 0, "\(expected)")
        #expect(expected[later]?.reasons == [unknown], "\(expected)")
        let metrics = try setup.holdfast("metrics").stdout
        for (root, value) in [(one, 1), (two, 0), (later, 0)] {
            #expect(metrics.contains("holdfast_protected{root=\"\(root)\"} \(value)\n"), "\(metrics)")
        }

        // What it says of another repository is nothing for this one.
        try setup.configure(["one"], settings: "repository: \(setup.folder.file("elsewhere"))\n")
        let other = try setup.holdfast("status", expecting: 1)
        #expect(other.stdout.hasPrefix("NOT PROTECTED: \(two): no watcher runs"), "\(other)")
        #expect(try watcher.terminate().status == 0)
    }

    @Test("remove without a configuration says how status learns what is to be protected")
    func removeFromNothing() throws {
        let protection = try Protection()
        let (config, other) = (protection.folder.file("config.yaml"), protection.folder.file("other"))
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
        let watcher = try protection.startWatching([other])
        for root in [protection.data, other] { try watcher.waitForError { $0.hasPrefix("ready: \(root)") } }
        let removed = try protection.holdfast("remove", other, "--config", config)
        let advice = "run holdfast add \(protection.data) --config \(config)\n"
        #expect(removed.stderr.contains("status goes on to expect it, ") && removed.stderr.hasSuffix(advice))
        try wait(for: "the root is free") {
            try protection.status(other, "--json").stdout.contains(#""state":"stopped""#)
        }
        let expecting = try protection.status()
        #expect(
            expecting.status == 1 && expecting.stdout.hasPrefix("NOT PROTECTED: \(other): no watcher runs")
        )

        try protection.holdfast("add", protection.data, "--config", config)
        let status = try protection.holdfast("status", "--config", config).stdout
        #expect(status.contains("\n\(other): no longer watched"), "\(status)")
        try protection.sync()
        try protection.stop()
    }

    @Test("remove from a file that is wrong otherwise: the watcher goes on with the root until it is mended")
    func removeFromWrong() throws {
        let setup = try Setup(roots: ["one", "two"])
        let watcher = try setup.watch()
        for name in ["one", "two"] {
            try watcher.waitForError { $0.hasPrefix("ready: \(setup.folder.file(name))") }
        }
        try setup.configure(["one", "two"], settings: "wotch: {}\n")
        let removed = try setup.holdfast("remove", setup.folder.file("two"), expecting: 3)
        #expect(removed.stdout.contains("was removed from "), "\(removed)")
        #expect(removed.stderr.contains("goes on to protect it: the watcher refused: "), "\(removed)")
        let text = try String(decoding: setup.folder.bytes(of: "config.yaml"), as: UTF8.self)
        #expect(text == "# mine\nroots:\n  - path: \(setup.folder.file("one"))\nwotch: {}\n")

        try setup.configure(["one"])
        #expect(try !setup.isFree("two"))
        watcher.signal(SIGHUP)
        try wait(for: "the root is free") { try setup.isFree("two") }
        #expect(try watcher.terminate().status == 0)
    }

    @Test("add to a watcher that was started without a root takes nothing away from it")
    func addToUnnamed() throws {
        let setup = try Setup(roots: [])
        let (project, two) = (setup.folder.file("project"), setup.folder.file("two"))
        let root = "\(project)/.devteam"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let watcher = try HoldfastProgram.start(
            ["watch"],
            environment: setup.environment,
            directory: project
        )
        defer { watcher.kill() }
        try watcher.waitForError { $0.hasPrefix("ready: \(root)") }
        try setup.holdfast("add", two)
        try watcher.waitForError { $0.hasPrefix("ready: \(two)") }
        for root in [root, two] { try setup.holdfast("status", root) }
        #expect(try watcher.terminate().status == 0)
    }
}
