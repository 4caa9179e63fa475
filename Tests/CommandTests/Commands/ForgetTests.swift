import Foundation
import RepositoryReader
import RepositoryWriter
import SystemPackage
import TestSupport
import Testing

@Suite struct ForgetTests {
    @Test("without rules, everything of the last 24 hours stays")
    func standard() throws {
        let scene = try Scene()
        let result = try scene.run("forget", "--dry-run")
        #expect(result.status == 0 && result.stderr == "")
        let words = "keeps all within 24h, 48 hourly, 7 daily, 4 weekly, 12 monthly"
        #expect(result.lines.first == "\(scene.data): \(words)")
        #expect(result.lines.last == "\(scene.data): 6 snapshots kept, nothing to remove")
        #expect(
            result.stdout.contains(
                "  2  2026-01-29 12:00:10  tag pre-migration, within 24h\n"
            ),
            "\(result.stdout)"
        )
        #expect(result.stdout.contains("\nand 4 within 24h\n"), "\(result.stdout)")
    }

    @Test("says exactly what would go, what stays and why, and changes nothing")
    func dryRun() throws {
        let scene = try Scene()
        let before = try scene.run("log", "--json").stdout
        let result = try scene.run("forget", "--dry-run", "--keep-last", "1", "--json", scene.data)
        #expect(result.status == 0 && result.stderr == "")
        let lines = try result.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        let snapshots = lines.filter { $0.sequence != nil }
        #expect(snapshots.map(\.sequence) == [1, 2, 3, 4, 5, 6])
        #expect(snapshots.map(\.action) == ["remove", "keep", "keep", "remove", "keep", "keep"])
        #expect(
            snapshots.map(\.reasons) == [
                [], ["tag pre-migration"], ["state at 6"], [], ["state at 6"], ["newest", "last"],
            ]
        )
        let files = lines.filter { $0.sequence == nil && $0.summary == nil }
        #expect(files.map(\.path) == [scene.database, "\(scene.data)/notes.txt", "\(scene.data)/gone.txt"])
        #expect(files.map(\.kept) == [2, 1, 1] && files.map(\.removed) == [1, 0, 1])
        let stored = snapshots.filter { $0.action == "remove" }.compactMap(\.stored_bytes)
        let summary = try #require(lines.last)
        #expect(summary.summary == true && summary.dry_run == true && summary.root == scene.data)
        #expect(summary.kept == 4 && summary.removed == 2)
        #expect(stored.allSatisfy { $0 > 0 })
        #expect(try scene.run("log", "--json").stdout == before)

        let text = try scene.run("forget", "--dry-run", "--keep-last", "1", scene.data).stdout
        #expect(text.contains("\napp.db: would remove 1 of 3 snapshots (1)\n"), "\(text)")
        #expect(text.contains("\ngone.txt: would remove 1 of 2 snapshots (4)\n"), "\(text)")
        #expect(text.contains("4 snapshots kept, 2 would be removed"), "\(text)")
        #expect(!text.contains("up to"), "\(text)")
        let done = try scene.run("forget", "--keep-last", "1", "--json").lines.last ?? ""
        let outcome = try JSONDecoder().decode(Line.self, from: Data(done.utf8))
        #expect(summary.freed_bytes == outcome.freed_bytes && outcome.freed_bytes ?? 0 > 0)
    }

    @Test("a tag that there is not keeps nothing, so nothing is removed", arguments: [[], ["--dry-run"]])
    func unknownTag(_ more: [String]) throws {
        let scene = try Scene()
        let before = try scene.run("log", "--json").stdout
        let mistyped = ["forget", "--keep-tag", "pre-migration", "--keep-tag", "pre-migratoin"]
        let result = try scene.run(mistyped + more)
        #expect(result.status == 10 && result.isOneLineError, "\(result)")
        #expect(result.stderr.contains("no tag \"pre-migratoin\": did you mean pre-migration?"), "\(result)")
        #expect(try scene.run("log", "--json").stdout == before)
        #expect(try scene.run("forget", "--keep-tag", "pre-migration").status == 0)
    }

    @Test("the path of a file or a directory in a root does not thin the root")
    func partOfRoot() throws {
        let scene = try Scene()
        let before = try scene.run("log", "--json").stdout
        for part in [scene.database, scene.data + "/notes.txt", scene.data + "/memory"] {
            let result = try scene.run("forget", part, "--keep-last", "1")
            #expect(result.status == 64 && result.isOneLineError, "\(result)")
            #expect(result.stderr.contains("holdfast forget \(scene.data)"), "\(result)")
        }
        #expect(try scene.run("log", "--json").stdout == before)
    }

    @Test("waits for a writer that has the lock and not yet the socket, and no longer than it may")
    func startingWatcher() throws {
        let scene = try Scene()
        // As a watcher that starts.
        var writer: RootWriter? = try RootWriter(root: scene.recorded.root)
        let patient = try HoldfastProgram.start(
            ["forget", scene.data, "--keep-last", "1", "--timeout", "60s"],
            environment: ["HOLDFAST_REPO": scene.directory.file("repository")]
        )
        let impatient = try scene.run("forget", "--keep-last", "1", "--timeout", "50ms")
        #expect(impatient.status == 11 && impatient.isOneLineError, "\(impatient)")
        // It found the lock taken, and sleeps before it tries again (proc(5), syscall: clock_nanosleep).
        let sleeps = "grep -qs '^230 ' /proc/\(patient.processID)/task/*/syscall"
        try wait(for: "its next attempt") { try Command.run("sh", ["-c", sleeps]).status == 0 }
        #expect(patient.isRunning)
        withExtendedLifetime(writer) {}
        writer = nil
        #expect(try patient.waitForEnd().status == 0)
    }

    @Test("counts hours by the clock on the wall of the user's zone")
    func zone() throws {
        let scene = try Scene()
        // All snapshots lie between 12:00 and 12:01 in UTC: in a zone of 11:59:30 they lie on two days.
        let arguments = ["forget", "--dry-run", "--keep-daily", "9"]
        #expect(try scene.run(arguments).stdout.contains(": 4 snapshots kept, 2 would"))
        let other = try scene.run(arguments, environment: ["TZ": "XXX-11:59:30"]).stdout
        #expect(other.contains("\n  3  2026-01-29 23:59:50  daily\n"), "\(other)")
    }

    @Test("a limit of size takes the oldest, and says when it cannot be reached")
    func maximumSize() throws {
        let scene = try Scene()
        let wide = try scene.run("forget", "--dry-run", "--max-size", "1G", "--json")
        #expect(wide.status == 0 && wide.stdout.contains(#""fits":true"#), "\(wide)")
        #expect(wide.stdout.contains(#""removed":0,"freed_bytes":0,"repository_bytes":"#), "\(wide)")
        let total = try #require(
            try JSONDecoder().decode(Line.self, from: Data(wide.lines.last!.utf8)).repository_bytes
        )
        let tighter = try scene.run("forget", "--dry-run", "--max-size", "\(total - 1)", "--json")
        #expect(tighter.stdout.contains(#""action":"remove""#) && tighter.stderr == "", "\(tighter)")
        #expect(tighter.lines[0].contains(#""sequence":1,"#) && tighter.lines[0].contains("remove"))
        let tiny = try scene.run("forget", "--dry-run", "--max-size", "1.5K")
        #expect(tiny.status == 0 && tiny.stderr.contains("cannot be reduced to 1.5 KiB"), "\(tiny)")
        #expect(tiny.stdout.contains("4 snapshots kept, 2 would be removed"), "\(tiny)")

        // Done, it says what the disk shows, not what was estimated.
        let done = try scene.run("forget", "--max-size", "\(total - 1)", "--json")
        let size = RootStorage(scene.recorded.root).disk.total
        #expect(done.status == 0 && done.lines.last!.contains(#""estimated_bytes":\#(size),"#), "\(done)")
        #expect(done.lines.last!.contains(#""fits":\#(size <= total - 1)"#), "\(done)")
        #expect(
            done.stderr.contains("run holdfast forget \(scene.data) again") == (size > total - 1),
            "\(done)"
        )
    }

    @Test(
        "a policy that keeps nothing is refused",
        arguments: [["--keep-last", "0"], ["--keep-within", "0s"]]
    )
    func keepsNothing(_ policy: [String]) throws {
        let scene = try Scene()
        for more in [[], ["--dry-run"]] {
            let result = try scene.run(["forget"] + policy + more)
            #expect(result.status == 64 && result.isOneLineError, "\(result)")
            #expect(result.stderr.contains("the policy keeps nothing"), "\(result.stderr)")
        }
    }

    @Test("a damaged history is left as it is")
    func damage() throws {
        let scene = try Scene()
        try scene.flip(scene.segment, at: 500)
        for arguments in [["forget", "--keep-last", "1"], ["forget", "--dry-run"]] {
            let result = try scene.run(arguments)
            #expect(result.status == 4 && result.isOneLineError, "\(result)")
            #expect(result.stderr.contains("nothing is removed from a damaged history"), "\(result.stderr)")
        }
    }

    @Test("what goes is gone with its room, and what stays restores to what it was")
    func removal() throws {
        let scene = try Scene()
        let size = RootStorage(scene.recorded.root).sizes.total
        let result = try scene.run("forget", "--keep-last", "1", "--json")
        #expect(result.status == 0 && result.stderr == "", "\(result)")
        let summary = try JSONDecoder().decode(Line.self, from: Data(result.lines.last!.utf8))
        #expect(summary.removed == 2 && summary.kept == 4 && summary.dry_run == false)
        let log = try scene.run("log", "--json").lines
        let left = try log.compactMap { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).sequence }
        #expect(left == [2, 3, 5, 6])
        #expect(RootStorage(scene.recorded.root).sizes.total + UInt64(summary.freed_bytes ?? 0) == size)
        for sequence in [2, 6] {
            let copy = scene.directory.file("copy-\(sequence)")
            let restored = try scene.run("restore", scene.database, "--at", "\(sequence)", "--output", copy)
            #expect(restored.status == 0, "\(restored)")
            #expect(try scene.directory.bytes(of: "copy-\(sequence)") == scene.images[sequence])
        }
        let output = scene.output
        let check = try scene.run("check", "--read-data")
        #expect(check.status == 0, "\(check)")
        let gone = try scene.run("restore", scene.database, "--at", "1", "--output", output)
        #expect(
            gone.status == 10 && gone.stderr.contains("there is no snapshot 1: nearest is 2 ("),
            "\(gone)"
        )
        // Of the others, what stood beside this one is gone.
        let alone = try scene.run("restore", scene.data, "--at", "3", "--output", output)
        #expect(
            alone.status == 10 && alone.stderr.contains("snapshot 3 is a state of one file only"),
            "\(alone)"
        )
        let again = try scene.run("forget", "--keep-last", "1")
        #expect(again.lines.last == "\(scene.data): 4 snapshots kept, nothing to remove", "\(again)")
    }

    @Test("a moment that is kept stays whole when files came later, while no watcher ran")
    func laterFiles() throws {
        let protection = try Protection()
        let once = ["watch", protection.data, "--once", "--keep-all", "--quiet"]
        func capture(_ numbers: ClosedRange<Int>) throws {
            for number in numbers {
                try SQLite3.sql("INSERT INTO t(i) VALUES(\(number));", on: protection.database)
                try protection.holdfast(once)
            }
        }
        try capture(1...3)
        try protection.holdfast("tag", "first", protection.data)
        try SQLite3.sql("CREATE TABLE n(i);", on: protection.data + "/later.db")
        try capture(4...6)
        let moment = ["restore", protection.data, "--at", "first", "--output"]
        #expect(try protection.holdfast(moment + [protection.folder.file("before")]).stderr == "")
        try protection.holdfast("forget", protection.data, "--keep-last", "1")
        #expect(try protection.snapshots().count == 2)
        #expect(try protection.holdfast(moment + [protection.folder.file("after")]).stderr == "")
    }

    @Test("beside a watcher, which goes on")
    func besideWatcher() throws {
        let protection = try Protection()
        try protection.watch()
        for number in 1...20 {
            try SQLite3.sql("INSERT INTO t VALUES(\(number), randomblob(500));", on: protection.database)
            try protection.sync()
        }
        let copies = try protection.snapshots().suffix(2).map { try #require($0.sequence) }
        let digests = try protection.snapshots().suffix(2).map(\.digest)
        let wouldFree = try protection.holdfast("forget", "--dry-run", "--keep-last", "2").stdout
        let result = try protection.holdfast("forget", "--keep-last", "2")
        let freed = { (text: String) in text.replacing("would be ", with: "").split(separator: ", ").last }
        #expect(freed(wouldFree) == freed(result.stdout), "\(wouldFree)\(result.stdout)")
        #expect(result.stdout.contains(" 2 snapshots kept, "), "\(result)")
        #expect(try protection.snapshots().map(\.sequence) == copies)
        #expect(try protection.snapshots().map(\.digest) == digests)
        try SQLite3.sql("DELETE FROM t WHERE i < 10;", on: protection.database)
        try protection.sync()
        let copy = try protection.restore("latest")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: copy) == "11\n")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: protection.restore("\(copies[0])")) == "19\n")
        try protection.check()
        try protection.stop()
        try protection.check()
    }

    @Test("watch removes by itself what its rules do not keep, when a segment has become full")
    func byItself() throws {
        let protection = try Protection()
        // More than a segment takes, and then another one.
        for bytes in [100, 100, 100, 2_300_000, 100] {
            try SQLite3.sql("INSERT INTO t(b) VALUES(randomblob(\(bytes)));", on: protection.database)
            try protection.holdfast("watch", "--once", "--keep-all", protection.data)
        }
        let all = try protection.snapshots()
        #expect(all.count == 5, "\(all)")
        try protection.holdfast("watch", "--once", protection.data)
        #expect(try protection.snapshots().count == 5)
        let said = try protection.holdfast("watch", "--once", "--keep-last", "2", protection.data).stderr
        #expect(said.contains("/data: removed 3 old snapshots, "), "\(said)")
        #expect(try protection.snapshots().map(\.sequence) == all.suffix(2).map(\.sequence))
        try protection.check()
        for more in [["--keep-last", "0"], ["--keep-all", "--keep-last", "1"]] {
            let result = try HoldfastProgram.run(
                ["watch", "--once", protection.data] + more,
                environment: protection.environment
            )
            #expect(result.status == 64 && result.isOneLineError, "\(result)")
        }
    }

    @Test("without a repository there is nothing to forget")
    func nothing() throws {
        let directory = try TemporaryDirectory()
        let result = try HoldfastProgram.run(["forget", "--dry-run", "--repo", directory.file("none")])
        #expect(result.status == 10 && result.isOneLineError)
    }

    private struct Line: Decodable {
        let sequence: Int?
        let path: String?
        let action: String?
        let reasons: [String]?
        let stored_bytes: Int?
        let kept: Int?
        let removed: Int?
        let freed_bytes: Int?
        let summary: Bool?
        let dry_run: Bool?
        let root: String?
        let repository_bytes: Int?
    }
}
