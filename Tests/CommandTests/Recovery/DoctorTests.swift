import Foundation
import TestSupport
import Testing

@Suite("Doctor", .serialized)
struct DoctorTests {
    private struct Choice: Decodable {
        let choice: String?
        let lost_rows: Int?
        let returning_rows: Int?
        let sound: Bool?
    }

    private func choices(_ team: DevTeam) throws -> [Choice] {
        try team.holdfast("doctor", "--json", expecting: 4).stdout.split(separator: "\n")
            .map { try JSONDecoder().decode(Choice.self, from: Data($0.utf8)) }
    }

    /// Fills a leaf of the table of events with nonsense. Returns how many events were on it.
    @discardableResult
    private func damageEvents(_ team: DevTeam) throws -> Int {
        let leaf = """
            SELECT pageno, ncell FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 5;
            """
        let numbers = try team.sql(leaf).split(separator: "|").compactMap { Int($0) }
        let place = "bs=4096 seek=\(numbers[0] - 1) conv=notrunc"
        try team.shell("head -c 4096 /dev/zero | tr '\\0' x | dd of=.devteam/devteam.db \(place) 2>&1")
        return numbers[1]
    }

    @Test("says that nothing is wrong")
    func sound() throws {
        let team = try DevTeam()
        try team.watch()
        #expect(try team.holdfast("doctor").stdout.contains("nothing is wrong"))
        try team.stopWatching()
        #expect(try team.holdfast("doctor").stderr.contains("no watcher runs"))
    }

