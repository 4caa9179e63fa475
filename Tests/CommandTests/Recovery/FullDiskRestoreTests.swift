import Foundation
import TestSupport
import Testing

/// The `.devteam` of a project on a small disk behind a symbolic link, as the team moves it when room runs
/// out, or the repository on one.
@Suite(
    "A restore in place without space",
    .serialized,
    .enabled(if: SmallFileSystem.isAllowed, "mounting needs root")
)
struct FullDiskRestoreTests {
    private let team: DevTeam

    init() throws {
        team = try DevTeam()
    }

    private func moveBehindLink(_ byteCount: Int) throws -> SmallFileSystem {
        let disk = try SmallFileSystem(team.folder.file("larger"), byteCount: byteCount)
        try team.shell("cp -a .devteam ../larger/; rm -r .devteam; ln -s ../larger/.devteam .devteam")
        return disk
    }

    @Test(
        "of the database's disk: what was there stays, a program says why, and with room it is done",
        // None; for a part of the journal; for the journal, and not for the pages that come with it.
        arguments: [0, 100_000, 640_000]
    )
    func database(room: Int) throws {
        let disk = try moveBehindLink(8 << 20)
        try team.sql("INSERT INTO error_log(error_message) VALUES(randomblob(300000));")
        try team.watch()
        let wanted = try team.rows()
        try team.mark("good")
        // What comes back is larger.
        try team.sql("UPDATE events SET message = 'gone'; DELETE FROM error_log; VACUUM;")
        let present = try team.rows()
        try team.holdfast("sync")

        try disk.fill(leaving: room)
        let result = try team.holdfast(
            "restore",
            ".devteam/devteam.db",
            "--at",
            "good",
            "--in-place",
            expecting: 1
        )
        #expect(result.stderr.contains("make room and try again"), "\(result.stderr)")
        #expect(try team.rows() == present)
        #expect(try team.isHealthy())
        #expect(try team.shell("ls -A .devteam") == "config.yaml\ndevteam.db\nmemory\n")

        try disk.makeRoom()
        try team.holdfast("restore", ".devteam/devteam.db", "--at", "good", "--in-place")
        #expect(try team.rows() == wanted)
        try team.holdfast("undo")
        #expect(try team.rows() == present)
    }

    @Test("of a damaged database's disk: it stays with what is beside it")
    func damaged() throws {
        let disk = try moveBehindLink(8 << 20)
        try team.watch()
        let wanted = try team.rows()
        try team.mark("good")
        try team.shell(
            "head -c 50000 /dev/urandom > .devteam/devteam.db; printf stale > .devteam/devteam.db-wal"
        )
        let damaged = try team.shell("md5sum .devteam/devteam.db*")
        try team.holdfast("sync")

        try disk.fill(leaving: 100_000)
        let result = try team.holdfast("doctor", "--apply", "best", expecting: 1)
        #expect(result.stderr.contains("make room and try again"), "\(result.stderr)")
        #expect(try team.shell("md5sum .devteam/devteam.db*") == damaged)
        try disk.makeRoom()
        try team.holdfast("doctor", "--apply", "best")
        #expect(try team.rows() == wanted)
    }

    private func restore(expecting status: Int32 = 0) throws -> String {
        let wait = status == 0 ? "10s" : "1s"
        return try team.holdfast(
            "restore",
            ".devteam/devteam.db",
            "--at",
            "good",
            "--in-place",
            "--wait",
            wait,
            expecting: status
        ).stderr
    }

    @Test("of the repository: what cannot be captured first is not changed", arguments: [true, false])
    func repository(isWatched: Bool) throws {
        let disk = try SmallFileSystem(team.folder.file("repository"), byteCount: 64 << 20)
        try team.watch()
        let wanted = try team.rows()
        try team.mark("good")
        if !isWatched { try team.stopWatching() }
        try disk.fill(leaving: 0)
        try team.sql("INSERT INTO error_log(error_message) VALUES(randomblob(300000));")
        let present = try team.rows()
        #expect(try restore(expecting: 1).contains("No space left"))
        #expect(try team.rows() == present)
        try disk.makeRoom()
        _ = try restore()
        #expect(try team.rows() == wanted)
        try team.holdfast("undo")
        #expect(try team.rows() == present)
    }

    @Test("of the repository, once it was changed: says so, and how to go back")
    func afterwards() throws {
        let disk = try SmallFileSystem(team.folder.file("repository"), byteCount: 64 << 20)
        try team.sql("INSERT INTO error_log(error_message) VALUES(randomblob(3000000));")
        try team.watch()
        let wanted = try team.rows()
        try team.mark("good")
        try team.commit("DELETE FROM error_log; VACUUM;")
        let present = try team.rows()
        try team.stopWatching()
        // For the images that it works with, and not for the pages that it brings back.
        try disk.fill(leaving: 5_500_000)
        let said = try restore(expecting: 1)
        #expect(said.contains("was changed, but the recovery log could not be written"), "\(said)")
        #expect(try team.rows() == wanted)

        try disk.makeRoom()
        let undo = try team.holdfast("undo", expecting: 10).stderr
        let command = try #require(undo.split(separator: ", ").last)
        #expect(command.hasPrefix("holdfast restore "))
        let words = command.split(separator: " ").map(String.init)
        #expect(words[4].hasPrefix("before-restore-2"))
        try team.holdfast("restore", words[2], "--at", words[4], "--in-place")
        #expect(try team.rows() == present)
    }
}
