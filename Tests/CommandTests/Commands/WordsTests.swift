import Foundation
import TestSupport
import Testing

/// What may stand where a moment, a directory or an output is meant, and which option an error names.
@Suite struct WordsTests {
    @Test(
        "a span of time with a dash is a WHEN in every place",
        arguments: ["show", "hold", "release", "diff"]
    )
    func spans(_ command: String) throws {
        let scene = try Scene()
        #expect(try scene.run("hold", "latest", scene.data).status == 0)
        let result = try scene.run(command, "-1m", scene.data)
        #expect(result.status == 0, "\(result)")
        #expect(try scene.run(command, "-99999d", scene.data).status == 10)
        let wrong = try scene.run(command, "-x", scene.data)
        #expect(wrong.status == 64 && wrong.isOneLineError, "\(wrong)")
    }

    @Test(
        "words for moments",
        arguments: [
            ("now", 6), ("today", 6), ("yesterday", 6), ("last week", 6), ("pre-migration", 2),
            ("pre-migration~1", 1),
            // Other files' snapshots are moments of the root.
            ("3", 2), ("5", 2), ("6", 6),
        ]
    )
    func moments(_ when: String, _ expected: Int) throws {
        let scene = try Scene()
        let result = try scene.run(
            "restore",
            scene.database,
            "--at",
            when,
            "--output",
            scene.output,
            "--json"
        )
        #expect(result.status == 0 && result.stdout.contains(#"{"sequence":\#(expected),"#), "\(result)")
    }

    @Test("a sequence that no file has, or from before the file, is none")
    func noMoment() throws {
        let scene = try Scene()
        for (path, when, text) in [
            (scene.database, "7", "there is no snapshot 7"), (scene.database, "0", "there is no snapshot 0"),
            (scene.data + "/notes.txt", "2", "nothing is known of it at snapshot 2: its first one is "),
        ] {
            let result = try scene.run("restore", path, "--at", when, "--output", scene.output)
            #expect(result.status == 10 && result.stderr.contains(text), "\(result)")
        }
    }

    @Test("one page and one file are singular")
    func singular() throws {
        let protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(a);")
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        try session.sql("INSERT INTO t VALUES(1);")
        try protection.sync()
        let shown = try protection.holdfast("show", "latest", protection.database)
        #expect(shown.stdout.contains("commit, 1 page changed, "), "\(shown)")
        let out = protection.folder.file("out")
        let restored = try protection.holdfast("restore", protection.data, "--at", "latest", "--output", out)
        #expect(restored.stdout.contains("1 file of \(protection.data) as of snapshot "), "\(restored)")
        #expect(restored.stdout.contains(") is in \(out)\n"), "\(restored)")
        try protection.stop()
    }

