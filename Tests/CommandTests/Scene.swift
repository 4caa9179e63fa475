import Foundation
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport

/// A repository with a directory root `data` that was made up: a database of three commits with a gap before
/// the last, a plain file, and a file that is gone again.
///
/// | sequence | time of 2026-01-29, UTC | file | event |
/// |---|---|---|---|
/// | 1 | 12:00:00 | app.db | baseline |
/// | 2 | 12:00:10.25 | app.db | commit |
/// | 3 | 12:00:20 | notes.txt | created |
/// | 4 | 12:00:30 | gone.txt | created |
/// | 5 | 12:00:40 | gone.txt | deleted |
/// | 6 | 12:01:00 | app.db | scan of 7 commits |
final class Scene {
    static let noon: Int64 = 1_769_688_000

    let directory: TemporaryDirectory
    let recorded: RecordedRoot
    /// The database's images by their sequences.
    private(set) var images: [Int: [UInt8]] = [:]

    init() throws {
        directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.file("data"),
            withIntermediateDirectories: true
        )
        recorded = try RecordedRoot(
            in: directory.file("repository"),
            protecting: directory.file("data"),
            .directory
        )
        try database("CREATE TABLE t(a); INSERT INTO t VALUES('one')", .baseline, 0)
        try database("INSERT INTO t VALUES('two')", .commit, 10.25)
        try recorded.record("notes.txt", .plain, Array("notes".utf8), .created, at: Self.at(20))
        try recorded.record("gone.txt", .plain, Array("gone".utf8), .created, at: Self.at(30))
        try recorded.delete("gone.txt", .plain, at: Self.at(40))
        try recorded.add(Gap(from: Self.at(41), to: Self.at(43.5), reason: "the watcher was not running"))
        try database("INSERT INTO t VALUES('three')", .scan, 60, coalesced: 7)
        try recorded.add(
            Annotation(.tag, target: SequenceNumber(2), fields: ["name": "pre-migration"], time: Self.at(61))
        )
        recorded.close()
    }

    static func at(_ seconds: Double) -> Instant {
        Instant(nanoseconds: noon * 1_000_000_000 + Int64(seconds * 1_000_000_000))
    }

    private func database(
        _ sql: String,
        _ event: SnapshotEvent,
        _ seconds: Double,
        coalesced: Int = 0
    ) throws {
        try SQLite3.sql(sql + ";", on: directory.file("data/app.db"))
        let image = try directory.bytes(of: "data/app.db")
        let sequence = try recorded.record(
            "app.db",
            .database,
            image,
            event,
            at: Self.at(seconds),
            coalesced: coalesced
        )
        images[Int(sequence.rawValue)] = image
    }

    var data: String { directory.file("data") }
    var database: String { directory.file("data/app.db") }
    var output: String { directory.file("out") }
    var segment: String {
        "\(recorded.root.directory.string)/segments/00000000000000000001.segment"
    }

    func run(_ arguments: String..., environment: [String: String] = [:]) throws -> CommandResult {
        try run(arguments, environment: environment)
    }

    func run(
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> CommandResult {
        try HoldfastProgram.run(
            arguments,
            environment: ["HOLDFAST_REPO": directory.file("repository")].merging(environment) { $1 },
            directory: directory.path
        )
    }

    /// Changes one byte of a file.
    func flip(_ path: String, at offset: Int) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[offset] ^= 0x40
        try bytes.write(to: URL(fileURLWithPath: path))
    }

    /// Names in the test's directory that restores made.
    var leftovers: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: directory.path)
                .filter { !["repository", "data"].contains($0) }.sorted()
        }
    }
}

extension CommandResult {
    var lines: [String] { stdout.split(separator: "\n").map(String.init) }

    /// Whether it said one line on the standard error, in the form that all have, and nothing else.
    var isOneLineError: Bool {
        stdout == "" && stderr.hasPrefix("holdfast: ") && stderr.hasSuffix("\n")
            && stderr.filter { $0 == "\n" }.count == 1
    }
}
