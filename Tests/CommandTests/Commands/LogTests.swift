import Foundation
import TestSupport
import Testing

@Suite struct LogTests {
    private static func sequences(_ result: CommandResult) -> [String] {
        result.lines.map { line in
            line.contains("\"event\":\"gap\"")
                ? "gap" : String(line.dropFirst("{\"sequence\":".count).prefix { $0 != "," })
        }
    }

    @Test("writes the fields of the contract, in order, and nothing else")
    func json() throws {
        let scene = try Scene()
        let result = try scene.run("log", "--json", scene.data)
        #expect(result.status == 0 && result.stderr == "")
        #expect(Self.sequences(result) == ["1", "2", "3", "4", "5", "gap", "6"])

        let database = scene.database
        let numbers = /"stored_bytes":[0-9]+,"digest":"[0-9a-f]{16}"/
        let lines = result.lines.map { $0.replacing(numbers, with: "…") }
        let size = try #require(scene.images[1]).count
        let expected = [
            #"{"sequence":1,"time":"2026-01-29T12:00:00.000000000Z","path":"\#(database)","kind":"database","#
                + #""event":"baseline","pages":\#(size / 4096),"image_bytes":\#(size),…,"health":"unknown","tags":[]}"#,
            #"{"sequence":2,"time":"2026-01-29T12:00:10.250000000Z","path":"\#(database)","kind":"database","#
                + #""event":"commit","pages":2,"image_bytes":\#(size),…,"health":"unknown","tags":["pre-migration"]}"#,
            #"{"sequence":3,"time":"2026-01-29T12:00:20.000000000Z","path":"\#(scene.data)/notes.txt","kind":"file","#
                + #""event":"created","pages":1,"image_bytes":5,…,"health":"unknown","tags":[]}"#,
        ]
        for (line, expected) in zip(lines, expected) { #expect(line == expected) }
        #expect(lines[4].contains(#""event":"deleted","pages":0,"image_bytes":0,"#))
        #expect(
            lines[5] == #"{"event":"gap","from":"2026-01-29T12:00:41.000000000Z","#
                + #""to":"2026-01-29T12:00:43.500000000Z","reason":"the watcher was not running"}"#
        )
        #expect(lines[6].hasSuffix(#""tags":[],"coalesced":7}"#))
    }

    @Test("shows stored bytes that add up to what the segments hold")
    func storedBytes() throws {
        let scene = try Scene()
        let sum = try scene.run("log", "--json", scene.data).lines
            .compactMap { $0.firstMatch(of: /"stored_bytes":([0-9]+)/) }.reduce(0) { $0 + Int($1.1)! }
        let size = try FileManager.default.attributesOfItem(atPath: scene.segment)[.size] as? Int
        // The tag after the last snapshot belongs to the next one.
        let total = try #require(size)
        #expect(sum <= total && sum > total - 300)
    }

    @Test(
        "shows the part that was asked for",
        arguments: [
            (["--last", "2"], ["5", "gap", "6"]),
            (["--reverse"], ["6", "gap", "5", "4", "3", "2", "1"]),
            (["--last", "1", "--reverse"], ["6"]),
            (["--since", "4"], ["4", "5", "gap", "6"]),
            (["--until", "2"], ["1", "2"]),
            (["--since", "2026-01-29 12:00:10", "--until", "2026-01-29T12:00:20Z"], ["2", "3"]),
            (["--since", "pre-migration", "--until", "latest~2", "--last", "2"], ["3", "4"]),
            (["--since", "2000-01-01", "--last", "1"], ["6"]),
            (["--since", "-1s"], []),
            (["--since", "5", "--until", "2"], []),
        ] as [([String], [String])]
    )
    func part(_ arguments: [String], _ expected: [String]) throws {
        let scene = try Scene()
        let result = try scene.run(["log", scene.data, "--json"] + arguments)
        #expect(result.status == 0, "\(result.stderr)")
        #expect(Self.sequences(result) == expected)
    }

