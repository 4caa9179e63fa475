import Foundation
import TestSupport
import Testing

/// What the watcher finds out by itself about the databases that it has captured.
@Suite("Good and bad", .serialized)
struct HealthTests {
    private func team() throws -> DevTeam {
        let team = try DevTeam()
        try team.watch("--check-after", "200ms")
        try team.waitForLog { $0.contains("  good") }
        return team
    }

    @Test("a damaged page: a warning names the last good snapshot, which latest-good restores")
    func damage() throws {
        let team = try team()
        let before = try team.rows()
        let line = try #require(
            try team.holdfast("log").stdout.split(separator: "\n").last { $0.contains("  good") }
        )
        let good = try #require(line.split(separator: " ").first)
        // Within the b-tree of a table, where no checksum is.
        try team.shell(
            "head -c 4096 /dev/urandom | dd of=.devteam/devteam.db bs=4096 seek=30 conv=notrunc 2>&1"
        )
        try team.waitForWarning {
            $0.contains("is damaged at snapshot")
                && $0.contains("the last one found good is \(good): see holdfast doctor ")
        }
        try team.waitForLog { $0.contains("  bad") }
        let status = try team.status().stdout
        #expect(
            status.contains("is damaged since snapshot") && status.contains("the last good one is \(good)")
        )
        #expect(try team.holdfast("log").stderr.contains("the last good one is \(good): see holdfast doctor"))
        #expect(try team.status("--json").stdout.contains(#""health":"bad""#))
        try team.holdfast("restore", ".devteam/devteam.db", "--at", "latest-good", "--in-place")
        #expect(try team.rows() == before)
        try team.waitForStatus { $0.contains(#""health":"good""#) }
    }

    @Test("a survey that waited long is followed by the next one all the same")
    func slowSurvey() throws {
        let protection = try Protection()
        try protection.watch("--check-after", "200ms")
        let watcher = try #require(protection.watcher)
        let mirrors = protection.folder.file("repository") + "/roots"
        let roots = try FileManager.default.contentsOfDirectory(atPath: mirrors)
        let mirror = try #require(roots.first.map { "\(mirrors)/\($0)/mirror/1" })
        // Each survey opens the mirror several times: it takes two seconds and more, and no processor.
        let delayed = try watcher.delay("openat", on: mirror, milliseconds: 1000)
        defer { delayed.kill() }
        for number in 1...2 {
            try SQLite3.sql("INSERT INTO t VALUES(\(number), 0);", on: protection.database)
            let committed = try protection.sync()
            try wait(for: "a verdict") {
                try protection.holdfast("log", protection.data).stdout.split(separator: "\n").contains {
                    $0.split(separator: " ").first == "\(committed)" && $0.contains("  good")
                }
            }
        }
    }

    @Test("a database that something else is written over is not sound")
    func overwritten() throws {
        let protection = try Protection()
        try protection.watch("--check-after", "200ms")
        try wait(for: "a verdict") { try protection.holdfast("log").stdout.contains("  good") }
        try protection.shell("echo 'no database, but longer than nothing' > a.db")
        let watcher = try #require(protection.watcher)
        try watcher.waitForError { $0.contains("a.db is damaged at snapshot") }
        try wait(for: "the status") {
            try protection.status("--json").stdout.contains(#""health":"bad""#)
        }
    }

    @Test("rows without their parents are good: many a program keeps such on purpose")
    func violations() throws {
        let team = try team()
        try team.commit("PRAGMA foreign_keys = OFF; INSERT INTO events(session_id) VALUES('nobody');")
        try team.waitForLog { $0.split(separator: "\n").last?.contains("  good") == true }
        #expect(try team.status("--json").stdout.contains(#""health":"good""#))
    }

    @Test("a mass deletion and a change of the schema get names for the moment before them")
    func marks() throws {
        let team = try team()
        for number in 1...5 { try team.commit("INSERT INTO baselines(tag_name) VALUES('\(number)');") }
        let before = try team.rows()
        try team.commit("DELETE FROM events WHERE id > 20;")
        for number in 1...5 { try team.commit("INSERT INTO baselines(tag_name) VALUES('\(number)');") }
        try team.waitForLog { $0.contains("[before-deletion-") }
        let line = try #require(
            try team.holdfast("log").stdout.split(separator: "\n").first { $0.contains("[before-deletion-") }
        )
        let tag = try #require(line.firstMatch(of: /\[(before-deletion-[0-9-]+)\]/)).1
        try team.holdfast("restore", ".devteam/devteam.db", "--at", String(tag), "--in-place")
        #expect(try team.rows() == before, "the very snapshot before it")

        try team.waitForLog { $0.split(separator: "\n").last?.contains("  good") == true }
        try team.commit("ALTER TABLE bugs ADD COLUMN came;")
        try team.commit("INSERT INTO bugs(came) VALUES(1);")
        try team.waitForLog { $0.contains("[before-schema-change-") }
        let lines = try team.holdfast("log").stdout.split(separator: "\n")
        #expect(lines.count { $0.contains("[before-schema-change-") } == 1, "a restore is none")
        let marked = try #require(lines.firstIndex { $0.contains("[before-schema-change-") })
        #expect(
            lines.count - marked == 3,
            "two snapshots came after it: \(lines.suffix(5).joined(separator: "\n"))"
        )
    }

    @Test(
        "an index, a trigger, a view and user_version are a change of the schema; what ANALYZE writes is none",
        arguments: [
            "CREATE INDEX i ON bugs(status);", "CREATE TRIGGER i AFTER DELETE ON bugs BEGIN SELECT 1; END;",
            "CREATE VIEW i AS SELECT 1;", "PRAGMA user_version = 99;",
        ]
    )
    func schema(change: String) throws {
        let team = try team()
        try team.commit("ANALYZE;")
        try team.waitForLog { $0.split(separator: "\n").last?.contains("  good") == true }
        try team.commit(change)
        try team.waitForLog { $0.contains("[before-schema-change-") }
        try team.waitForLog { $0.split(separator: "\n").last?.contains("  good") == true }
        let lines = try team.holdfast("log").stdout.split(separator: "\n")
        #expect(lines.count { $0.contains("[before-schema-change-") } == 1)
        #expect(lines.dropLast().last?.contains("[before-schema-change-") == true, "\(lines)")
    }

    @Test(
        "a mass deletion in a database that is seconds old gets a name too, whether it was looked at or not",
        arguments: [false, true]
    )
    func young(wasLookedAt: Bool) throws {
        let protection = try Protection("CREATE TABLE t(i INTEGER PRIMARY KEY);")
        try protection.watch("--check-after", "1s")
        if wasLookedAt {
            try wait(for: "a verdict") { try protection.holdfast("log").stdout.contains("  good") }
        }
        let fill =
            "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT i FROM n;"
        try SQLite3.sql(fill, on: protection.database)
        let filled = try protection.sync()
        // The watcher looks when nothing was written for a second: it never saw the rows.
        try SQLite3.sql("DELETE FROM t WHERE i > 3;", on: protection.database)
        try wait(for: "a tag") {
            try protection.log().contains { line in
                line.sequence == filled && line.tags?.contains { $0.hasPrefix("before-deletion-") } == true
            }
        }
    }

    @Test("a dropped table is a mass deletion as well; a renamed one is a change of the schema only")
    func dropped() throws {
        let fill =
            "CREATE TABLE t(i); WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT i FROM n;"
        let protection = try Protection(fill + "CREATE TABLE u(i);")
        try protection.watch("--check-after", "200ms")
        for (change, tags) in [
            ("ALTER TABLE t RENAME TO renamed;", ["schema-change"]),
            ("DROP TABLE renamed;", ["deletion", "schema-change"]),
        ] {
            try wait(for: "a verdict") {
                try protection.holdfast("log", protection.data).stdout.split(separator: "\n").last?
                    .contains("  good") == true
            }
            let before = try #require(protection.log().last?.sequence)
            try SQLite3.sql(change, on: protection.database)
            // The tags of one moment are written at once.
            let found = { try protection.log().first { $0.sequence == before }?.tags ?? [] }
            try wait(for: "a tag") { try !found().isEmpty }
            let kinds = try found().sorted().map { String($0.prefix { !$0.isNumber }) }
            #expect(kinds == tags.map { "before-\($0)-" })
        }
    }

    @Test("what a restore changes was meant, and gets no name")
    func restored() throws {
        let fill =
            "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT i FROM n;"
        let protection = try Protection("CREATE TABLE t(i INTEGER PRIMARY KEY);")
        try protection.watch("--check-after", "200ms")
        let isLastGood = {
            try protection.holdfast("log", protection.database).stdout.split(separator: "\n").last?.contains(
                "  good"
            ) == true
        }
        try wait(for: "a verdict") { try isLastGood() }
        try SQLite3.sql(fill + "CREATE INDEX later ON t(i DESC);", on: protection.database)
        // One snapshot or two: the transactions follow each other without a pause.
        try protection.sync()
        try wait(for: "the next one") { try isLastGood() }
        let before = try protection.log().flatMap { $0.tags ?? [] }
        try protection.holdfast("restore", protection.database, "--at", "1", "--in-place")
        try wait(for: "the last one") { try isLastGood() }
        let tags = try protection.log().flatMap { $0.tags ?? [] }.filter { !before.contains($0) }
        #expect(
            !tags.contains { $0.hasPrefix("before-deletion") || $0.hasPrefix("before-schema") },
            "\(tags)"
        )
    }

    @Test("of two databases that are emptied before one check, each has a tag on its own last full snapshot")
    func two() throws {
        let fill =
            "CREATE TABLE t(i); WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT i FROM n;"
        let protection = try Protection(fill)
        let databases = [protection.database, protection.data + "/b.db"]
        try SQLite3.sql(fill, on: databases[1])
        try protection.watch("--check-after", "1s")
        let full = try protection.log().filter { $0.event == "baseline" }
        for database in databases { try SQLite3.sql("DELETE FROM t;", on: database) }
        try wait(for: "two tags") {
            let tagged = try protection.log().filter { line in
                line.tags?.contains { $0.hasPrefix("before-deletion-") } == true
            }
            return tagged.map(\.path) == full.map(\.path) && Set(tagged.flatMap { $0.tags ?? [] }).count == 2
        }
    }

    @Test(
        "what happens while the watcher starts anew is compared with what was good before",
        arguments: [
            ("DELETE FROM t WHERE i > 3;", "before-deletion-"),
            ("CREATE INDEX later ON t(i);", "before-schema-change-"),
        ]
    )
    func startedAnew(change: String, tag: String) throws {
        let fill =
            "CREATE TABLE t(i); WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT i FROM n;"
        let protection = try Protection(fill)
        try protection.watch("--check-after", "200ms")
        try wait(for: "a verdict") {
            try protection.holdfast("log", protection.data).stdout.contains("  good")
        }
        let good = try protection.sync()
        try protection.stop()
        try SQLite3.sql(change, on: protection.database)
        try protection.watch("--check-after", "200ms")
        try wait(for: "a tag") {
            try protection.log().contains { line in
                line.sequence == good && line.tags?.contains { $0.hasPrefix(tag) } == true
            }
        }
    }
}
