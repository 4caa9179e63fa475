import Foundation
import TestSupport
import Testing

/// For example a copy of the repository that is mounted to look at it.
@Suite("A repository that cannot be written", .serialized)
struct ReadOnlyRepositoryTests {
    /// With two snapshots of the database: the second lost the rows of the first.
    private func scene() throws -> Protection {
        let protection = try Protection(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(7, 'x');"
        )
        let watch = ["watch", "--once", "--quiet", protection.data]
        try protection.holdfast(watch)
        try SQLite3.sql("DELETE FROM t;", on: protection.database)
        try protection.holdfast(watch)
        return protection
    }

    private func run(_ arguments: [String], _ protection: Protection) throws -> CommandResult {
        let environment = protection.environment.merging(["TMPDIR": protection.folder.file("tmp")]) { $1 }
        return try HoldfastProgram.runWithoutPrivileges(arguments, environment: environment)
    }

    /// Reads it in every way.
    private func read(_ protection: Protection) throws {
        let temporary = protection.folder.file("tmp")
        try protection.shell("mkdir \(temporary)")
        let (root, database) = (protection.data, protection.database)
        let output = protection.folder.file("output")
        for (arguments, says) in [
            (["query", "SELECT b FROM t", database, "--at", "1"], "x\n"),
            (["diff", "1", database], "t: 1 removed"),
            (["find", "t", "--deleted", database], "i=7 b='x'"),
            (["rows", "history", "t", "7", database], "deleted i=7"),
            (["log", database, "--table", "t"], "-1"),
            (["show", "latest-good", database], "t: 1 removed"),
            (["export", database, "--at", "1", "--format", "sql", "--output", output + ".sql"], "exported"),
            (["export", database, "--at", "1", "--format", "sql", "--output", "-"], "INSERT INTO t"),
            (["export", root, "--at", "1", "--format", "tar", "--output", output + ".tar"], "exported"),
            (["drill", root], "all was right"),
        ] {
            let result = try run(arguments, protection)
            #expect(result.status == 0 && result.stdout.contains(says), "\(arguments): \(result)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty, "\(arguments)")
        }
        let drill = try run(["drill", root, "--json"], protection)
        #expect(drill.stdout.contains(#""passed":true"#), "\(drill)")
        #expect(drill.stderr.contains("the drill could not be recorded: "), "\(drill)")
        // What would write is refused, and does nothing.
        let restored = try run(["rows", "restore", "t", "7", database, "--at", "1"], protection)
        #expect(restored.status == 1, "\(restored)")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: database) == "0\n")
    }

    @Test("by its modes: it is read all the same")
    func modes() throws {
        let protection = try scene()
        try protection.shell("chmod -R u-w ../repository")
        defer { try? protection.shell("chmod -R u+w ../repository") }
        try read(protection)
    }

    @Test(
        "by its mount: it is read all the same",
        .enabled(if: SmallFileSystem.isAllowed, "mounting needs root")
    )
    func mount() throws {
        let protection = try scene()
        try protection.shell(
            "mount --bind ../repository ../repository; mount -o remount,bind,ro ../repository"
        )
        defer { try? protection.shell("umount --lazy ../repository") }
        try read(protection)
    }
}
