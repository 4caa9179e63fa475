import Foundation
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// A directory under the protection of a real watcher, with real `sqlite3` processes writing into it.
package final class Protection {
    package let folder: TemporaryDirectory
    /// The protected directory.
    package let data: String
    /// The database in it.
    package let database: String
    package private(set) var watcher: RunningProgram?

    /// Makes the database with that SQL.
    package init(_ sql: String = "CREATE TABLE t(i INTEGER PRIMARY KEY, b);") throws {
        folder = try TemporaryDirectory()
        data = folder.file("data")
        database = data + "/a.db"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
        if !sql.isEmpty { try SQLite3.sql(sql, on: database) }
    }

    deinit {
        watcher?.kill()
    }

    package var environment: [String: String] { ["HOLDFAST_REPO": folder.file("repository")] }

    /// Starts the watcher and waits until it is ready.
    package func watch(_ arguments: String...) throws {
        try startWatching(arguments).waitForError { $0.hasPrefix("ready") }
    }

    /// Starts the watcher.
    @discardableResult
    package func startWatching(_ arguments: [String] = []) throws -> RunningProgram {
        let program = try HoldfastProgram.start(["watch", data] + arguments, environment: environment)
        watcher = program
        return program
    }

    /// Starts the watcher as a user who must keep to file permissions, and waits until it is ready.
    package func watchWithoutPrivileges() throws {
        let program = try HoldfastProgram.startWithoutPrivileges(["watch", data], environment: environment)
        watcher = program
        try program.waitForError { $0.hasPrefix("ready") }
    }

    /// Ends the watcher in good order.
    @discardableResult
    package func stop() throws -> CommandResult? {
        defer { watcher = nil }
        return try watcher?.terminate()
    }

    /// Ends the watcher as a crash would.
    package func kill() {
        watcher?.kill()
        watcher = nil
    }

    /// Runs a shell script in the protected directory.
    package func shell(_ script: String) throws {
        let result = try Command.run("sh", ["-ec", script], directory: data)
        guard result.status == 0 else { throw CommandFailure(command: script, result: result) }
    }

    /// Writes over the page whose number the SQL gives, behind SQLite's back. As many bytes as a page has.
    package func overwritePage(_ sql: String, with bytes: [UInt8]) throws {
        let number = try SQLite3.sql(sql, on: database).trimmingCharacters(in: .newlines)
        guard let page = UInt64(number) else { throw WaitedInVain(what: "a page from \(sql)") }
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: database))
        try file.seek(toOffset: (page - 1) * UInt64(bytes.count))
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }

    @discardableResult
    package func holdfast(_ arguments: String..., expecting status: Int32 = 0) throws -> CommandResult {
        try holdfast(arguments, expecting: status)
    }

    @discardableResult
    package func holdfast(_ arguments: [String], expecting status: Int32 = 0) throws -> CommandResult {
        let result = try HoldfastProgram.run(arguments, environment: environment)
        guard result.status == status else {
            throw CommandFailure(command: "holdfast \(arguments)", result: result)
        }
        return result
    }

    /// What `status` says, whether all is well or not.
    @discardableResult
    package func status(_ arguments: String...) throws -> CommandResult { try status(arguments) }

    package func status(_ arguments: [String]) throws -> CommandResult {
        let result = try HoldfastProgram.run(["status"] + arguments, environment: environment)
        guard [0, 1].contains(result.status) else {
            throw CommandFailure(command: "holdfast status \(arguments)", result: result)
        }
        return result
    }

    /// Everything committed so far is durable afterwards; the last sequence.
    @discardableResult
    package func sync() throws -> Int {
        let line = try holdfast("sync", data, "--json", "--timeout", "60s").stdout
        return try JSONDecoder().decode(Point.self, from: Data(line.utf8)).sequence
    }

    private struct Point: Decodable { let sequence: Int }

    /// The history, oldest first.
    package func log() throws -> [LogLine] {
        try holdfast("log", data, "--json").stdout.split(separator: "\n").map {
            try JSONDecoder().decode(LogLine.self, from: Data($0.utf8))
        }
    }

    /// Snapshots of the database.
    package func snapshots() throws -> [LogLine] { try log().filter { $0.path == database } }

    /// Restores the database as of a snapshot and returns the copy's path.
    package func restore(_ when: String) throws -> String {
        let copy = folder.file("restored-\(when).db")
        try holdfast("restore", database, "--at", when, "--output", copy)
        return copy
    }

    /// The digest that the database file has now, as snapshots record it.
    package func liveDigest() throws -> String {
        let file = try OpenFile(FilePath(database), .protected)
        var front = [UInt8](repeating: 0, count: 100)
        let got = try file.read(into: &front, count: 100, at: 0)
        let header = try DatabaseHeader(unsafe front.span.bytes.extracting(0..<got))
        let size = try file.status().sizeBytes
        let shape = ImageSize(pageSize: header.pageSize, byteCount: size)!
        return try ImageDigest.of(file, shape: shape).hexadecimal
    }

    /// What `check` says of everything in the repository.
    package func check() throws {
        try holdfast("check", "--read-data", "--quiet")
    }
}

/// A line of `log --json`.
package struct LogLine: Decodable {
    package let sequence: Int?
    package let time: String?
    package let path: String?
    package let kind: String?
    package let event: String
    package let digest: String?
    package let coalesced: Int?
    package let image_bytes: Int?
    package let stored_bytes: Int?
    package let reason: String?
    package let tags: [String]?
}
