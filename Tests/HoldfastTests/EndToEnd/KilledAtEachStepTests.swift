import Foundation
import TestSupport
import Testing

/// The program killed at every call that changes the repository, one after the other: `strace(1)` sends it SIGKILL as
/// it enters the call.
@Suite("A watcher that is killed at each step", .serialized)
struct KilledAtEachStepTests {
    @Test(
        "opens again, is clean, has all that was acknowledged, converges",
        arguments: ["pwrite64", "fdatasync", "fsync", "rename", "link", "unlink", "ftruncate", "mkdir"]
    )
    func eachCall(call: String) throws {
        var kills = 0
        for stage in [Stage.first, .later, .sealing] {
            var number = 1
            while try kill(at: number, of: call, stage) { number += 1 }
            kills += number - 1
        }
        #expect(kills > 0, "\(call) is not called at all")
        print("killed at each \(call): \(kills) kills")
    }

    /// The run that is killed: the first, which makes the repository and a base image; one that goes on with what an
    /// earlier one acknowledged; one that begins a new segment and seals the one before.
    private enum Stage { case first, later, sealing }

    /// Kills a run at a call. False when it ended before so many calls.
    private func kill(at number: Int, of call: String, _ stage: Stage) throws -> Bool {
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

        let result = try Command.run(
            "strace",
            [
                "-f", "-qq", "-e", "trace=\(call)", "-e", "inject=\(call):signal=KILL:when=\(number)",
                "-o", protection.folder.file("trace"),
                HoldfastProgram.path, "watch", "--once", protection.data,
            ],
            environment: HoldfastProgram.environment(protection.environment)
        )
        guard result.status != 0 else {
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
        }
        return true
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
