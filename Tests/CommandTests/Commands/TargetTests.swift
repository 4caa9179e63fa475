import Foundation
import TestSupport
import Testing

/// What a PATH on the command line may be, and what is said of one that is none.
@Suite struct TargetTests {
    @Test("takes a name as log shows it, and .devteam that is gone")
    func names() throws {
        let team = try DevTeam()
        try team.holdfast("watch", "--once", ".devteam")
        #expect(try team.holdfast("log", "memory/notes.md").stdout.contains("baseline"))
        try team.shell("mkdir other; echo x > other/x")
        try team.holdfast("watch", "--once", "other")
        try team.shell("rm -r .devteam")
        #expect(try team.holdfast("log").stdout.contains("devteam.db"))
    }

    @Test(
        "says what else it may be",
        arguments: [
            (["snapshot", "before-work"], "if it is a moment, say --at before-work"),
            (
                ["restore", "dump.sql", "--at", "latest", "--in-place"],
                "a dump is restored with --from-sql dump.sql"
            ),
            (["log", "src/x.db"], "run holdfast watch src/x.db"),
        ] as [([String], String)]
    )
    func advice(_ arguments: [String], _ expected: String) throws {
        let team = try DevTeam()
        try team.holdfast("watch", "--once", ".devteam")
        try team.shell("echo > dump.sql")
        #expect(try team.holdfast(arguments, expecting: 10).stderr.contains(expected))
    }

    @Test("what lies in a root is no root of its own; what the root leaves out may be one")
    func nested() throws {
        let team = try DevTeam()
        try team.holdfast("watch", "--once", ".devteam")
        for path in [".devteam/devteam.db", ".devteam/memory"] {
            let result = try team.holdfast("watch", "--once", path, expecting: 64)
            #expect(result.stderr.contains("which is protected as a whole: run holdfast watch "))
        }
        try team.shell("mkdir .devteam/backups; echo x > .devteam/backups/x")
        try team.holdfast("watch", "--once", ".devteam/backups")
    }

    @Test("a tag that moves is announced, and guard never takes a name twice")
    func tags() throws {
        let team = try DevTeam()
        try team.watch()
        try team.holdfast("snapshot", "--tag", "before-work")
        try team.commit("DELETE FROM bugs;")
        #expect(
            try team.holdfast("tag", "before-work").stderr.contains("before-work was snapshot 3, and moves")
        )
        let names = try (0..<3).map { _ in
            try team.holdfast("guard", "--json", "--", "true").stdout
        }
        .compactMap { $0.firstMatch(of: /"tag":"([^"]*)"/)?.output.1 }
        #expect(names.count == 3 && Set(names).count == 3, "\(names)")
    }
}
