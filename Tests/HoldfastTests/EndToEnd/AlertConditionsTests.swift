import Foundation
import TestSupport
import Testing

/// What is wrong for a while, and what a receiver gets of it.
@Suite("Alerts that fire and clear", .serialized)
struct AlertConditionsTests {
    @Test("damage is over when the database is deleted, watched or not", arguments: [true, false])
    func deleted(isWatched: Bool) throws {
        let setup = try AlertSetup("CREATE TABLE t(a); INSERT INTO t VALUES(1);")
        try setup.configure("alerts: [\(setup.appending)]")
        try setup.watch()
        try setup.protection.shell("dd if=/dev/zero of=a.db bs=4096 seek=1 count=1 conv=notrunc status=none")
        try setup.alert("bad")
        if !isWatched { try setup.stop() }
        try FileManager.default.removeItem(atPath: setup.protection.database)
        if !isWatched { try setup.watch() }
        let resolved = try setup.alert("bad", "resolved")
        #expect(resolved.path == setup.protection.database && resolved.root == setup.protection.data)
        #expect(try !setup.protection.status().stdout.contains("alert bad"))
        try setup.stop()
    }

    @Test("a remote that has had nothing new for 5 minutes more than it collects changes")
    func remote() throws {
        let setup = try AlertSetup()
        let clock = try SetClock(in: setup.protection.folder)
        setup.environment = clock.environment
        try setup.configure("alerts: [\(setup.appending)]")
        try setup.watch()
        let url = "file://" + setup.protection.folder.file("remote")
        let added = try setup.holdfast("remote", "add", "nas", url, "--every", "1h")
        #expect(added.status == 0, "\(added)")
        func nas() throws -> RemoteStatus? {
            try setup.protection.remoteStatus(["--config", setup.configuration]).remotes["nas"]
        }
        try wait(for: "the first batch") { try nas()?.sequence ?? 0 > 0 }
        // It waits for the next batch now.
        try SQLite3.sql("INSERT INTO t VALUES(1);", on: setup.protection.database)
        try setup.protection.sync()
        for (seconds, isBehind) in [(1800, false), (3800, false), (3970, true)] {
            try clock.set(seconds: seconds)
            let status = try setup.holdfast("status").stdout
            #expect(status.contains("the remote nas has been behind for 66m") == isBehind, "\(status)")
            #expect(status.contains("has been behind") == isBehind, "\(status)")
            setup.reload()
        }
        let told = try setup.alert("remote")
        #expect(told.root == setup.protection.data && told.message.contains("behind for 6"), "\(told)")
        #expect(try nas()?.error == nil)
        try setup.stop()
    }

    /// The objects that the receiver got, field by field.
    private func lines(_ setup: AlertSetup, _ kind: String) throws -> [[String: Any]] {
        let content = FileManager.default.contents(atPath: setup.told) ?? Data()
        return try content.split(separator: UInt8(ascii: "\n")).compactMap {
            let line = try JSONSerialization.jsonObject(with: $0) as? [String: Any]
            return line?["alert"] as? String == kind ? line : nil
        }
    }

    @Test(
        "a disk that is nearly full, until there is room",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root")
    )
    func disk() throws {
        let setup = try AlertSetup()
        let repository = setup.protection.folder.file("repository")
        let disk = try SmallFileSystem(repository, byteCount: 256 << 20)
        try setup.configure("alerts: [\(setup.appending)]")
        try setup.watch()
        // Less than 5 %.
        try disk.fill(leaving: 8 << 20)
        setup.reload()
        let told = try setup.alert("disk")
        #expect(told.root == nil && told.path == nil && told.sequence == nil)
        #expect(told.message.contains("MiB is free on the disk of the repository \(repository): free some"))
        let check = try setup.protection.status("--check")
        #expect(check.status == 1 && check.stdout == "alert disk: \(told.message)\n")
        #expect(try setup.protection.status("--json").stdout.contains(#""alerts":[{"alert":"disk","#))
        try disk.makeRoom()
        setup.reload()
        try setup.alert("disk", "resolved")
        let lines = try lines(setup, "disk")
        #expect(lines.count == 2)
        for line in lines { #expect(Set(line.keys) == ["alert", "state", "since", "message"]) }
        #expect(lines.first?["since"] as? String == lines.last?["since"] as? String)
        try wait(for: "all to be well") { try setup.protection.status("--check").status == 0 }
        try setup.stop()
    }

    @Test("a drill that fails, until one succeeds")
    func drill() throws {
        let setup = try AlertSetup()
        try setup.configure("alerts: [\(setup.appending)]", watch: ["drill-interval: 1s"])
        try setup.watch()
        for _ in 0..<3 {
            try SQLite3.sql("INSERT INTO t VALUES(randomblob(20000));", on: setup.protection.database)
        }
        try setup.protection.sync()
        let place = try Segment(in: setup.protection.folder.file("repository"))
        try place.invert()
        let told = try setup.alert("drill")
        #expect(told.root == setup.protection.data && told.path == nil && told.sequence != nil)
        #expect(
            told.message.hasPrefix("\(setup.protection.data): a restore of snapshot ")
                && told.message.contains(" was tried, and failed: ")
        )
        #expect(try setup.protection.status().stdout.contains("alert drill: "))
        try place.invert()
        try setup.alert("drill", "resolved")
        let lines = try lines(setup, "drill")
        #expect(lines.count == 2)
        for line in lines {
            #expect(Set(line.keys) == ["alert", "state", "root", "since", "message", "sequence"])
        }
        try wait(for: "all to be well") { try setup.protection.status("--check").status == 0 }
        try setup.stop()
    }

    /// A byte in the middle of what the history's only segment has just now.
    private struct Segment {
        private let file: FileHandle
        private let offset: UInt64

        init(in repository: String) throws {
            let script = "ls \(repository)/roots/*/segments/*.segment"
            let names = try Command.run("sh", ["-c", script]).stdout.split(separator: "\n")
            let name = String(try #require(names.first))
            file = try FileHandle(forUpdating: URL(fileURLWithPath: name))
            offset = try file.seekToEnd() / 2
        }

        /// Inverts its bits: once is damage, twice is none.
        func invert() throws {
            try file.seek(toOffset: offset)
            let byte = try #require(file.read(upToCount: 1)?.first)
            try file.seek(toOffset: offset)
            try file.write(contentsOf: [~byte])
        }
    }
}
