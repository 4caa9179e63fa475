import Foundation
import TestSupport
import Testing

/// A restore in place that changed nothing is none: `undo` does not lead back to before it, where later
/// commits would be lost.
@Suite("A restore in place that was refused", .serialized)
struct RefusedRestoreTests {
    private let protection: Protection

    /// A row was deleted, and is to come back.
    init() throws {
        protection = try Protection("CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1, 'x');")
        try protection.shell("echo one > notes")
        try capture()
        try protection.holdfast("tag", "good", protection.data)
        try SQLite3.sql("DELETE FROM t;", on: protection.database)
        try protection.shell("echo two > notes")
        try capture()
    }

    private func capture() throws { try protection.holdfast("watch", "--once", "--quiet", protection.data) }

    private func expectNothingBegun() throws {
        #expect(try !protection.holdfast("log", protection.data).stdout.contains("before-"))
        let undo = try protection.holdfast("undo", protection.data, expecting: 10)
        #expect(undo.stderr.contains("nothing was restored in place"), "\(undo)")
    }

    private static let commands = [["restore", "--in-place"], ["rows", "restore", "t", "1"]]

    private func run(_ command: [String]) throws -> CommandResult {
        try HoldfastProgram.run(
            command + [protection.database, "--at", "good", "--wait", "200ms"],
            environment: protection.environment
        )
    }

    @Test("because a program had it locked", arguments: commands, [false, true])
    func locked(command: [String], isWatched: Bool) throws {
        if isWatched { try protection.watch() }
        let session = try SQLite3Session(protection.database)
        try session.sql("BEGIN IMMEDIATE;")
        let refused = try run(command)
        #expect(refused.status == 11 && refused.stderr.contains("was locked by"), "\(refused)")
        try session.sql("COMMIT;")
        try session.close()
        try expectNothingBegun()
        #expect(try run(command).status == 0)
        try protection.holdfast("undo", protection.data)
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: protection.database) == "0\n")
    }

    @Test(
        "because it was told to end while a program had it locked",
        arguments: commands,
        [SIGINT, SIGTERM]
    )
    func interrupted(command: [String], signal: Int32) throws {
        if signal == SIGTERM { try protection.watch() }
        try expectInterrupted(command, waitingFor: "IMMEDIATE", by: signal)
    }

    /// No journal on the disk tells what it waits for.
    @Test("because it was told to end while its present state could not be captured")
    func interruptedUnseen() throws {
        try expectInterrupted(Self.commands[1], waitingFor: "EXCLUSIVE", by: SIGINT)
    }

    private func expectInterrupted(_ command: [String], waitingFor lock: String, by signal: Int32) throws {
        let session = try SQLite3Session(protection.database)
        try session.sql("BEGIN \(lock);")
        let restore = try HoldfastProgram.start(
            command + [protection.database, "--at", "good", "--wait", "600s", "--json"],
            environment: protection.environment
        )
        try wait(for: "the tag") {
            try protection.holdfast("log", protection.data, "--no-sync").stdout.contains("before-")
        }
        restore.signal(signal)
        let end = try restore.waitForEnd()
        #expect(end.status == 130 && end.stdout.isEmpty, "\(end)")
        #expect(end.stderr.hasSuffix("holdfast: interrupted: no file was changed\n"), "\(end)")
        try session.sql("COMMIT;")
        try session.close()
        try expectNothingBegun()
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: protection.database) == "0\n")
    }

    @Test("because its present state could not be captured", arguments: commands)
    func unseen(command: [String]) throws {
        let session = try SQLite3Session(protection.database)
        try session.sql("INSERT INTO t VALUES(2, 'y');")
        // No journal on the disk tells when it commits.
        try session.sql("BEGIN EXCLUSIVE;")
        let refused = try run(command)
        #expect(refused.status == 11 && refused.stderr.contains("cannot be captured"), "\(refused)")
        try session.sql("COMMIT;")
        try session.close()
        try expectNothingBegun()
    }

    @Test("because it may not be written", arguments: commands)
    func unwritable(command: [String]) throws {
        try protection.shell("chmod 444 a.db notes")
        let place = command.contains("--in-place") ? protection.data : protection.database
        let refused = try HoldfastProgram.runWithoutPrivileges(
            command + [place, "--at", "good", "--wait", "200ms"],
            environment: protection.environment
        )
        #expect(refused.status == (place == protection.data ? 3 : 1), "\(refused)")
        if place == protection.data { #expect(refused.stdout.contains("0 restored"), "\(refused)") }
        try expectNothingBegun()
    }

    @Test("because programs had it open")
    func open() throws {
        try SQLite3.sql("PRAGMA journal_mode = WAL;", on: protection.database)
        try capture()
        let session = try SQLite3Session(protection.database)
        try session.sql("SELECT count(*) FROM t;")
        try protection.shell("head -c 4000 /dev/urandom | dd of=a.db bs=1 seek=4096 conv=notrunc 2>&1")
        let refused = try run(Self.commands[0])
        #expect(refused.status == 11 && refused.stderr.contains("have it open"), "\(refused)")
        session.kill()
        try expectNothingBegun()
    }

    /// Catches a commit that is lost since it comes while `undo` waits for its writer.
    @Test("an undo of rows refuses what others commit while it waits for them")
    func writtenWhileUndoing() throws {
        try SQLite3.sql("PRAGMA journal_mode = WAL;", on: protection.database)
        try protection.watch()
        #expect(try run(Self.commands[1]).status == 0)
        let session = try SQLite3Session(protection.database)
        try session.sql("BEGIN IMMEDIATE; INSERT INTO t VALUES(2, 'other');")
        let undo = try HoldfastProgram.start(
            ["undo", protection.database, "--wait", "20s"],
            environment: protection.environment
        )
        try wait(for: "the tag before the undo") {
            try protection.holdfast("log", protection.data, "--no-sync").stdout.contains("before-undo-")
        }
        try session.sql("COMMIT;")
        let result = try undo.waitForEnd(timeout: .seconds(30))
        #expect(result.status == 1 && result.stderr.contains("later commits, up to "), "\(result)")
        try session.close()
        #expect(try SQLite3.sql("SELECT * FROM t;", on: protection.database) == "1|x\n2|other\n")
    }

    @Test("an undo that was locked is none either: the next one says nothing of it")
    func undo() throws {
        #expect(try run(Self.commands[0]).status == 0)
        let session = try SQLite3Session(protection.database)
        try session.sql("BEGIN IMMEDIATE;")
        try protection.holdfast("undo", protection.database, "--wait", "200ms", expecting: 11)
        try session.sql("COMMIT;")
        try session.close()
        let undo = try protection.holdfast("undo", protection.database)
        #expect(!undo.stderr.contains("did not come to its end"), "\(undo)")
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: protection.database) == "0\n")
    }
}
