import Foundation
import TestSupport
import Testing

/// What messages suggest can be pasted into a shell, in any directory: names are quoted, the repository is
/// named.
@Suite("Pasted commands", .serialized)
final class PastedCommandTests {
    private let folder: TemporaryDirectory
    private let database: String
    private let repository: String
    private let watcher: RunningProgram

    init() throws {
        folder = try TemporaryDirectory()
        let root = folder.file("it's $HOME `x`")
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        database = root + "/a b.db"
        repository = folder.file("my repository")
        try SQLite3.sql(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1, 'x');",
            on: database
        )
        watcher = try HoldfastProgram.start(["watch", root, "--repo", repository])
        try watcher.waitForError { $0.hasPrefix("ready") }
        try holdfast("snapshot", "--tag", "good")
    }

    deinit { watcher.kill() }

    @discardableResult
    private func holdfast(_ arguments: String..., expecting status: Int32 = 0) throws -> CommandResult {
        let result = try HoldfastProgram.run(arguments + ["--repo", repository])
        guard result.status == status else { throw CommandFailure(command: "\(arguments)", result: result) }
        return result
    }

    /// Runs what a line suggests, from `words` on, as a shell reads it.
    private func paste(_ result: CommandResult, from words: String) throws -> CommandResult {
        let text = result.stdout + result.stderr
        let line = try #require(text.split(separator: "\n").last { $0.contains(words) }, "\(text)")
        let command = line[line.ranges(of: words)[0].lowerBound...]
        let pasted = try Command.run(
            "sh",
            ["-c", "holdfast() { \"\(HoldfastProgram.path)\" \"$@\"; }; \(command)"],
            environment: HoldfastProgram.environment(),
            directory: "/"
        )
        guard pasted.status == 0 else { throw CommandFailure(command: String(command), result: pasted) }
        return pasted
    }

    private var rows: String {
        get throws { try SQLite3.sql("SELECT count(*) FROM t;", on: database) }
    }

    @Test("the way back from a restore, from rows, and from a command that failed")
    func waysBack() throws {
        try SQLite3.sql("DELETE FROM t;", on: database)
        let restored = try holdfast("restore", database, "--at", "good", "--in-place")
        #expect(try rows == "1\n")
        _ = try paste(restored, from: "holdfast undo")
        #expect(try rows == "0\n")
        let found = try holdfast("rows", "restore", "t", "1", "--at", "good", "--path", database)
        _ = try paste(found, from: "holdfast undo")
        #expect(try rows == "0\n")
        let failed = try HoldfastProgram.run(
            ["guard", "--path", database, "--repo", repository, "--", "sh", "-c", "exit 7"]
        )
        #expect(failed.status == 7)
        try SQLite3.sql("INSERT INTO t VALUES(2, 'y');", on: database)
        _ = try paste(failed, from: "holdfast restore")
        #expect(try rows == "0\n")
    }

    @Test("where to look")
    func whereToLook() throws {
        let none = try holdfast("rows", "history", "t", "7", "--path", database, expecting: 10)
        #expect(try paste(none, from: "holdfast query").stdout == "1|x\n")
        let file = try holdfast("log", database + "x", expecting: 10)
        _ = try paste(file, from: "holdfast log")
        try SQLite3.sql("INSERT INTO t VALUES(-5, 'z');", on: database)
        try holdfast("sync")
        let key = try HoldfastProgram.run(
            ["rows", "restore", "t", "--at", "good", "--path", database, "--repo", repository, "--", "-5"]
        )
        #expect(key.status == 10)
        #expect(try paste(key, from: "holdfast rows history").stdout.contains("z"))
        let part = try holdfast("forget", database, "--keep-last", "1", expecting: 64)
        _ = try paste(part, from: "holdfast forget")
        let all = try holdfast("restore", "--at", "good", "--output", "-", expecting: 64)
        #expect(try paste(all, from: "holdfast export").stdout.hasPrefix("./it's"))
    }
}
