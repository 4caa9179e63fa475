import Foundation
import TestSupport
import Testing

@Suite("Several roots, of which one cannot be protected", .serialized)
struct SeveralRootsTests {
    /// A protection, and another directory with a database beside it.
    private func scene() throws -> (Protection, other: String) {
        let protection = try Protection()
        let other = protection.folder.file("other")
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
        try SQLite3.sql("CREATE TABLE t(i INTEGER PRIMARY KEY, b);", on: other + "/o.db")
        return (protection, other)
    }

    private func states(_ protection: Protection, expecting status: Int32 = 0) throws -> [String: State] {
        let result = try HoldfastProgram.run(["status", "--json"], environment: protection.environment)
        #expect(status == 0 ? [0, 1].contains(result.status) : result.status == status, "\(result)")
        // The last line may be an error.
        let lines = result.stdout.split(separator: "\n").filter { $0.hasPrefix(#"{"root""#) }
        let states = try lines.map { try JSONDecoder().decode(State.self, from: Data($0.utf8)) }
        return Dictionary(uniqueKeysWithValues: states.map { ($0.root, $0) })
    }

    private struct State: Decodable {
        let root: String
        let state: String
        let reason: String?
        let pid: Int32?
    }

    private func start(_ protection: Protection, _ arguments: [String]) throws -> RunningProgram {
        try HoldfastProgram.start(["watch"] + arguments, environment: protection.environment)
    }

    @Test("another watcher has it: said at once, the other one is guarded, and this one as soon as it can be")
    func locked() throws {
        let (protection, other) = try scene()
        try protection.watch()
        let watcher = try start(protection, [protection.data, other])
        defer { watcher.kill() }
        try watcher.waitForError(timeout: .seconds(10)) {
            $0.contains("\(protection.data) cannot be protected")
        }
        try watcher.waitForError { $0.hasPrefix("ready: \(other)") }
        try SQLite3.sql("INSERT INTO t(b) VALUES('guarded');", on: other + "/o.db")
        try protection.holdfast("sync", other)
        // The status of the first is that of the watcher that has it.
        let first = try states(protection)
        #expect(first[protection.data]?.pid == protection.watcher?.processID)
        #expect(first[other]?.state == "watching" && first[other]?.pid == watcher.processID)

        try protection.stop()
        try watcher.waitForError { $0.hasPrefix("ready: \(protection.data)") }
        let later = try states(protection)
        #expect(
            later[protection.data]?.state == "watching" && later[protection.data]?.pid == watcher.processID
        )
        try protection.sync()
        let ended = try watcher.terminate()
        #expect(ended.status == 0, "\(ended)")
        try protection.check()
    }

    /// What hinders a root at the start, as a shell script, and what takes the hindrance away. `$data` is the
    /// root, `$root` where the repository keeps it.
    private static let hindrances = [
        ("mv $data $data.away", "mv $data.away $data"),
        (
            "mv $root/segments $root/away; touch $root/segments",
            "rm $root/segments; mv $root/away $root/segments"
        ),
        ("chmod g+w $root/bases", "chmod g-w $root/bases"),
        (
            "mkdir $root/away; mv $root/*.json $root/away; echo nonsense > $root/root.json",
            "mv $root/away/* $root; rmdir $root/away"
        ),
    ]

    @Test(
        "any hindrance at the start: the reason is said and in the status, and it is tried again",
        arguments: hindrances
    )
    func hindered(_ by: String, _ free: String) throws {
        let (protection, other) = try scene()
        try protection.holdfast("watch", "--once", protection.data)
        let roots = protection.folder.file("repository/roots")
        let root = try "\(roots)/" + #require(FileManager.default.contentsOfDirectory(atPath: roots).first)
        // A root that the repository has already is found beside one that cannot be read.
        try protection.holdfast("watch", "--once", other)
        func shell(_ script: String) throws {
            let result = try Command.run("sh", ["-ec", "data=\(protection.data) root=\(root)\n\(script)"])
            #expect(result.status == 0, "\(result)")
        }
        try shell(by)
        let watcher = try start(protection, [other, protection.data])
        defer { watcher.kill() }
        try watcher.waitForError(timeout: .seconds(10)) {
            $0.contains("\(protection.data) cannot be protected")
        }
        try watcher.waitForError { $0.hasPrefix("ready: \(other)") }
        let isDescribed = !by.contains("root.json")
        let states = try states(protection, expecting: by.contains("segments") ? 1 : isDescribed ? 0 : 4)
        #expect(states[other]?.state == "watching")
        if isDescribed { #expect(states[protection.data]?.state != "watching", "\(states)") }
        if by.hasPrefix("mv $data") {
            let state = try #require(states[protection.data])
            #expect(state.state == "degraded" && state.pid == watcher.processID)
            #expect(state.reason?.contains("\(protection.data): No such file") == true, "\(state)")
            // Who asks for more is told what hinders it, and does not wait.
            #expect(
                try protection.holdfast("sync", protection.data, expecting: 1).stderr.contains("No such file")
            )
        }
        try shell(free)
        try watcher.waitForError { $0.hasPrefix("ready: \(protection.data)") }
        try protection.sync()
        #expect(try self.states(protection).values.allSatisfy { $0.state == "watching" })
        let ended = try watcher.terminate()
        #expect(ended.status == 0, "\(ended)")
        try protection.check()
    }

    @Test("what the repository keeps of one goes amid the run: said, begun anew, the other goes on")
    func lostAmidTheRun() throws {
        let (protection, other) = try scene()
        try protection.holdfast("watch", "--once", protection.data)
        let roots = protection.folder.file("repository/roots")
        let root = try "\(roots)/" + #require(FileManager.default.contentsOfDirectory(atPath: roots).first)
        let watcher = try start(protection, [protection.data, other])
        defer { watcher.kill() }
        for path in [other, protection.data] {
            try watcher.waitForError { $0.hasPrefix("ready: \(path)") }
        }
        // The watcher may make a file amid the removal.
        try wait(for: "the removal", within: .seconds(1)) {
            (try? FileManager.default.removeItem(atPath: root)) != nil
        }
        try watcher.waitForError(timeout: .seconds(2)) {
            $0.contains("\(protection.data) cannot be protected") && $0.contains("was removed")
        }
        try SQLite3.sql("INSERT INTO t(b) VALUES('guarded');", on: other + "/o.db")
        try protection.holdfast("sync", other)
        try watcher.waitForError(timeout: .seconds(10), count: 2) {
            $0.hasPrefix("ready: \(protection.data)")
        }
        try protection.sync()
        #expect(try states(protection).values.allSatisfy { $0.state == "watching" })
        let ended = try watcher.terminate()
        #expect(ended.status == 0, "\(ended)")
        try protection.check()
    }

    @Test("one may not be read any more amid the run: said, not called durable, the other goes on")
    func unreadable() throws {
        let (protection, other) = try scene()
        let watcher = try HoldfastProgram.startWithoutPrivileges(
            ["watch", protection.data, other],
            environment: protection.environment
        )
        defer { watcher.kill() }
        for path in [other, protection.data] {
            try watcher.waitForError { $0.hasPrefix("ready: \(path)") }
        }
        try protection.shell("chmod 000 .")
        try watcher.waitForError(timeout: .seconds(2)) {
            $0.contains("\(protection.data): Permission denied")
        }
        try SQLite3.sql("INSERT INTO t(b) VALUES('unseen');", on: protection.database)
        try SQLite3.sql("INSERT INTO t(b) VALUES('guarded');", on: other + "/o.db")
        try protection.holdfast("sync", other)
        let answer = try protection.holdfast("sync", protection.data, expecting: 3)
        #expect(answer.stderr.contains("Permission denied"), "\(answer)")
        let states = try states(protection)
        #expect(states[protection.data]?.state == "degraded", "\(states)")
        #expect(states[other]?.state == "watching", "\(states)")

        try protection.shell("chmod 755 .")
        try protection.sync()
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT b FROM t;", on: copy) == "unseen\n")
        #expect(try protection.log().contains { $0.reason?.contains("could not be read") == true })
        #expect(try self.states(protection).values.allSatisfy { $0.state == "watching" })
        let ended = try watcher.terminate()
        #expect(ended.status == 0, "\(ended)")
    }

    @Test("none can be protected: ends, and says why")
    func none() throws {
        let (protection, other) = try scene()
        try protection.watch(other)
        let result = try HoldfastProgram.run(
            ["watch", protection.data, other],
            environment: protection.environment
        )
        #expect(result.status == 11, "\(result)")
        #expect(result.stderr.contains("another writer has"))
        let missing = try HoldfastProgram.run(
            ["watch", protection.data + "/a", protection.data + "/b"],
            environment: protection.environment
        )
        #expect(missing.status == 64 || missing.status == 1, "\(missing)")
    }

    @Test("--once captures the others, and ends with 3")
    func once() throws {
        let (protection, other) = try scene()
        try protection.watch()
        let result = try HoldfastProgram.run(
            ["watch", "--once", protection.data, other],
            environment: protection.environment
        )
        #expect(result.status == 3, "\(result)")
        #expect(result.stderr.contains("\(protection.data) cannot be protected"))
        #expect(try protection.holdfast("log", other, "--json").stdout.contains("baseline"))
    }
}
