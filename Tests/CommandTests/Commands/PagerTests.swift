import Foundation
import RepositoryFormat
import TestSupport
import Testing

/// Long results on a terminal, page by page.
@Suite("Pager")
struct PagerTests {
    private let folder: TemporaryDirectory

    /// The difference of the first two snapshots does not fit into a pipe.
    init() throws {
        folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: folder.file("data"),
            withIntermediateDirectories: true
        )
        let recorded = try RecordedRoot(
            in: folder.file("repository"),
            protecting: folder.file("data"),
            .directory
        )
        let path = folder.file("data/a.db")
        for (second, sql) in [
            "CREATE TABLE t(i INTEGER PRIMARY KEY, v);",
            "INSERT INTO t SELECT value, 'a row among many others' FROM generate_series(1, 5000);",
            "DELETE FROM t WHERE i = 9;",
        ].enumerated() {
            try SQLite3.sql(sql, on: path)
            try recorded.record(
                "a.db",
                .database,
                folder.bytes(of: "data/a.db"),
                at: Scene.at(Double(second))
            )
        }
        recorded.close()
    }

    /// What the program shows on a terminal.
    private func shown(_ arguments: String, _ variables: [String: String]) throws -> CommandResult {
        let environment = ["HOLDFAST_REPO": folder.file("repository"), "NO_COLOR": "1", "TERM": "xterm"]
        return try Command.run(
            "script",
            ["-qec", "stty rows 24 cols 80; '\(HoldfastProgram.path)' \(arguments)", "/dev/null"],
            environment: HoldfastProgram.environment(environment.merging(variables) { $1 }),
            directory: folder.path,
            timeout: .seconds(30)
        )
    }

    /// Directories with images that commands have not removed.
    private func leftovers() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.file("repository"))
            .filter { $0.contains(".holdfast-restore-") }
    }

    @Test(
        "shows the result of commands with long ones",
        arguments: ["log data", "diff 1 data --summary", "rows history t 7 data", "find t data --deleted"]
    )
    func paged(_ command: String) throws {
        let paged = try shown(command, ["HOLDFAST_PAGER": "sed s/^/paged:/", "PAGER": "false"])
        let plain = try shown(command + " --no-pager", ["HOLDFAST_PAGER": "sed s/^/paged:/"])
        #expect(paged.status == 0 && plain.status == 0, "\(paged)")
        #expect(!plain.stdout.contains("paged:"))
        #expect(paged.stdout.contains("paged:"), "\(paged)")
        let unpaged = try shown(command, ["HOLDFAST_PAGER": "", "PAGER": "sed s/^/paged:/"])
        #expect(!unpaged.stdout.contains("paged:"))
        #expect(try shown("show 1 data", ["HOLDFAST_PAGER": "sed s/^/paged:/"]).stdout.contains("snapshot 1"))
    }

    @Test("has what git sets for less, unless it is set")
    func environment() throws {
        let pager = ["HOLDFAST_PAGER": "echo \"less:$LESS:\"; cat >/dev/null"]
        #expect(try shown("log data", pager).stdout.contains("less:FRX:"))
        #expect(try shown("log data", pager.merging(["LESS": "S"]) { $1 }).stdout.contains("less:S:"))
    }

    @Test("no pager in a pipe")
    func pipe() throws {
        let result = try HoldfastProgram.run(
            ["log", "data"],
            environment: ["HOLDFAST_REPO": folder.file("repository"), "HOLDFAST_PAGER": "sed s/^/paged:/"],
            directory: folder.path
        )
        #expect(result.status == 0 && result.lines.count == 4 && !result.stdout.contains("paged:"))
    }

    @Test(
        "one that ends early ends the command, without a message and with nothing left",
        arguments: ["head -n 1", "true"]
    )
    func early(_ pager: String) throws {
        let result = try shown("diff 1 2 data", ["HOLDFAST_PAGER": pager])
        #expect(result.status == 0 && !result.stdout.contains("holdfast:"), "\(result)")
        #expect(result.stdout.split(whereSeparator: \.isNewline).count <= 1)
        #expect(try leftovers() == [])
    }

    @Test("one that cannot be run is named")
    func missing() throws {
        let result = try shown("diff 1 2 data", ["HOLDFAST_PAGER": "/nonexistent/pager"])
        #expect(result.status == 1, "\(result)")
        #expect(result.stdout.contains("the pager /nonexistent/pager cannot be run"), "\(result)")
        #expect(try leftovers() == [])
    }

    @Test("an error keeps its status")
    func failure() throws {
        let result = try shown("rows history t 9999 data", ["HOLDFAST_PAGER": "sed s/^/paged:/"])
        #expect(result.status == 10 && result.stdout.contains("never had a row 9999"), "\(result)")
    }
}
