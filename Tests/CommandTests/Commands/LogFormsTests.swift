import Foundation
import RepositoryFormat
import TestSupport
import Testing

/// What `log` selects, groups and draws.
@Suite("Log: selected, grouped, drawn")
struct LogFormsTests {
    private static func sequences(_ result: CommandResult) -> [String] {
        result.lines.map { String($0.dropFirst("{\"sequence\":".count).prefix { $0 != "," }) }
    }

    @Test(
        "lists only the snapshots that are asked for",
        arguments: [
            (["--tag"], ["2"]), (["--min-pages", "2"], ["1", "2", "6"]), (["--bad"], ["2"]),
            (["--min-pages", "2", "--last", "2"], ["2", "6"]), (["--tag", "--since", "3"], []),
            (["--min-pages", "1", "--reverse", "--until", "3"], ["3", "2", "1"]),
            (["--table", "T"], ["1", "2", "6"]), (["--table", "t", "--last", "1"], ["6"]),
            (["--table", "t", "--tag"], ["2"]), (["--table", "t", "--shrunk"], []),
            (["--table", "t", "--since", "2"], ["2", "6"]),
        ] as [([String], [String])]
    )
    func selected(_ arguments: [String], _ expected: [String]) throws {
        let scene = try Scene()
        let verdict = Annotation(
            .health,
            target: SequenceNumber(2),
            fields: ["verdict": "bad"],
            time: Scene.at(62)
        )
        try scene.recorded.add(verdict)
        scene.recorded.close()
        let result = try scene.run(["log", scene.data, "--json"] + arguments)
        #expect(result.status == 0, "\(result.stderr)")
        #expect(Self.sequences(result) == expected)
    }

    @Test("with a table, each snapshot has the rows that it added and removed")
    func tallies() throws {
        let scene = try Scene()
        let lines = try scene.run("log", scene.data, "--table", "t", "--json").lines
        #expect(lines.allSatisfy { $0.hasSuffix(#","rows_added":1,"rows_removed":0}"#) }, "\(lines)")
        // Of the first of a part, the rows before it are not counted.
        let part = try scene.run("log", scene.data, "--table", "t", "--since", "6", "--json").lines
        #expect(part.count == 1 && part[0].hasSuffix(#","rows_added":1,"rows_removed":0}"#), "\(part)")
        let text = try scene.run("log", scene.database, "--table", "t").lines
        #expect(text.count == 4 && text[2].hasSuffix("  +1  -0  [pre-migration]"), "\(text)")
    }

    @Test("a table that never was, and what is no table of a database")
    func noTable() throws {
        let scene = try Scene()
        for path in [scene.data, scene.data + "/notes.txt"] {
            let result = try scene.run("log", path, "--table", "nope")
            #expect(result.status == 10 && result.isOneLineError, "\(result)")
            #expect(result.stderr.contains("there never was a table nope"))
        }
        for arguments in [
            ["--shrunk"], ["--graph", "--json"], ["--graph", "--by", "hour"], ["--by", "year"],
        ] {
            let result = try scene.run(["log", scene.data] + arguments)
            // With --json the error is also an object.
            let isOneLine = result.isOneLineError || arguments.contains("--json")
            #expect(result.status == 64 && isOneLine, "\(result)")
        }
    }

    @Test("groups by a unit of local time")
    func groups() throws {
        let scene = try Scene()
        let lines = try scene.run("log", scene.data, "--by", "minute", "--json").lines
            .map { $0.replacing(/"(pages|stored_bytes)":[0-9]+/) { "\"\($0.1)\":…" } }
        #expect(
            lines == [
                #"{"from":"2026-01-29T12:00:00.000000000Z","to":"2026-01-29T12:00:40.000000000Z","snapshots":5,"#
                    + #""pages":…,"stored_bytes":…,"first_sequence":1,"last_sequence":5,"#
                    + #""tags":["pre-migration"],"gaps":1}"#,
                #"{"from":"2026-01-29T12:01:00.000000000Z","to":"2026-01-29T12:01:00.000000000Z","snapshots":1,"#
                    + #""pages":…,"stored_bytes":…,"first_sequence":6,"last_sequence":6,"tags":[],"gaps":0}"#,
            ]
        )
        let day = try scene.run(["log", scene.data, "--by", "day"], environment: ["TZ": "Asia/Kolkata"]).lines
        #expect(day.count == 2 && day[0].contains("day") && day[1].contains("1-6  2026-01-29  "), "\(day)")
        #expect(day[1].hasSuffix("1 gap  [pre-migration]"), "\(day)")
        let table = try scene.run("log", scene.data, "--by", "day", "--table", "t", "--json").lines
        #expect(table.count == 1 && table[0].hasSuffix(#""gaps":1,"rows_added":3,"rows_removed":0}"#))
        let reversed = try scene.run("log", scene.data, "--by", "minute", "--reverse", "--json").lines
        #expect(reversed.count == 2 && reversed[0].contains(#""first_sequence":6,"#))
        let all = try scene.run("log", scene.data, "--by", "snapshot", "--json").stdout
        #expect(try all == scene.run("log", scene.data, "--json").stdout)
    }

    @Test("draws commits and pages over time, with letters that the locale has")
    func graph() throws {
        let scene = try Scene()
        let ascii = try scene.run("log", scene.data, "--graph")
        #expect(ascii.status == 0 && ascii.lines.allSatisfy { $0.count <= 80 }, "\(ascii)")
        #expect(ascii.lines[0].hasPrefix("commits: 12, at most 7 in 750 ms"))
        #expect(ascii.stdout.allSatisfy { $0.isASCII })
        #expect(ascii.stdout.contains("\npages: "))
        let marks = try #require(ascii.lines.first { $0.contains("!") && $0.contains("^") })
        // At 10.25 and 41 of 60 seconds.
        #expect(Array(marks)[13] == "^" && Array(marks)[54] == "!" && marks.count == 55, "\(marks)")
        #expect(ascii.stdout.contains("\n^ 2026-01-29 12:00:10  [pre-migration]\n"))
        let table = try scene.run(
            ["log", scene.data, "--graph", "--table", "t"],
            environment: ["LC_ALL": "C.UTF-8"]
        )
        #expect(table.stdout.contains("█") && table.stdout.contains("▲"), "\(table)")
        #expect(table.stdout.contains("! a gap"))
        #expect(table.stdout.contains("rows of t lost: 0, at most 0 in"))
    }

    @Test("counts commits of a root without a snapshot as nothing")
    func empty() throws {
        let scene = try Scene()
        for form in [["--graph"], ["--by", "hour"]] {
            let result = try scene.run(["log", scene.data, "--since", "-1s"] + form)
            #expect(result.status == 0 && result.stdout == "", "\(result)")
        }
    }
}
