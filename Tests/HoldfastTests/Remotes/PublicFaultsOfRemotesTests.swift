import Foundation
import TestSupport
import Testing

/// Faults that other programs had with copies off the machine, as their public issues tell.
@Suite("Public faults of remotes", .serialized)
struct PublicFaultsOfRemotesTests {
    @Test("a batch is lost amid a follow: no older image is restored as if it were the newest")
    func gap() throws {
        // benbjohnson/litestream#1515
        let copy = try OffsiteCopy("nas")
        var pushed: [Int] = []
        for _ in 0..<4 {
            try copy.push()
            pushed.append(try copy.status().sequence)
            try copy.commit()
        }
        let beforeGap = pushed[1]
        let lost = try #require(copy.names("nas", in: "stream").first { $0.hasSuffix("/000000000003") })
        try copy.remove(lost, from: "nas")
        // Nothing more is written behind the gap.
        for _ in 0..<2 {
            let refused = try copy.push(expecting: 4)
            #expect(refused.stderr.contains("batch 3 was removed from the remote"), "\(refused)")
            let check = try copy.check("nas", expecting: 4)
            #expect(check.stdout.contains("error: \(lost): it is missing"), "\(check)")
            let (result, image) = try copy.restore(from: "nas")
            #expect(result.status == 4 && image == nil, "\(result)")
            #expect(result.stderr.contains("\(lost) is missing"), "\(result)")
            // Who says so gets the state before the gap.
            let before = try copy.restore(from: "nas", "--before-damage")
            #expect(before.result.status == 0 && before.image == copy.truth[beforeGap], "\(before.result)")
            try copy.commit()
        }
        try copy.push("--take-over")
        try copy.check("nas")
        try copy.expectRestorable(from: "nas")
    }

    @Test("the content of a base is lost: no image is restored without it, and a check names it")
    func lostBase() throws {
        let copy = try OffsiteCopy("nas")
        for _ in 0..<3 { try copy.commit(bytes: 10_000) }
        try copy.protection.holdfast("forget", "--keep-last", "1", copy.protection.data)
        try copy.push()
        let content = try copy.names("nas", in: "data")
        try #require(!content.isEmpty)
        for lost in content {
            let bytes = try #require(copy.objects("nas")[lost])
            try copy.remove(lost, from: "nas")
            let check = try copy.check("nas", expecting: 4)
            #expect(check.stdout.contains("error: \(lost): it is missing"), "\(check)")
            let (result, image) = try copy.restore(from: "nas")
            #expect(result.status != 0 && image == nil && result.stderr.contains(lost), "\(result)")
            try bytes.write(to: URL(fileURLWithPath: copy.directory("nas") + "/" + lost))
        }
        try copy.expectRestorable(from: "nas")
    }

    @Test("forget, push and prune remove what is old: each moment that was kept is restored as it was")
    func retention() throws {
        // benbjohnson/litestream#1084
        let copy = try OffsiteCopy("nas")
        let protection = copy.protection
        for _ in 0..<6 {
            // More than half of what a segment takes.
            try copy.commit(bytes: 2_300_000)
            try copy.push()
        }
        try protection.holdfast("forget", "--keep-last", "3", protection.data)
        try copy.push()
        try followForADay(copy)
        let before = try copy.objects("nas").count
        let directory = copy.directory("nas")
        _ = try Command.run(
            "find",
            [directory, "-type", "f", "-exec", "touch", "-d", "3 days ago", "{}", "+"]
        )
        try protection.holdfast(["remote", "prune", "nas"] + copy.configuration)
        #expect(try copy.objects("nas").count < before - 6)
        try copy.check("nas")
        #expect(try protection.snapshots().count == 4)
        try copy.expectRestorable(from: "nas")
        // The writer goes on with what is left.
        try copy.commit()
        try copy.push()
        try copy.expectRestorable(from: "nas")
    }

    /// After a day the next batch gets an index. Without a later one prune removes nothing.
    private func followForADay(_ copy: OffsiteCopy) throws {
        let clock = try SetClock(in: copy.protection.folder)
        let follower = try HoldfastProgram.start(
            ["push", "--follow"] + copy.configuration,
            environment: copy.protection.environment.merging(clock.environment) { $1 }
        )
        // It has begun by then.
        try copy.commit()
        try wait(for: "the commit") {
            let (sequence, remotes) = try copy.status()
            return remotes["nas"]?.sequence == sequence
        }
        try clock.set(seconds: 90_000)
        try SQLite3.sql("PRAGMA user_version = 7;", on: copy.protection.database)
        try copy.protection.holdfast("watch", "--once", copy.protection.data)
        try copy.protection.holdfast("forget", "--keep-last", "4", copy.protection.data)
        try copy.note()
        try wait(for: "an index of the next day") { try copy.names("nas", in: "index").count == 2 }
        try follower.terminate()
    }

