import Foundation
import LinuxSystem
import RepositoryFormat
import TestSupport
import Testing

/// What terminals show of a long history.
@Suite("Log on a terminal")
struct TerminalLogTests {
    private let folder: TemporaryDirectory

    /// A snapshot every 20 seconds, of a file with a long name.
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
        let name = "memory/of/a/team/that/has/much/to/say/in/its/notes.md"
        for number in 0..<50 {
            try recorded.record(name, .plain, Array("\(number)".utf8), at: Scene.at(Double(number) * 20))
        }
        try recorded.add(Gap(from: Scene.at(1), to: Scene.at(2), reason: "the watcher was not running"))
        try recorded.add(
            Annotation(
                .tag,
                target: SequenceNumber(50),
                fields: ["name": "quite-a-long-tag-name"],
                time: Scene.at(1)
            )
        )
        recorded.close()
    }

    /// What the program shows on a terminal of that size.
    private func shown(_ arguments: String, columns: Int = 80, rows: Int = 24) throws -> [String] {
        let command = "stty cols \(columns) rows \(rows); '\(HoldfastProgram.path)' log data \(arguments)"
        let result = try Command.run(
            "script",
            ["-qec", command, "/dev/null"],
            environment: HoldfastProgram.environment([
                "HOLDFAST_REPO": folder.file("repository"), "NO_COLOR": "1", "PAGER": "cat",
            ]),
            directory: folder.path
        )
        #expect(result.status == 0, "\(result)")
        return result.stdout.split(whereSeparator: \.isNewline).map(String.init)
    }

    @Test("no row is wider than the terminal, and its end is seen", arguments: [70, 80, 132])
    func width(_ columns: Int) throws {
        let lines = try shown("--by snapshot", columns: columns)
        #expect(lines.count == 52)
        #expect(lines.allSatisfy { $0.count <= columns }, "\(lines)")
        #expect(lines[1].hasSuffix("es.md") && lines[1].contains("…"), "\(lines)")
        #expect(lines.contains { $0.contains("the watcher was not running") })
        #expect(lines.contains { $0.contains("[quite-a-long-tag-name]") } || columns <= 80)
        for form in ["--by minute", "--graph"] {
            #expect(try shown(form, columns: columns).allSatisfy { $0.count <= columns })
        }
    }

    @Test("a pipe gets whole names")
    func pipe() throws {
        let result = try HoldfastProgram.run(
            ["log", "data"],
            environment: ["HOLDFAST_REPO": folder.file("repository")],
            directory: folder.path
        )
        #expect(result.lines.count == 52)
        #expect(result.lines[1].hasSuffix("memory/of/a/team/that/has/much/to/say/in/its/notes.md"))
    }

    @Test("what does not fit is grouped by the finest unit that does, and a message says so")
    func grouped() throws {
        // 50 snapshots within 17 minutes.
        let lines = try shown("")
        #expect(lines.count == 19 && lines[0].contains("minute"), "\(lines)")
        #expect(lines[18].hasPrefix("holdfast: grouped by minute to fit the terminal: holdfast log "))
        let hours = try shown("", rows: 15)
        #expect(hours.count == 3 && hours[0].contains("hour") && hours[1].contains("1-50"), "\(hours)")
        #expect(try shown("", rows: 60).count == 52)
        // With the gap behind them.
        #expect(try shown("--last 30").count == 32)
        #expect(try shown("--json").count == 51)
    }
}
