import Foundation
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

    @Test("the command gets the very bytes of its arguments, and their number")
    func bytes() throws {
        let team = try DevTeam()
        try team.watch()
        let holdfast = "'\(HoldfastProgram.path)'"
        let arguments =
            #""$(printf 'caf\351')" "" "a b" "$(printf 'x\ny')" "$(printf '\377\376')" --json -- "'""#
        let print = #"sh -c 'for a; do printf "%s" "$a" | od -An -tx1; echo .; done' name"#
        let direct = try team.shell("\(print) \(arguments)")
        #expect(try team.shell("\(holdfast) guard --quiet -- \(print) \(arguments)") == direct)
        #expect(direct.contains("63 61 66 e9"), "\(direct)")
        let named =
            "cp /bin/true \"$(printf 'pr\\351g')\"; \(holdfast) guard --quiet -- ./\"$(printf 'pr\\351g')\""
        try team.shell(named)
    }

    @Test(
        "SIGTERM and SIGHUP are for the command; the state after it is captured all the same",
        arguments: [SIGTERM, SIGHUP]
    )
    func stopped(_ signal: Int32) throws {
        let team = try DevTeam()
        try team.watch()
        let command = """
            trap 'sqlite3 .devteam/devteam.db "DELETE FROM bugs"; kill $!; exit 5' TERM HUP
            echo running; sleep 600 & wait
            """
        let program = try team.start("guard", "--tag", "g", "--", "sh", "-c", command)
        try program.waitForOutput { $0 == "running" }
        program.signal(signal)
        let result = try program.waitForEnd()
        #expect(result.status == 5, "\(result)")
        #expect(result.stderr.contains("failed with status 5: to go back, holdfast restore "), "\(result)")
        let count = ["query", "SELECT count(*) FROM bugs", "--no-sync", "--at"]
        #expect(try team.holdfast(count + ["g-after"]).stdout == "0\n")
        #expect(try team.holdfast(count + ["g"]).stdout != "0\n")
    }

    @Test("a command that dies of the signal is said to; one under nohup gets no SIGHUP")
    func died() throws {
        let team = try DevTeam()
        try team.watch()
        let program = try team.start("guard", "--", "sh", "-c", "echo running; exec sleep 600")
        try program.waitForOutput { $0 == "running" }
        program.signal(SIGTERM)
        #expect(try program.waitForEnd().status == 128 + SIGTERM)
        let script = """
            trap '' HUP
            '\(HoldfastProgram.path)' guard -- sh -c 'kill -HUP $PPID; kill -HUP $$; echo lives'
            """
        #expect(try team.shell(script).contains("lives"))
    }

    @Test("a shell that is ended leaves no image", arguments: [SIGTERM, SIGHUP])
    func endedShell(_ signal: Int32) throws {
        let team = try DevTeam()
        try team.watch()
        // Its input stays open: sqlite3 waits for more.
        let shell =
            "mkfifo in; exec 3<>in; echo '.shell echo runs' >&3; exec '\(HoldfastProgram.path)' shell --at latest <in"
        let program = try team.startShell(shell)
        try program.waitForOutput { $0 == "runs" }
        #expect(try !team.images().isEmpty)
        program.signal(signal)
        #expect(try program.waitForEnd().status == 128 + signal)
        #expect(try team.images() == [])
    }

    @Test("without a snapshot the command is not run")
    func noSnapshot() throws {
        let team = try DevTeam()
        try team.holdfast("guard", "--", "touch", "ran", expecting: 10)
        #expect(try team.shell("ls") == "")
    }
}
