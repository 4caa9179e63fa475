import Foundation
import TestSupport
import Testing

@Suite("Rows restore", .serialized)
struct RowsRestoreTests {
    @Test("a deleted session comes back with all that hung on it, beside writers, and nothing else changes")
    func session() throws {
        let team = try DevTeam()
        try team.watch()
        try team.startWriters()
        let before = try team.rows()
        try team.mark("good")
        try team.patientSQL("DELETE FROM sessions WHERE id = 'session-03';")
        let deleted = try team.rows()
        try #require(deleted != before)
        let dryRun = try team.holdfast(
            "rows",
            "restore",
            "sessions",
            "session-03",
            "--at",
            "good",
            "--with-children",
            "--dry-run"
        )
        #expect(dryRun.stdout.contains("sessions id='session-03': would be restored\n"))
        #expect(dryRun.stdout.contains("interview_questions id=1: would be restored\n"))
        #expect(dryRun.stdout.contains("tasks id='task-02': would refer to its row again\n"))
        #expect(try team.rows() == deleted)

        let result = try team.holdfast(
            "rows",
            "restore",
            "sessions",
            "session-03",
            "--at",
            "good",
            "--with-children",
            "--reason",
            "a slip"
        )
        #expect(
            result.stdout.contains("sessions: 1 restored\n") && result.stdout.contains("events: 50 restored")
        )
        #expect(
            [3, 4].contains { result.stdout.contains("tasks: \($0) foreign keys restored") }
        )
        #expect(try team.rows() == before, "no trigger ran, and every row is as it was")
        #expect(try team.isHealthy())
        #expect(try team.stopWriters().wrote > 0)
        #expect(
            try team.holdfast("recoveries").stdout.contains("rows of ")
                && team.holdfast("recoveries").stdout.contains("a slip")
        )
        // An event of somebody else would go with it.
        try team.patientSQL("INSERT INTO events(event_type) VALUES('log');")
        try team.holdfast("sync")
        #expect(try team.holdfast("undo", expecting: 1).stderr.contains("later commits, up to "))
    }

    @Test("without the children, it says which are missing")
    func missingChildren() throws {
        let team = try DevTeam()
        try team.watch()
        try team.mark("good")
        try team.patientSQL("DELETE FROM sessions WHERE id = 'session-03';")
        let result = try team.holdfast("rows", "restore", "sessions", "session-03", "--at", "good")
        #expect(
            result.stderr.contains("rows that referred to them are still missing (")
                && result.stderr.contains("50 of events")
        )
    }

    @Test("undo takes rows back when nobody wrote since")
    func undo() throws {
        let team = try DevTeam(isWAL: true)
        try team.watch()
        try team.mark("good")
        try team.sql("DELETE FROM plans WHERE id = 'plan-2';")
        let deleted = try team.rows()
        try team.holdfast("rows", "restore", "plans", "plan-2", "--at", "good")
        #expect(try team.sql("SELECT count(*) FROM plans;") == "2")
        try team.holdfast("undo")
        #expect(try team.rows() == deleted)
    }

    @Test("the watcher is asked twice: for the states before and after")
    func requests() throws {
        let team = try DevTeam(isWAL: true)
        try team.watch()
        try team.mark("good")
        try team.sql("DELETE FROM plans WHERE id = 'plan-2';")
        let trace = team.folder.file("trace")
        let result = try Command.run(
            "/usr/bin/strace",
            [
                "-f", "-qq", "-o", trace, "-e", "trace=connect", HoldfastProgram.path,
                "rows", "restore", "plans", "plan-2", "--at", "good",
            ],
            environment: team.environment,
            directory: team.project
        )
        #expect(result.status == 0, "\(result)")
        let calls = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
        #expect(calls.count { $0.contains("control.sock") } == 2, "\(calls)")
        #expect(try team.holdfast("recoveries").stdout.contains("rows of "))
    }

    @Test(
        "a row that is there with other values stays unless it is to be overwritten; its children stay in any case"
    )
    func conflict() throws {
        let team = try DevTeam()
        try team.watch()
        let before = try team.rows()
        try team.mark("good")
        try team.sql(
            "UPDATE sessions SET status = 'broken' WHERE id = 'session-01'; DELETE FROM sessions WHERE id = 'session-02';"
        )
        let result = try team.holdfast(
            "rows",
            "restore",
            "sessions",
            "session-01",
            "session-02",
            "--at",
            "good",
            expecting: 3
        )
        #expect(result.stdout.contains("sessions: 1 restored, 1 left with other values"))
        #expect(
            try team.sql("SELECT status FROM sessions WHERE id < 'session-03' ORDER BY id;")
                == "broken\nrunning"
        )
        try team.holdfast("rows", "restore", "sessions", "session-01", "--at", "good", "--overwrite")
        #expect(try team.rows() == before)
    }

    @Test("by a condition, with a key of several columns")
    func condition() throws {
        let team = try DevTeam()
        try team.watch()
        let before = try team.rows()
        try team.mark("good")
        try team.sql(
            "DELETE FROM session_state WHERE session_id < 'session-04'; DELETE FROM gate_results WHERE passed = 0;"
        )
        try team.holdfast(
            "rows",
            "restore",
            "session_state",
            "session-01",
            "phase",
            "session-02",
            "phase",
            "--at",
            "good"
        )
        try team.holdfast(
            "rows",
            "restore",
            "session_state",
            "--where",
            "session_id = 'session-03'",
            "--at",
            "good"
        )
        try team.holdfast(
            "rows",
            "restore",
            "gate_results",
            "--where",
            "passed = 0",
            "--at",
            "good",
            "--json"
        )
        #expect(try team.rows() == before)
        let usage = try team.holdfast(
            "rows",
            "restore",
            "session_state",
            "session-01",
            "--at",
            "good",
            expecting: 64
        )
        #expect(usage.stderr.contains("has the key session_id, key"))
        #expect(
            try team.holdfast("rows", "restore", "plans", "x", "--at", "good", expecting: 10).stderr.contains(
                "had no row x"
            )
        )
        #expect(
            try team.holdfast("rows", "restore", "nope", "x", "--at", "good", expecting: 10).stderr.contains(
                "no table nope"
            )
        )
    }

    @Test("columns that came and went since then, blobs, NULL, generated columns, no rowid, no key")
    func shapes() throws {
        let team = try DevTeam()
        try team.sql(
            """
            CREATE TABLE w(a BLOB, b, v, gone, g AS (v * 2), PRIMARY KEY(a, b)) WITHOUT ROWID;
            INSERT INTO w VALUES(x'00ff', 1, 2.5, 'x'), (x'01', 'k', NULL, 'y');
            CREATE TABLE loose(v UNIQUE, t);
            INSERT INTO loose VALUES(NULL, 1), (NULL, 2), ('a''b', 3);
            CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f VALUES('one');
            """
        )
        try team.watch()
        let before = try team.sql(
            "SELECT quote(a), quote(b), quote(v), quote(g) FROM w; SELECT rowid, quote(v), t FROM loose;"
        )
        try team.mark("good")
        try team.sql(
            "DELETE FROM w; DELETE FROM loose; ALTER TABLE w DROP COLUMN gone; ALTER TABLE w ADD COLUMN came DEFAULT 'new';"
        )
        let result = try team.holdfast("rows", "restore", "w", "x'00ff'", "1", "x'01'", "k", "--at", "good")
        #expect(
            result.stdout.contains(
                "2 restored, column gone is gone, and left out, column came is new, and gets its default"
            )
        )
        try team.holdfast("rows", "restore", "loose", "1", "2", "3", "--at", "good")
        #expect(
            try team.sql(
                "SELECT quote(a), quote(b), quote(v), quote(g) FROM w; SELECT rowid, quote(v), t FROM loose;"
            ) == before
        )
        #expect(try team.sql("SELECT DISTINCT came FROM w;") == "new")
        #expect(
            try team.holdfast("rows", "restore", "f", "1", "--at", "good", expecting: 1).stderr.contains(
                "virtual table"
            )
        )
        // A rule of the present database is against one row, which is named with the one in its way.
        try team.sql("DELETE FROM loose; INSERT INTO loose VALUES('a''b', 9);")
        let part = try team.holdfast(
            "rows",
            "restore",
            "loose",
            "--where",
            "1",
            "--at",
            "good",
            expecting: 3
        )
        #expect(part.stdout.contains("loose rowid=3: cannot be restored (UNIQUE"))
        #expect(part.stdout.contains("conflicts with rowid=1\n"))
        #expect(try team.sql("SELECT rowid, t FROM loose;") == "1|9\n2|2")
    }

    @Test("rows without their parents are refused by name, and nothing is changed")
    func orphans() throws {
        let team = try DevTeam()
        try team.watch()
        try team.mark("good")
        try team.sql("PRAGMA foreign_keys = ON; DELETE FROM interviews;")
        let result = try team.holdfast(
            "rows",
            "restore",
            "interview_questions",
            "1",
            "2",
            "--at",
            "good",
            expecting: 1
        )
        #expect(result.stderr.contains("2 rows of interview_questions refer to missing rows of interviews"))
        #expect(try team.sql("SELECT count(*) FROM interview_questions;") == "0")
    }
}
