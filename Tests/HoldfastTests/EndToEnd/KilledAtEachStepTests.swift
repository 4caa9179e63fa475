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
        for isFirst in [true, false] {
            var number = 1
            while try kill(at: number, of: call, isFirst: isFirst) { number += 1 }
            kills += number - 1
        }
        #expect(kills > 0, "\(call) is not called at all")
        print("killed at each \(call): \(kills) kills")
    }

    /// Kills a run at a call: the first, which makes the repository and a base image; or one that goes on with what an
    /// earlier one acknowledged. False when it ended before so many calls.
    private func kill(at number: Int, of call: String, isFirst: Bool) throws -> Bool {
        let protection = try Protection(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES('old');"
        )
        if !isFirst { try protection.holdfast("watch", "--once", protection.data) }
        let acknowledged = isFirst ? [] : try protection.snapshots()
        let bytes = isFirst ? 6_000_000 : 20_000
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
        guard result.status != 0 else { return false }

        if !isFirst {
            try protection.check()
            let after = try protection.snapshots()
            #expect(after.prefix(acknowledged.count).map(\.digest) == acknowledged.map(\.digest))
        }
        try protection.holdfast("watch", "--once", protection.data)
        try protection.check()
        #expect(try protection.snapshots().last?.digest == protection.liveDigest())
        for snapshot in acknowledged {
            let copy = try protection.restore("\(snapshot.sequence ?? 0)")
            #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "1\n")
        }
        return true
    }
}
