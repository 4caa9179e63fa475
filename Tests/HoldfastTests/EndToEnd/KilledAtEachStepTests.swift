import Foundation
import TestSupport
import Testing

/// The program killed at every call that changes the repository, one after the other: `strace(1)` sends it
/// SIGKILL as it enters the call. In the short form, of what is called often, at every so many calls.
@Suite("A watcher that is killed at each step", .serialized)
struct KilledAtEachStepTests {
    @Test(
        "opens again, is clean, has all that was acknowledged, converges",
        arguments: [
            "pwrite64", "fdatasync", "fsync", "rename", "renameat2", "unlink", "unlinkat", "ftruncate",
            "mkdir",
        ]
    )
    func eachCall(call: String) async throws {
        let kills = try await withThrowingTaskGroup(of: Int.self) { group in
            let step = LongRun(rounds: 1).isLong ? 1 : Self.steps[call] ?? 1
            group.addTask { try killForgets(of: call, step) }
            for stage in Stage.allCases { group.addTask { try killRuns(stage, of: call, step) } }
            return try await group.reduce(0, +)
        }
        #expect(kills > 0, "\(call) is not called at all")
        print("killed at each \(call): \(kills) kills")
    }

    /// In the short form, of calls that there are many of: a kill at every so many.
    private static let steps = [
        "pwrite64": 9, "fdatasync": 2, "fsync": 6, "rename": 2, "unlinkat": 4, "ftruncate": 3, "mkdir": 3,
    ]

    /// The run that is killed: the first, which makes the repository and a base image; one that goes on with
    /// what an earlier one acknowledged; one that begins a new segment and seals the one before.
    private enum Stage: CaseIterable { case first, later, sealing }

    /// Kills a run at each call, each time on the same repository. Returns how often.
    private func killRuns(_ stage: Stage, of call: String, _ step: Int) throws -> Int {
        let protection = try Protection(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES('old');"
        )
        if stage != .first { try protection.holdfast("watch", "--once", protection.data) }
        if stage == .sealing {
            // More than a segment takes.
            try SQLite3.sql("INSERT INTO t(b) VALUES(randomblob(2300000));", on: protection.database)
            try protection.holdfast("watch", "--once", protection.data)
        }
        let acknowledged = stage == .first ? [] : try protection.snapshots()
        let bytes = stage == .first ? 6_000_000 : 20_000
        try SQLite3.sql("INSERT INTO t(b) VALUES(randomblob(\(bytes)));", on: protection.database)
        try "plain".write(toFile: protection.data + "/notes.txt", atomically: false, encoding: .utf8)
        return try countKills(protection, step) {
            try kill(at: $0, of: call, stage, protection, acknowledged)
        }
    }

    /// Kills a run at a call. False when it ended before so many calls.
    private func kill(
        at number: Int,
        of call: String,
        _ stage: Stage,
        _ protection: Protection,
        _ acknowledged: [LogLine]
    ) throws -> Bool {
        guard try isKilled(["watch", "--once", protection.data], at: number, of: call, protection) else {
            if stage == .sealing { #expect(try isSealed(protection)) }
            return false
        }
        if stage != .first {
            try protection.check()
            let after = try protection.snapshots()
            #expect(after.prefix(acknowledged.count).map(\.digest) == acknowledged.map(\.digest))
        }
        try protection.holdfast("watch", "--once", protection.data)
        try protection.check()
        #expect(try protection.snapshots().last?.digest == protection.liveDigest())
        for snapshot in acknowledged {
            let copy = try protection.restore("\(snapshot.sequence ?? 0)")
            let rows = try SQLite3.sql("SELECT count(*) FROM t;", on: copy)
            #expect(
                rows
                    == (snapshot.sequence == acknowledged.last?.sequence && stage == .sealing ? "2\n" : "1\n")
            )
            try FileManager.default.removeItem(atPath: copy)
        }
        return true
    }

    /// Kills `forget` at each call, each time on the same history. Returns how often.
    private func killForgets(of call: String, _ step: Int) throws -> Int {
        let protection = try Protection()
        for bytes in [100, 2_300_000, 100, 2_300_000, 100] {
            try SQLite3.sql("INSERT INTO t(b) VALUES(randomblob(\(bytes)));", on: protection.database)
            try protection.holdfast("watch", "--once", protection.data)
        }
        let acknowledged = try protection.snapshots()
        return try countKills(protection, step) {
            try killForget(at: $0, of: call, protection, acknowledged)
        }
    }

    /// Calls `kill` with 1, 1 + step, … until it returns false, each time with the repository that is there
    /// now. Returns how often it returned true.
    private func countKills(
        _ protection: Protection,
        _ step: Int,
        _ kill: (Int) throws -> Bool
    ) throws -> Int {
        let files = FileManager.default
        let (repository, saved) = (protection.folder.file("repository"), protection.folder.file("saved"))
        let isThere = files.fileExists(atPath: repository)
        if isThere { try files.copyItem(atPath: repository, toPath: saved) }
        var number = 1
        var count = 0
        while try kill(number) {
            number += step
            count += 1
            try files.removeItem(atPath: repository)
            if isThere { try files.copyItem(atPath: saved, toPath: repository) }
        }
        return count
    }

    /// Kills `forget` at a call. False when it ended before so many calls.
    private func killForget(
        at number: Int,
        of call: String,
        _ protection: Protection,
        _ acknowledged: [LogLine]
    ) throws -> Bool {
        let forget = ["forget", "--keep-last", "2", protection.data]
        let isKilled = try isKilled(forget, at: number, of: call, protection)
        for _ in 0..<2 {
            try protection.check()
            let after = try protection.snapshots()
            #expect(after.suffix(2).map(\.digest) == acknowledged.suffix(2).map(\.digest))
            #expect(after.count == 2 || (isKilled && after.count <= acknowledged.count))
            try protection.holdfast("forget", "--keep-last", "2", protection.data)
        }
        #expect(try protection.snapshots().count == 2)
        return isKilled
    }

    /// Runs the program and has it killed at a call. False when it ended before so many calls.
    private func isKilled(
        _ arguments: [String],
        at number: Int,
        of call: String,
        _ protection: Protection
    ) throws -> Bool {
        let result = try Command.run(
            "strace",
            [
                "-f", "-qq", "-e", "trace=\(call)", "-e", "inject=\(call):signal=KILL:when=\(number)",
                "-o", protection.folder.file("trace"), HoldfastProgram.path,
            ] + arguments,
            environment: HoldfastProgram.environment(protection.environment)
        )
        return result.status != 0
    }

    /// Whether the first of two segments is sealed.
    private func isSealed(_ protection: Protection) throws -> Bool {
        let roots = protection.folder.file("repository") + "/roots"
        let root = try #require(FileManager.default.contentsOfDirectory(atPath: roots).first)
        let folder = "\(roots)/\(root)/segments"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let first = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(try #require(names.first))"))
        return names.count == 2 && first[12] == 1
    }
}
