import Foundation
import TestSupport
import Testing

/// `bench/run` in its small form, with this build of the program and without a network. Nothing here is a
/// measurement.
@Suite struct BenchTests {
    private static let bench = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appendingPathComponent("../../bench/run").standardized.path

    /// What is read here of a scenario's JSON file.
    private struct Record: Decodable {
        struct Turn: Decodable {
            var commits: Int?
            var points: Int?
            var attempts: Int?
            var changes: Int?
            var durable_ms_p50: Double?
            var written_bytes: Int?
        }

        struct Machine: Decodable {
            var cores: Int
        }

        var commit: String
        var machine: Machine
        var rounds: [String: [Turn]]
    }

    @Test("measures, and writes tables and JSON files of what it measured")
    func small() throws {
        let directory = try TemporaryDirectory()
        let names = ["full-speed", "latency-wal", "interference"]
        let result = try Command.run(
            Self.bench,
            [
                "--short", "--offline", "--program", HoldfastProgram.path, "--peers", "nothing,holdfast",
                "--results", directory.file("results"), "--work", directory.path,
            ] + names
        )
        try #require(result.status == 0, "\(result.stderr)")
        // Every turn took away what it made.
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["results"])

        var turns: [String: Record.Turn] = [:]
        for name in names {
            let table = String(decoding: try directory.bytes(of: "results/\(name).md"), as: UTF8.self)
            #expect(table.contains("\n| nothing | ") && table.contains("\n| holdfast | "), "\(table)")
            #expect(table.contains("| goal | bound | measured | met |"))
            let bytes = Data(try directory.bytes(of: "results/\(name).json"))
            let record = try JSONDecoder().decode(Record.self, from: bytes)
            #expect(record.machine.cores > 0)
            #expect(Set(record.rounds.keys) == ["nothing", "holdfast"])
            turns[name] = try #require(record.rounds["holdfast"]?.first)
        }
        let fast = try #require(turns["full-speed"])
        let commits = try #require(fast.commits)
        // Beside other tests the watcher may come late, and take several commits together.
        let points = try #require(fast.points)
        #expect(10 < points && points <= commits && (fast.written_bytes ?? 0) > 0)
        let sparse = try #require(turns["latency-wal"])
        #expect(sparse.commits == 6 && sparse.points == 6 && sparse.durable_ms_p50 != nil)
        let undisturbed = try #require(turns["interference"])
        #expect((undisturbed.attempts ?? 0) > 10 && undisturbed.changes == 0)
        let summary = String(decoding: try directory.bytes(of: "results/README.md"), as: UTF8.self)
        #expect(names.allSatisfy { summary.contains("[\($0)](\($0).md)") })
    }

    /// What is read here of the JSON file of a soak.
    private struct SoakRecord: Decodable {
        struct Goal: Decodable {
            var goal: String
            var met: Bool?
        }

        struct Row: Decodable {
            var descriptors: Int
            var commits: Int
        }

        var seed: Int
        var goals: [Goal]
        var wrong: [String]
        var rows: [Row]
    }

    @Test("soaks for some seconds: restarts, and restores of former moments that are right")
    func soak() throws {
        let directory = try TemporaryDirectory()
        let result = try Command.run(
            Self.bench,
            [
                "soak", "--hours", "0.004", "--seed", "7", "--only",
                "wal,rollback,processes,files,rotated,sync",
                "--results", directory.file("results"), "--work", directory.path,
            ],
            environment: ProcessInfo.processInfo.environment.merging(["HOLDFAST_BIN": HoldfastProgram.path]) {
                $1
            },
            timeout: .seconds(600)
        )
        try #require(result.status == 0, "\(result)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["results"])
        let bytes = Data(try directory.bytes(of: "results/soak.json"))
        let record = try JSONDecoder().decode(SoakRecord.self, from: bytes)
        #expect(record.seed == 7 && record.wrong.isEmpty)
        let last = try #require(record.rows.last)
        #expect(last.descriptors > 3 && last.commits > 10)
        // Growth cannot be judged within seconds; all else can.
        #expect(record.goals.count { $0.met == true } == 4 && record.goals.allSatisfy { $0.met != false })
        #expect(!record.goals.contains { $0.goal.contains("in 0 restores") })
        let table = String(decoding: try directory.bytes(of: "results/soak.md"), as: UTF8.self)
        #expect(
            table.contains("troubles: SIG") && table.contains("![figures over time](soak.svg)"),
            "\(table)"
        )
        #expect(
            String(decoding: try directory.bytes(of: "results/soak.svg"), as: UTF8.self).contains("<polyline")
        )
    }

    @Test("refuses a scenario that does not exist, and lists those that do")
    func listed() throws {
        let list = try Command.run(Self.bench, ["--list"])
        #expect(list.status == 0 && list.stdout.contains("\ngrowth-10gb ") && list.stdout.contains("\nsoak "))
        let refused = try Command.run(Self.bench, ["--offline", "full-sped"])
        #expect(refused.status == 2 && refused.stderr.contains("no such scenario: full-sped"))
    }
}