    @Test("a damaged page: the last snapshot before it loses nothing")
    func damage() throws {
        let team = try DevTeam()
        try team.watch()
        let before = try team.rows()
        try team.holdfast("sync")
        try damageEvents(team)
        let found = try choices(team)
        try #require(found.dropFirst().map(\.choice) == ["good", "merge", "salvage"])
        #expect(found[1].lost_rows == 0 && found[3].lost_rows ?? 0 > 3)
        let text = try team.holdfast("doctor", expecting: 4).stdout
        #expect(
            text.contains("SQLite finds: ") && text.contains("1. good: the last healthy snapshot")
                && text.contains("no rows lost")
        )
        try team.holdfast("doctor", "--apply", "best")
        #expect(try team.rows() == before && team.isHealthy())
        #expect(try team.shell("ls .devteam").contains("devteam.db.corrupted-"))
    }

    @Test("what was written after the damage is merged with the last sound snapshot")
    func merge() throws {
        let team = try DevTeam()
        try team.watch()
        try team.holdfast("sync")
        try damageEvents(team)
        try team.holdfast("sync")
        // Programs that do not meet the damage go on.
        try team.commit(
            "UPDATE plans SET name = 'later'; INSERT INTO tasks(id, name) VALUES('late', 'after the damage');"
        )
        let found = try choices(team)
        #expect(found[1].choice == "merge" && found[1].lost_rows == 0 && found[1].returning_rows ?? 0 > 3)
        #expect(found.first { $0.choice == "good" }?.lost_rows == 3)
        try team.holdfast("doctor", "--apply", "merge")
        #expect(try team.isHealthy())
        #expect(
            try team.sql(
                "SELECT count(*) FROM events; SELECT DISTINCT name FROM plans; SELECT name FROM tasks WHERE id = 'late';"
            ) == "600\nlater\nafter the damage"
        )
        #expect(try team.sql("SELECT count(*) FROM sqlite_master;") == "102")
    }

    @Test("salvage alone keeps all that can be read, on both sides of the damage")
    func salvage() throws {
        let team = try DevTeam()
        let lost = try damageEvents(team)
        try #require(lost > 3)
        try team.watch()
        let found = try choices(team)
        #expect(found.dropFirst().map(\.choice) == ["salvage"], "no snapshot was ever sound")
        try team.holdfast("doctor", "--apply", "salvage")
        #expect(try team.isHealthy())
        let count = try #require(Int(try team.sql("SELECT count(*) FROM events;")))
        #expect(count == 600 - lost)
        #expect(try team.sql("SELECT min(id), max(id) FROM events;") == "1|600")
        #expect(try team.sql("SELECT count(*) FROM sessions;") == "12")
    }

    @Test("the file is gone, or is something else")
    func gone() throws {
        let team = try DevTeam()
        try team.watch()
        let before = try team.rows()
        try team.holdfast("sync")
        try team.shell("rm .devteam/devteam.db")
        #expect(try team.holdfast("doctor", expecting: 4).stdout.contains("the file is gone"))
        try team.holdfast("doctor", "--apply", "best")
        #expect(try team.rows() == before)
        try team.holdfast("sync")
        try team.shell("echo hello > .devteam/devteam.db")
        #expect(
            try team.holdfast("doctor", ".devteam/devteam.db", expecting: 4).stdout.contains(
                "it is no database any more"
            )
        )
        try team.holdfast("doctor", ".devteam/devteam.db", "--apply", "good")
        #expect(try team.rows() == before)
    }

    @Test("rows without their parents are no damage: nothing is mended that can be read")
    func orphans() throws {
        let team = try DevTeam()
        try team.watch()
        try team.sql("INSERT INTO agent_runs(session_id) VALUES('no such session');")
        let result = try team.holdfast("doctor")
        #expect(result.stdout.contains("nothing is wrong"), "\(result)")
        #expect(
            result.stderr.contains("1 row of agent_runs refers to a missing row of sessions"),
            "\(result)"
        )
        try team.holdfast("doctor", "--apply", "best")
        #expect(try team.sql("SELECT count(*) FROM agent_runs WHERE session_id = 'no such session';") == "1")
    }

    @Test("a database that the next program made anew, empty, is not taken for what it was")
    func madeAnew() throws {
        let team = try DevTeam()
        try team.watch()
        let before = try team.rows()
        try team.holdfast("sync")
        try team.shell("rm .devteam/devteam.db")
        try team.holdfast("sync")
        try team.shell("sqlite3 .devteam/devteam.db 'CREATE TABLE sessions(id TEXT PRIMARY KEY);'")
        let text = try team.holdfast("doctor", expecting: 4).stdout
        #expect(
            text.contains("it was deleted at snapshot ") && text.contains("it has 0 rows, and had "),
            "\(text)"
        )
        try team.holdfast("doctor", "--apply", "best")
        #expect(try team.rows() == before)
    }

    @Test(
        "the newest sound snapshot is found between damage, and latest-good is it, though nobody has looked"
    )
    func newestSound() throws {
        let team = try DevTeam()
        try team.watch("--check-after", "1h")
        try team.holdfast("sync")
        try damageEvents(team)
        try team.holdfast("sync")
        try team.holdfast("restore", ".devteam/devteam.db", "--at", "latest~1", "--in-place")
        try team.commit("UPDATE plans SET name = 'newest sound';")
        let sound = try team.rows()
        try team.shell("head -c 4096 /dev/zero | dd of=.devteam/devteam.db conv=notrunc 2>&1")
        try team.holdfast("sync")
        let text = try team.holdfast("doctor", ".devteam/devteam.db", expecting: 4).stdout
        #expect(text.contains("no rows lost\n"), "no program could write since: \(text)")
        try team.holdfast("restore", ".devteam/devteam.db", "--at", "latest-good", "--in-place")
        #expect(try team.rows() == sound)
    }

    @Test("what is salvaged is what was there, byte for byte: text, virtual tables, counters")
    func fidelity() throws {
        let protection = try Protection(
            """
            PRAGMA page_size = 512; PRAGMA auto_vacuum = FULL; CREATE TABLE pad(x);
            CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT); CREATE VIRTUAL TABLE f USING fts5(b);
            INSERT INTO t VALUES(1, 'a' || char(0) || 'b'), (2, CAST(x'61ff62' AS TEXT)), (50, 'c'); DELETE FROM t WHERE id = 50;
            INSERT INTO f VALUES('searchable');
            WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO pad SELECT randomblob(300) FROM n;
            """
        )
        try protection.overwritePage(
            "SELECT pageno FROM dbstat WHERE name = 'pad' AND pagetype = 'leaf' LIMIT 1 OFFSET 50;",
            with: Array(repeating: 0x7A, count: 512)
        )
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try protection.holdfast("doctor", protection.database, "--apply", "salvage")
        let look = """
            SELECT id, hex(v) FROM t; SELECT seq FROM sqlite_sequence WHERE name = 't'; SELECT b FROM f WHERE f MATCH 'searchable';
            PRAGMA auto_vacuum; PRAGMA page_size; PRAGMA integrity_check;
            """
        #expect(
            try SQLite3.sql(look, on: protection.database)
                == "1|610062\n2|61FF62\n50\nsearchable\n1\n512\nok\n"
        )
    }

    @Test("where nothing was committed since the last sound snapshot, whatever differs is damage")
    func garbageInARow() throws {
        let protection = try Protection(
            "PRAGMA page_size = 512; CREATE TABLE doc(id INTEGER PRIMARY KEY, body TEXT); INSERT INTO doc VALUES(1, printf('%.1200c', 'A'));"
        )
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        let before = try SQLite3.sql("SELECT body FROM doc;", on: protection.database)
        try protection.overwritePage(
            "SELECT max(pageno) FROM dbstat WHERE name = 'doc' AND pagetype = 'overflow';",
            with: [0xFF] + Array(repeating: 0x5A, count: 511)
        )
        let text = try protection.holdfast("doctor", protection.database, "--apply", "best").stdout
        #expect(text.contains("1. good: "), "\(text)")
        #expect(try SQLite3.sql("SELECT body FROM doc;", on: protection.database) == before)
    }

    @Test("latest-good is no snapshot of a database that never was sound")
    func neverSound() throws {
        let team = try DevTeam()
        try damageEvents(team)
        try team.holdfast("watch", "--once", ".devteam")
        let result = try team.holdfast(
            "restore",
            ".devteam/devteam.db",
            "--at",
            "latest-good",
            "--in-place",
            expecting: 10
        )
        #expect(result.stderr.contains("no snapshot has been found good"))
    }

    @Test("what was deleted, brought back and cleaned up later is not taken for made anew")
    func cleanedUp() throws {
        let team = try DevTeam()
        try team.watch()
        try team.mark("good")
        try team.shell("rm .devteam/devteam.db")
        try team.holdfast("sync")
        try team.holdfast("restore", ".devteam/devteam.db", "--at", "good", "--in-place")
        try team.commit("DELETE FROM events; DELETE FROM agent_runs;")
        let text = try team.holdfast("doctor").stdout
        #expect(text.contains("the file is intact, but snapshot "), "\(text)")
        #expect(text.contains("(600 fewer in events, 60 fewer in agent_runs)"), "\(text)")
    }
}
