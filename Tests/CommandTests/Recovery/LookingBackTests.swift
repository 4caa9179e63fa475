import Foundation
import TestSupport
import Testing

/// Names for moments, and looking at them.
@Suite("Looking back", .serialized)
struct LookingBackTests {
    @Test("tag, hold and release, with a watcher and without one", arguments: [true, false])
    func names(isWatching: Bool) throws {
        let team = try DevTeam()
        try team.watch()
        try team.sql("UPDATE sessions SET status = 'one';")
        let sequence = try team.holdfast("snapshot").stdout.trimmingCharacters(in: .newlines)
        try team.sql("UPDATE sessions SET status = 'two';")
        try team.holdfast("sync")
        if !isWatching { try team.stopWatching() }
        let before = try team.holdfast("log", "--json").stdout.split(separator: "\n").count

        let tagged = try team.holdfast("tag", "release/1", "--at", sequence, "--message", "for the customer")
        #expect(tagged.stdout.contains("release/1 is snapshot \(sequence)"))
        try team.holdfast("hold", "release/1")
        let log = try team.holdfast("log").stdout
        #expect(log.contains("held  [release/1]"))
        #expect(log.split(separator: "\n").count - 1 == before, "a name is no snapshot")
        // Retention that keeps the last one alone leaves both.
        try team.holdfast("forget", "--keep-last", "1")
        #expect(
            try team.holdfast("query", "--at", "release/1", "SELECT DISTINCT status FROM sessions").stdout
                == "one\n"
        )
        try team.holdfast("release", sequence)
        #expect(try team.holdfast("release", sequence, expecting: 10).stderr.contains("is not held: none is"))
        #expect(try !team.holdfast("log").stdout.contains("held"))
        #expect(try team.holdfast("tag", "0wrong", expecting: 64).stderr.contains("cannot be a tag"))
        for tagging in [["tag"], ["snapshot", "--tag"], ["guard", "--tag"]] {
            let command = tagging + ["now"] + (tagging[0] == "guard" ? ["--", "true"] : [])
            let refused = try team.holdfast(command, expecting: 64)
            #expect(refused.stderr.contains("'now' cannot be a tag: it has a meaning"), "\(refused)")
        }
        // An older version could make that tag.
        #expect(try team.holdfast("tag", "--delete", "now", expecting: 10).stderr.contains("there is no tag"))
        let shown = try ["now~1", "latest~1"].map { try team.holdfast("show", $0, "--json").stdout }
        #expect(shown[0] == shown[1])
    }

    @Test("diff says which rows went, came and changed")
    func diff() throws {
        let team = try DevTeam()
        try team.watch()
        try team.mark("before")
        try team.sql(
            """
            PRAGMA foreign_keys = ON;
            DELETE FROM sessions WHERE id = 'session-03';
            UPDATE plans SET name = 'it''s', total_tasks = 7 WHERE id = 'plan-1';
            INSERT INTO schema_version VALUES(5, 'now');
            """
        )
        try team.write("changed", to: "config.yaml")
        try team.mark("after")
        let summary = try team.holdfast("diff", "before", "after", "--summary").stdout
        #expect(
            summary.contains("sessions: 1 removed\n") && summary.contains("interview_questions: 2 removed\n")
        )
        #expect(summary.contains("tasks: 4 changed\n"), "SET NULL")
        #expect(summary.contains("config.yaml: changed"))
        let rows = try team.holdfast("diff", "before", ".devteam/devteam.db").stdout
        #expect(rows.contains("  ~ id='plan-1'  name: 'first' → 'it''s', total_tasks: NULL → 7\n"))
        #expect(rows.contains("  + version=5 applied_at='now'\n"))
        let json = try team.holdfast("diff", "before", "after", "--table", "plans", "--json").stdout.split(
            separator: "\n"
        )
        #expect(
            json.count == 3
                && json[2].contains(#""key":{"id":"plan-1"},"old":{"name":"first","total_tasks":null}"#)
        )
        #expect(
            try team.holdfast("diff", "before", "--table", "none", expecting: 10).stderr.contains(
                "no table none"
            )
        )
    }

    @Test("diff does not name a file that is as it was, whatever was written in between")
    func thereAndBack() throws {
        let team = try DevTeam()
        try team.watch()
        let former = try #require(team.text(of: "config.yaml"))
        for (text, tag) in [(former, "before"), ("other", "between"), (former, "after")] {
            try team.write(text, to: "config.yaml")
            try team.mark(tag)
        }
        let diff = { try team.holdfast("diff", "before", $0, ".devteam/config.yaml").stdout }
        #expect(try diff("between").contains("config.yaml: changed"))
        let text = try diff("after")
        #expect(text.contains("no file differs") && !text.contains("changed"), "\(text)")
    }

    @Test("SQL on the past, which nothing can write to")
    func query() throws {
        let team = try DevTeam(isWAL: true)
        try team.watch()
        try team.mark("before")
        try team.sql("DELETE FROM events; DROP VIEW v_current_task;")
        let result = try team.holdfast(
            "query",
            "--at",
            "before",
            "SELECT count(*), NULL, x'0aff' FROM events; SELECT 2"
        )
        #expect(result.stdout == "600||x'0aff'\n2\n")
        #expect(result.stderr.contains("devteam.db at snapshot"))
        let json = try team.holdfast(
            "query",
            "--at",
            "before",
            "--json",
            "SELECT 1.5 AS r, 'a\"b' AS t, x'0a' AS b, NULL AS n"
        )
        #expect(json.stdout == #"{"r":1.5,"t":"a\"b","b":{"hex":"0a"},"n":null}"# + "\n")
        #expect(try team.holdfast("query", "DELETE FROM plans", expecting: 1).stderr.contains("readonly"))
        #expect(try team.holdfast("query", "SELECT nonsense", expecting: 1).stderr.contains("nonsense"))
        #expect(try team.sql("SELECT count(*) FROM plans;") == "2")
        let shell = try HoldfastProgram.run(
            ["shell", "--at", "before"],
            environment: ["HOLDFAST_REPO": team.folder.file("repository")],
            directory: team.project,
            stdin: "SELECT count(*) FROM events;\nDELETE FROM events;\n"
        )
        #expect(shell.stdout == "600\n" && shell.stderr.contains("readonly"))
        // Nothing is left of what was rebuilt.
        #expect(try team.shell("find '\(team.folder.path)' -name '.holdfast-restore-*'").isEmpty)
    }

    @Test("show says what a snapshot is and what it changed")
    func show() throws {
        let team = try DevTeam()
        try team.watch()
        try team.sql("DELETE FROM bugs;")
        try team.mark("cleaned")
        let shown = try team.holdfast("show", "cleaned", ".devteam/devteam.db").stdout
        #expect(
            shown.contains("commit, ") && shown.contains("[cleaned]") && shown.contains("bugs: 4 removed")
        )
        #expect(
            try team.holdfast("show", "cleaned", ".devteam/devteam.db", "--rows").stdout.contains(
                "  - id=1 session_id="
            )
        )
    }
}
