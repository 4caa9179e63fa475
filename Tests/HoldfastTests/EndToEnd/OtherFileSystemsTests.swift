import Foundation
import TestSupport
import Testing

/// Other tests begin processes meanwhile, which would keep a FUSE mount's descriptors; so one after the
/// other.
@Suite("A repository and a root on other file systems", .serialized)
struct OtherFileSystemsTests {
    static let kinds = SmallFileSystem.Kind.allCases.filter { SmallFileSystem.isAllowed($0) }

    @Test(
        "what was committed is captured, checked, pruned, and comes back, beside the file and in its place",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root"),
        arguments: kinds
    )
    func all(_ kind: SmallFileSystem.Kind) throws {
        let protection = try Protection("")
        let disk = try SmallFileSystem(protection.folder.file("disk"), byteCount: kind.leastBytes, kind)
        try FileManager.default.createDirectory(
            atPath: disk.path + "/data",
            withIntermediateDirectories: false
        )
        let (data, database) = (disk.path + "/data", disk.path + "/data/a.db")
        func holdfast(_ arguments: String..., status: Int32 = 0) throws -> CommandResult {
            let result = try HoldfastProgram.run(
                arguments,
                environment: ["HOLDFAST_REPO": disk.path + "/repository"]
            )
            #expect(result.status == status, "\(kind) \(arguments): \(result)")
            return result
        }
        let sql = "PRAGMA journal_mode=WAL; CREATE TABLE t(b); INSERT INTO t VALUES('old');"
        try SQLite3.sql(sql, on: database)
        try "note".write(toFile: data + "/note", atomically: false, encoding: .utf8)

        let watcher = try HoldfastProgram.start(
            ["watch", data],
            environment: ["HOLDFAST_REPO": disk.path + "/repository"]
        )
        defer { watcher.kill() }
        try watcher.waitForError { $0.hasPrefix("ready") }
        // The client finds the watcher, whatever the file system can hold.
        _ = try holdfast("snapshot", data, "--tag", "before")
        try SQLite3.sql("UPDATE t SET b = 'new';", on: database)
        _ = try holdfast("sync", data)
        // Where inotify reports not all changes, the watcher is degraded.
        let status: Int32 = kind == .bindfs ? 1 : 0
        #expect(try holdfast("status", "--json", status: status).stdout.contains(#""pid":"#))

        let copy = disk.path + "/copy.db"
        _ = try holdfast("restore", database, "--at", "before", "--output", copy)
        #expect(try SQLite3.sql("SELECT b FROM t;", on: copy) == "old\n")
        _ = try holdfast("restore", database, "--at", "latest", "--output", copy, status: 1)
        _ = try holdfast("restore", database, "--at", "latest", "--output", copy, "--force")
        #expect(try SQLite3.sql("SELECT b FROM t;", on: copy) == "new\n")
        _ = try holdfast("restore", data, "--at", "latest", "--output", disk.path + "/all")
        _ = try holdfast("restore", database, "--at", "before", "--in-place")
        #expect(try SQLite3.sql("SELECT b FROM t;", on: database) == "old\n")
        // One that is corrupt is exchanged, and stays aside.
        try "no database".write(toFile: database, atomically: false, encoding: .utf8)
        _ = try holdfast("restore", database, "--at", "before", "--in-place")
        #expect(try SQLite3.sql("SELECT b FROM t;", on: database) == "old\n")
        let names = try FileManager.default.contentsOfDirectory(atPath: data)
        #expect(names.contains { $0.hasPrefix("a.db.corrupted-") }, "\(names)")

        _ = try holdfast("forget", data, "--keep-last", "1", "--dry-run")
        #expect(try watcher.terminate().status == 0)
        _ = try holdfast("forget", data, "--keep-last", "1")
        _ = try holdfast("check", "--read-data", "--quiet")
        _ = try holdfast("watch", "--once", data)
        let left = try FileManager.default.contentsOfDirectory(atPath: disk.path)
        #expect(!left.contains { $0.hasPrefix(".holdfast") }, "\(left)")
    }

    @Test(
        "where a mount lets others in and keeps no modes, the watcher warns, and works",
        .enabled(if: SmallFileSystem.isAllowed(.exfat), "needs root, mkfs.exfat and exfat-fuse")
    )
    func openedByMount() throws {
        let protection = try Protection()
        let disk = try SmallFileSystem(protection.folder.file("disk"), byteCount: 8 << 20, .exfat)
        let environment = ["HOLDFAST_REPO": disk.path + "/repository"]
        let watch = try HoldfastProgram.run(["watch", "--once", protection.data], environment: environment)
        #expect(watch.status == 0 && watch.stderr.contains("keeps no modes"), "\(watch)")
        let beside = try protection.holdfast("watch", "--once", protection.data)
        #expect(!beside.stderr.contains("keeps no modes"), "\(beside)")
    }

    @Test(
        "damage is repaired where a file has one name only",
        .enabled(if: SmallFileSystem.isAllowed(.exfat), "needs root, mkfs.exfat and exfat-fuse")
    )
    func repair() throws {
        let protection = try Protection()
        let disk = try SmallFileSystem(protection.folder.file("disk"), byteCount: 8 << 20, .exfat)
        let environment = ["HOLDFAST_REPO": disk.path + "/repository"]
        func holdfast(_ arguments: String...) throws -> CommandResult {
            try HoldfastProgram.run(arguments, environment: environment)
        }
        for _ in 0..<2 {
            try SQLite3.sql("INSERT INTO t(b) VALUES('x');", on: protection.database)
            #expect(try holdfast("watch", "--once", protection.data).status == 0)
        }
        try protection.shellBeside(
            "s=$(ls disk/repository/roots/*/segments/*.segment); truncate -s -30 $s; head -c 60 /dev/zero >> $s"
        )
        #expect(try holdfast("check").status == 4)
        #expect(try holdfast("repair").status == 0)
        #expect(try holdfast("check", "--read-data").status == 0)
        #expect(try holdfast("watch", "--once", protection.data).status == 0)
    }
}
