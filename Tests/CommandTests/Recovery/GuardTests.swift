import TestSupport
import Testing

@Suite("Guard", .serialized)
struct GuardTests {
    @Test("a migration that fails half way: one line says how to go back, and does")
    func failedMigration() throws {
        let team = try DevTeam()
        try team.watch()
        let before = try team.rows()
        let migration = """
            sqlite3 .devteam/devteam.db "ALTER TABLE sessions ADD COLUMN owner TEXT; UPDATE schema_version SET version = 5;"
            sqlite3 .devteam/devteam.db "UPDATE sessions SET owner = id; ALTER TABLE nonsense ADD COLUMN x;"
            """
        let result = try team.holdfast(
            "guard",
            "--tag",
            "pre-migration",
            "--",
            "sh",
            "-ec",
            migration,
            expecting: 1
        )
        #expect(try team.rows() != before)
        let line = try #require(result.stderr.split(separator: "\n").first { $0.contains("to go back") })
        let command = try #require(line.split(separator: "to go back, holdfast ").last).split(separator: " ")
            .map(String.init)
        let restored = try team.holdfast(command[0], command[1], command[2], command[3], command[4])
        #expect(restored.stderr.contains("has version 4 now, it had 5"))
        #expect(try team.rows() == before)
        #expect(try team.holdfast("log").stdout.contains("[pre-migration-after]"))
    }

    @Test("passes on what the command says, and its status", arguments: [true, false])
    func transparent(isWatching: Bool) throws {
        let team = try DevTeam()
        try team.watch()
        if !isWatching { try team.stopWatching() }
        let result = try team.holdfast(
            "guard",
            "--",
            "sh",
            "-c",
            "echo out; echo --json; exit 7",
            expecting: 7
        )
        #expect(result.stdout.hasPrefix("out\n--json\n"))
        #expect(try team.holdfast("guard", "--", "true").stderr.contains("guard-2"))
        #expect(
            try team.holdfast("guard", "--", "sh", "-c", "kill -TERM $$", expecting: 143).stderr.contains(
                "to go back"
            )
        )
        #expect(
            try team.holdfast("guard", "--", "no-such-program", expecting: 127).stderr.contains(
                "is not there"
            )
        )
        #expect(try team.holdfast("guard", expecting: 64).stderr.contains("which command?"))
    }

    @Test("without a snapshot the command is not run")
    func noSnapshot() throws {
        let team = try DevTeam()
        try team.holdfast("guard", "--", "touch", "ran", expecting: 10)
        #expect(try team.shell("ls") == "")
    }
}
