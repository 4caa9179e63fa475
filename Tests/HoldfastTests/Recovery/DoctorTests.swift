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
            text.contains("SQLite finds: ") && text.contains("1. good: the last sound snapshot")
                && text.contains("no rows lost")
        )
        try team.holdfast("doctor", "--apply", "best")
        #expect(try team.rows() == before && team.isSound())
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
        #expect(try team.isSound())
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
        #expect(try team.isSound())
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
}