    @Test("lists a single file's snapshots, with a tag where it leads for that file")
    func singleFile() throws {
        let scene = try Scene()
        #expect(
            try Self.sequences(scene.run("log", scene.database, "--json")) == ["1", "2", "gap", "6"]
        )
        let gone = try scene.run("log", "data/gone.txt", "--json")
        #expect(Self.sequences(gone) == ["4", "5", "gap"])
        #expect(!gone.stdout.contains("pre-migration"))
    }

    @Test("refuses a time in the future and one before the first snapshot, with the nearest choices")
    func outside() throws {
        let scene = try Scene()
        let future = try scene.run("log", scene.data, "--since", "2200-01-01")
        #expect(future.status == 10 && future.isOneLineError)
        #expect(future.stderr.contains("is in the future: the latest snapshot is 6"))
        let early = try scene.run("log", scene.data, "--until", "2000-01-01")
        #expect(early.status == 10 && early.isOneLineError)
        #expect(early.stderr.contains("the first snapshot is 1 (2026-01-29T12:00:00+00:00)"))
    }

    @Test("prints times that lead back to their snapshots when they are pasted")
    func pasting() throws {
        let scene = try Scene()
        for zone in ["UTC", "Europe/Berlin", "Asia/Kolkata"] {
            let rows = try scene.run(["log", scene.database], environment: ["TZ": zone]).lines.dropFirst()
                .filter { !$0.contains("gap") }
            #expect(rows.count == 3)
            for row in rows {
                let time = try #require(row.firstMatch(of: /20..-..-.. ..:..:..\.[0-9]{9}/)).output
                let restored = try scene.run(
                    [
                        "restore", scene.database, "--at", String(time), "--output", scene.output, "--force",
                        "--json",
                    ],
                    environment: ["TZ": zone]
                )
                let sequence = try #require(row.firstMatch(of: /[0-9]+/)).output
                #expect(restored.stdout.hasPrefix("{\"sequence\":\(sequence),"), "\(restored.stderr)")
            }
        }
    }

    @Test("writes a table for people, without colours into a pipe")
    func table() throws {
        let scene = try Scene()
        let result = try scene.run("log", scene.data)
        #expect(result.lines.count == 8)
        #expect(result.lines[0].contains("seq") && result.lines[0].hasSuffix("file"))
        #expect(result.lines[2].hasSuffix("app.db  [pre-migration]"))
        #expect(result.lines[6].contains("gap  2026-01-29 12:00:41.000000000 for 2.5 s: the watcher was not"))
        #expect(result.lines[7].hasSuffix("app.db  of 7 commits"))
        #expect(!result.stdout.contains("\u{1b}"))
        #expect(try scene.run("log", scene.data, "--quiet").stdout == "")
    }

    @Test("ends quietly when its reader goes away, and says when it cannot write")
    func brokenPipe() throws {
        let scene = try Scene()
        let environment = HoldfastProgram.environment([
            "HOLDFAST_REPO": scene.directory.file("repository"), "PROGRAM": HoldfastProgram.path,
        ])
        let pipe = try Command.run(
            "bash",
            ["-c", "\"$PROGRAM\" log data --json | :; exit ${PIPESTATUS[0]}"],
            environment: environment,
            directory: scene.directory.path
        )
        #expect([0, 141].contains(pipe.status) && pipe.stderr == "")
        let ignoring = try Command.run(
            "bash",
            ["-c", "trap '' PIPE; \"$PROGRAM\" log data --json | :"],
            environment: environment,
            directory: scene.directory.path
        )
        #expect(ignoring.stderr == "")
        let full = try Command.run(
            "bash",
            ["-c", "\"$PROGRAM\" log data --json > /dev/full"],
            environment: environment,
            directory: scene.directory.path
        )
        #expect(full.status == 1)
        #expect(full.stderr.hasPrefix("holdfast: cannot write to the standard output: No space left"))
    }

    @Test("lists what is sound of a damaged history, and ends with the damage's place")
    func damage() throws {
        let scene = try Scene()
        let bytes = try FileManager.default.attributesOfItem(atPath: scene.segment)[.size] as? Int
        let size = try #require(bytes)
        try scene.flip(scene.segment, at: size / 2)
        let result = try scene.run("log", scene.data, "--json")
        #expect(result.status == 4)
        // The last line is the error.
        #expect(Self.sequences(result).first == "1" && result.lines.count <= 7)
        #expect(result.stderr.hasPrefix("holdfast: damage in \(scene.segment) at byte "))
    }
}