    @Test("log lists the files of a directory")
    func directory() throws {
        let team = try DevTeam()
        try team.watch()
        try team.write("more", to: "memory/notes.md")
        try team.mark("noted")
        try team.commit("DELETE FROM bugs;")
        let all = try team.holdfast("log", "--json").stdout.split(separator: "\n").filter {
            $0.contains("memory/")
        }
        let lines = try team.holdfast("log", ".devteam/memory", "--json").stdout.split(separator: "\n")
        #expect(lines.count == 2 && lines == all, "\(lines)")
        #expect(lines[1].contains(#""tags":["noted"]"#))
        #expect(
            try team.holdfast("log", ".devteam/memory", "--last", "1", "--json").stdout == lines[1] + "\n"
        )
        let table = try team.holdfast("log", ".devteam/memory").stdout
        #expect(table.contains("memory/notes.md") && !table.contains("devteam.db"), "\(table)")
        try team.holdfast("log", ".devteam/nowhere", expecting: 10)
    }

    @Test("a dash as output is the standard output, and nothing else goes there")
    func standardOutput() throws {
        let scene = try Scene()
        #expect(try scene.run("restore", scene.database, "--at", "2", "--output", scene.output).status == 0)
        let script = "'\(HoldfastProgram.path)' restore '\(scene.database)' --at 2 -o - > copy; cmp copy out"
        let environment = HoldfastProgram.environment(["HOLDFAST_REPO": scene.directory.file("repository")])
        let shell = { (script: String) in
            try Command.run("sh", ["-ec", script], environment: environment, directory: scene.directory.path)
        }
        let restored = try shell(script)
        #expect(restored.status == 0 && restored.stderr.contains("to the standard output"), "\(restored)")
        let sql = try scene.run("export", scene.database, "--at", "2", "--format", "sql", "--output", "-")
        #expect(sql.stdout.hasPrefix("PRAGMA") && sql.stdout.hasSuffix("COMMIT;\n"), "\(sql)")
        let archive = try shell("'\(HoldfastProgram.path)' export '\(scene.data)' --format tar -o - | tar -t")
        #expect(archive.stdout.contains("./data/app.db\n"), "\(archive)")
        #expect(try scene.run("restore", scene.data, "-o", "-").status == 64)
        #expect(try scene.run("restore", scene.database, "-o", "-", "--json").status == 64)
        #expect(try scene.leftovers == ["copy", "out"])
        let repository = scene.directory.file("repository")
        let left = try FileManager.default.subpathsOfDirectory(atPath: repository).filter {
            $0.contains("holdfast-restore")
        }
        #expect(left == [])
    }

    @Test(
        "a command that there is not is named, with the one that is meant",
        arguments: [
            (["lgo"], "holdfast has no command lgo: did you mean log? If not, see holdfast help"),
            (["statsu"], "no command statsu: did you mean status?"),
            (["-q", "restor"], "no command restor: did you mean restore?"),
            (["rows", "histroy", "t", "1"], "holdfast rows has no command histroy: did you mean history?"),
            (["frobnicate"], "holdfast has no command frobnicate: see holdfast help"),
        ] as [([String], String)]
    )
    func unknownCommand(_ arguments: [String], _ expected: String) throws {
        let result = try HoldfastProgram.run(arguments)
        #expect(result.status == 64 && result.isOneLineError && result.stderr.contains(expected), "\(result)")
    }

    @Test(
        "of a tag, table, file or root that there is not, the one that is meant is named",
        arguments: [
            (["restore", "--at", "premigration", "-o", "x"], 10, "did you mean pre-migration?"),
            (["tag", "--delete", "pre-migratoin"], 10, "did you mean pre-migration?"),
            (["query", "SELECT * FROM tt"], 1, "no such table: tt (did you mean t?): check the SQL"),
            (
                ["diff", "1", "--table", "tt"], 10,
                "no table tt at either moment: did you mean t? If not, see"
            ),
            (["rows", "history", "tt", "1"], 10, "there never was a table tt: did you mean t? If not, see"),
            (["rows", "restore", "tt", "1", "--at", "2"], 10, "no table tt at snapshot 2: did you mean t?"),
            (["log", "data/appp.db"], 10, "/data/app.db? If not, see"),
            (["log", "dtaa"], 10, "/data? If not, "),
        ] as [([String], Int32, String)]
    )
    func similarNames(_ arguments: [String], _ status: Int32, _ expected: String) throws {
        let result = try Scene().run(arguments)
        #expect(result.status == status && result.stderr.contains(expected), "\(result)")
    }

    @Test(
        "an option that there is not is named, not one that is missing",
        arguments: [
            (["restore", "--outptu", "x"], "no option --outptu: did you mean --output?"),
            (["restore", "--at", "latest", "--inplace"], "no option --inplace: did you mean --in-place?"),
            (
                ["rows", "restore", "t", "1", "--att", "2"],
                "rows restore has no option --att: did you mean --at?"
            ),
            (["export", "--frmat=sql", "-o", "x"], "no option --frmat: did you mean --format?"),
            (["query", "--at", "2", "--xyz"], "query has no option --xyz: see holdfast help query"),
            (["rows", "restore", "t", "1"], "'--at <when>'"),
        ] as [([String], String)]
    )
    func unknownOption(_ arguments: [String], _ expected: String) throws {
        let result = try HoldfastProgram.run(arguments)
        #expect(result.status == 64 && result.isOneLineError && result.stderr.contains(expected), "\(result)")
    }

    @Test("a file that had no snapshot yet is named, and nobody takes the root for whole")
    func unseenFiles() throws {
        let team = try DevTeam()
        try team.holdfast("watch", "--once", ".devteam")
        let early = try team.holdfast("restore", "--at", "1", "--output", "early", expecting: 3)
        let missing = early.stderr.split(separator: "\n").filter { $0.contains("had no snapshot yet") }
        #expect(missing.count == 2, "\(early)")
        let archive = try team.holdfast(
            "export",
            "--at",
            "1",
            "--format",
            "tar",
            "-o",
            "early.tar",
            expecting: 3
        )
        #expect(archive.stderr.contains("had no snapshot yet"), "\(archive)")
        let dryRun = try team.holdfast("restore", "--at", "1", "--in-place", "--dry-run", expecting: 3)
        #expect(dryRun.stderr.split(separator: "\n").count { $0.contains("had no snapshot yet") } == 2)
        // What comes later was not there, whether a watcher ran when it came or not.
        try team.write("new", to: "later.txt")
        try team.watch()
        try team.write("new", to: "latest.txt")
        try team.holdfast("sync")
        #expect(try team.holdfast("restore", "--at", "3", "--output", "whole").stderr == "")
    }

    @Test("sync says which file it cannot read")
    func unreadable() throws {
        let team = try DevTeam()
        try team.shell("echo x > .devteam/secret; chmod 000 .devteam/secret")
        let environment = ["HOLDFAST_REPO": team.folder.file("repository")]
        let root = team.root
        let once = try HoldfastProgram.runWithoutPrivileges(
            ["watch", "--once", root],
            environment: environment
        )
        #expect(once.status == 3, "\(once)")
        let alone = try HoldfastProgram.runWithoutPrivileges(["sync", root], environment: environment)
        #expect(alone.status == 3 && alone.stderr.contains(root + "/secret"), "\(alone)")
        let watcher = try HoldfastProgram.startWithoutPrivileges(["watch", root], environment: environment)
        defer { watcher.kill() }
        try watcher.waitForError { $0.hasPrefix("ready") }
        let watched = try HoldfastProgram.runWithoutPrivileges(["sync", root], environment: environment)
        #expect(watched.status == 3 && watched.stderr.contains(root + "/secret"), "\(watched)")
        try team.shell("chmod 600 .devteam/secret")
        #expect(
            try HoldfastProgram.runWithoutPrivileges(["sync", root], environment: environment).status == 0
        )
    }
}