    @Test(
        "a machine that is restored from an old image does not overwrite the newer copy",
        arguments: [true, false]
    )
    func oldDisk(hadShipped: Bool) throws {
        // tursodatabase/libsql#687
        let copy = try OffsiteCopy("nas")
        let folder = copy.protection.folder
        try copy.commit()
        if hadShipped { try copy.push() }
        try copy.protection.shell("cp -a ../repository ../old-repository; cp -a a.db ../old.db")
        for _ in 0..<2 {
            try copy.commit()
            try copy.push()
        }
        let newest = try copy.protection.live("a.db")
        let objects = try copy.objects("nas")
        try copy.protection.shell(
            "rm -r \(folder.file("repository")); mv ../old-repository ../repository; mv ../old.db a.db"
        )
        // It goes on as if nothing had happened.
        for _ in 0..<3 {
            try copy.commit()
            let refused = try copy.push(expecting: 12)
            #expect(refused.stderr.contains("another writer"), "\(refused)")
        }
        #expect(try copy.objects("nas") == objects)
        let (result, image) = try copy.restore(from: "nas")
        #expect(result.status == 0 && image == newest, "\(result)")
    }

    enum Kill: CaseIterable {
        /// A part of the base is there, not all of it.
        case amidTheBase
        /// All of the base is there, but no batch that names it.
        case behindTheBase
    }

    @Test(
        "a push is killed amid the upload of a base: what was there before is restored, or nothing is",
        arguments: Kill.allCases,
        [true, false]
    )
    func killed(_ kill: Kill, isFirst: Bool) throws {
        // tursodatabase/libsql#718
        let copy = try OffsiteCopy("nas")
        if !isFirst { try copy.push() }
        let before = try copy.protection.live("a.db")
        // An object of so many bytes goes in several parts.
        try copy.commit(bytes: 20_000_000)
        try copy.commit()
        try copy.protection.holdfast("forget", "--keep-last", "1", copy.protection.data)
        let batches = try copy.names("nas", in: "stream")
        try killPush(kill, copy)
        #expect(try copy.names("nas", in: "stream") == batches)

        let (result, image) = try copy.restore(from: "nas")
        if isFirst {
            #expect(result.status != 0 && image == nil, "\(result)")
            #expect(result.stderr.contains("nothing"), "\(result)")
        } else {
            #expect(result.status == 0 && image == before, "\(result)")
        }
        try copy.push()
        try copy.check("nas")
        try copy.expectRestorable(from: "nas")
    }

    /// Kills the program while it ships. Each wait for the disk takes longer, so that it is not done before.
    private func killPush(_ kill: Kill, _ copy: OffsiteCopy) throws {
        let delay = [
            "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
            "-e", "inject=fsync,fdatasync:delay_enter=200000",
        ]
        let program = try RunningProgram(
            "/usr/bin/strace",
            delay + [HoldfastProgram.path, "push"] + copy.configuration,
            environment: HoldfastProgram.environment(copy.protection.environment)
        )
        let uploads = copy.directory("nas") + "/holdfast_remote/uploads"
        try wait(for: "the upload") {
            guard program.isRunning else {
                throw CommandFailure(command: "push", result: try program.waitForEnd())
            }
            switch kill {
            case .amidTheBase:
                let names = try? FileManager.default.subpathsOfDirectory(atPath: uploads)
                return names?.contains { $0.hasSuffix("/part-00001") } ?? false
            case .behindTheBase: return try !copy.names("nas", in: "data").isEmpty
            }
        }
        program.kill()
    }

    @Test("of two remotes one is down: the other one gets all, and status names the one that lags")
    func oneOfTwoIsDown() throws {
        // benbjohnson/litestream#687
        let copy = try OffsiteCopy("away", "nas")
        let protection = copy.protection
        try copy.push()
        try protection.shell("mv \(copy.directory("away")) ../unmounted")
        try copy.commit()
        // A single push goes past it as well.
        let partial = try copy.push(expecting: 3)
        #expect(partial.stdout.contains("nas has all") && partial.stderr.contains("away: "), "\(partial)")

        try protection.startWatching(copy.configuration).waitForError { $0.hasPrefix("ready") }
        for _ in 0..<2 {
            try SQLite3.sql("INSERT INTO t(b) VALUES(randomblob(100));", on: protection.database)
            try protection.waitUntilShipped(to: "nas", copy.configuration)
            try copy.note()
        }
        let (sequence, remotes) = try copy.status()
        let away = try #require(remotes["away"])
        #expect(away.sequence < sequence && away.error?.contains(copy.directory("away")) == true, "\(away)")
        let answer = try protection.status(copy.configuration)
        #expect(answer.status == 1 && answer.stdout.contains("NOT WELL: "), "\(answer)")
        #expect(answer.stdout.contains(": the remote away gets nothing: "), "\(answer)")
        let lines = answer.stdout.split(separator: "\n")
        let named = lines.filter { $0.contains("remote away: ") && $0.contains("is its disk mounted?") }
        #expect(named.count == 1, "\(lines)")
        #expect(lines.contains { $0.contains("remote nas: has all up to snapshot \(sequence)") }, "\(lines)")
        try copy.expectRestorable(from: "nas")

        // It catches up from where it was.
        let batches = try copy.names("nas", in: "stream")
        try protection.shell("mv ../unmounted \(copy.directory("away"))")
        try copy.push()
        #expect(try copy.names("away", in: "stream").count == 2)
        #expect(try copy.names("nas", in: "stream") == batches)
        #expect(try copy.status().remotes.values.allSatisfy { $0.error == nil && $0.lag_ms == 0 })
        try copy.check("away")
        try copy.expectRestorable(from: "away")
        try protection.stop()
    }
}
