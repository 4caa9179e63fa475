import Foundation
import TestSupport
import Testing

/// A project whose `.devteam` is watched, with a database of 29 tables, notes and a configuration, while
/// short `sqlite3` processes without a busy timeout log one event after the other.
final class DevTeam: Project {
    let folder: TemporaryDirectory
    let root: String
    let database: String
    private var watcher: RunningProgram?
    private var writers: RunningProgram?

    init(isWAL: Bool = false) throws {
        folder = try TemporaryDirectory()
        root = folder.file("project/.devteam")
        database = root + "/devteam.db"
        try FileManager.default.createDirectory(atPath: root + "/memory", withIntermediateDirectories: true)
        for file in ["devteam.sql", "devteam-content.sql"] { try sql(Self.fixture(file)) }
        if isWAL { try sql("PRAGMA journal_mode = WAL;") }
        try write("remember", to: "memory/notes.md")
        try write("model: large", to: "config.yaml")
    }

    deinit {
        // What the shell started outlives it.
        _ = FileManager.default.createFile(atPath: project + "/stop", contents: nil)
        writers?.kill()
        watcher?.kill()
    }

    static func fixture(_ name: String) throws -> String {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return try String(
            contentsOf: directory.appendingPathComponent("../../Fixtures/\(name)").standardizedFileURL,
            encoding: .utf8
        )
    }

    @discardableResult
    func sql(_ sql: String) throws -> String {
        try SQLite3.sql(sql, on: database).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// As the programs do it: another one may have the lock at that moment.
    @discardableResult
    func patientSQL(_ sql: String) throws -> String {
        try self.sql(".timeout 10000\nPRAGMA foreign_keys = ON;\n" + sql)
    }

    /// SQL whose commit gets a snapshot of its own: nothing is committed before it has one.
    func commit(_ sql: String) throws {
        try self.sql(sql)
        try holdfast("sync")
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: root + "/" + name, atomically: false, encoding: .utf8)
    }

    func text(of name: String) -> String? { try? String(contentsOfFile: root + "/" + name, encoding: .utf8) }

    func watch(_ arguments: String...) throws {
        let program = try HoldfastProgram.start(
            ["watch", ".devteam"] + arguments,
            environment: ["HOLDFAST_REPO": folder.file("repository")],
            directory: project
        )
        watcher = program
        try program.waitForError { $0.hasPrefix("ready") }
    }

    func stopWatching() throws {
        try watcher?.terminate()
        watcher = nil
    }

    /// Waits until the watcher says something.
    func waitForWarning(_ condition: (Substring) -> Bool) throws {
        try #require(watcher).waitForError(condition)
    }

    /// Looks at the log, again and again, until it is as wanted: what the watcher writes into the history by
    /// itself, it tells nobody.
    func waitForLog(_ condition: (String) -> Bool) throws {
        try wait(for: "the history") { condition(try holdfast("log").stdout) }
    }

    func waitForStatus(_ condition: (String) -> Bool) throws {
        try wait(for: "the status") { condition(try status("--json").stdout) }
    }

    /// Images of the past that commands have made in the repository, and not removed.
    func images() throws -> [String] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.file("repository"))
        return paths.filter { $0.contains(".holdfast-restore-") }
    }

    /// The moment from which on something went wrong: everything before it is in the history.
    func mark(_ name: String) throws { try holdfast("snapshot", "--tag", name) }

    /// Writers that go on until `stopWriters`. Each process says whether its event was taken.
    func startWriters() throws {
        let insert = "INSERT INTO events(session_id, event_type, message) VALUES('session-01', 'log', 'w')"
        let script = """
            while [ ! -e stop ]; do
                if sqlite3 -batch -init /dev/null .devteam/devteam.db "PRAGMA foreign_keys = ON; \(insert)" 2>>errors; then
                    echo wrote; else echo failed; fi
                sleep 0.02
            done
            """
        try startWriting(script)
    }

    /// One process that commits again and again without a pause, patient where others write.
    func startRestlessWriter() throws {
        let insert = "INSERT INTO events(event_type) VALUES('log'); SELECT 'wrote';"
        try startWriting(
            """
            { echo ".timeout 10000"; echo "PRAGMA synchronous = OFF;"; while [ ! -e stop ]; do echo "\(insert)"; done; } |
                sqlite3 -batch -bail -init /dev/null .devteam/devteam.db 2>errors
            """
        )
    }

    private func startWriting(_ script: String) throws {
        let program = try RunningProgram(
            "/bin/sh",
            ["-c", script],
            environment: environment,
            directory: project
        )
        try program.waitForOutput { $0 == "wrote" }
        writers = program
    }

    /// Ends the writers. Returns how many events were taken, and how many failed.
    @discardableResult
    func stopWriters() throws -> (wrote: Int, failed: Int) {
        try shell("touch stop")
        try writers?.waitForEnd()
        defer { writers = nil }
        return writes
    }

    /// How many events of the writers were taken so far, and how many failed.
    var writes: (wrote: Int, failed: Int) {
        let lines = writers?.stdout.split(separator: "\n") ?? []
        return (lines.count { $0 == "wrote" }, lines.count { $0 == "failed" })
    }

    /// Waits until so many of their events were taken.
    func waitForWrites(_ condition: (Int) -> Bool) throws {
        try wait(for: "writes") { condition(writes.wrote) }
    }

    /// What the writers were told when something failed.
    var writerErrors: String { (try? String(contentsOfFile: project + "/errors", encoding: .utf8)) ?? "" }

    /// What the writers do goes on: none of it is part of what is compared.
    private static let others = "events WHERE event_type <> 'log'"

    /// Every row of every table, but for what the writers write.
    func rows() throws -> String {
        let names = try sql(
            ".timeout 10000\nSELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence' ORDER BY 1;"
        )
        let selects = names.split(separator: "\n").map { name in
            "SELECT '\(name)', * FROM \(name == "events" ? Self.others : String(name)) ORDER BY 2, 3;"
        }
        return try sql(".timeout 10000\n.mode quote\n" + selects.joined(separator: "\n"))
    }

    func isHealthy() throws -> Bool {
        try sql(".timeout 10000\nPRAGMA integrity_check; PRAGMA foreign_key_check;") == "ok"
    }
}
