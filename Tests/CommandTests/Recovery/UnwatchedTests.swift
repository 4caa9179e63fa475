import Foundation
import TestSupport
import Testing

/// What was committed while nobody watched: in WAL mode SQLite counts no commits in the header.
@Suite("Damage after an unwatched time") struct UnwatchedTests {
    private struct Choice: Decodable {
        let choice: String?
        let lost_rows: Int?
        let unknown: [String]?
    }

    private func choices(_ protection: Protection) throws -> [Choice] {
        try protection.holdfast("doctor", protection.database, "--json", expecting: 4).stdout
            .split(separator: "\n").dropFirst()
            .map { try JSONDecoder().decode(Choice.self, from: Data($0.utf8)) }
    }

    private static let schema = """
        PRAGMA journal_mode = WAL; CREATE TABLE old(i INTEGER PRIMARY KEY, v); CREATE TABLE later(i INTEGER PRIMARY KEY);
        WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
        INSERT INTO old SELECT i, printf('%.200c', 'v') FROM n;
        """

    /// Fills a leaf of the table `old` with nonsense.
    private func damage(_ protection: Protection) throws {
        try protection.overwritePage(
            "SELECT pageno FROM dbstat WHERE name = 'old' AND pagetype = 'leaf' LIMIT 1 OFFSET 5;",
            with: Array(repeating: 0x7A, count: 4096)
        )
    }

    private func protection(meanwhile sql: String) throws -> Protection {
        let protection = try Protection(Self.schema)
        try protection.watch()
        try protection.sync()
        try protection.stop()
        if !sql.isEmpty { try SQLite3.sql(sql, on: protection.database) }
        return protection
    }

    @Test("rows of that time that can still be read are kept")
    func rows() throws {
        let protection = try protection(meanwhile: "INSERT INTO later VALUES(1), (2), (3);")
        try damage(protection)
        try protection.watch()
        let choices = try choices(protection)
        #expect(choices.first?.choice == "merge" && choices.first?.lost_rows == 0, "\(choices)")
        #expect(choices.first?.unknown == ["what was written to old later and is damaged now"])
        #expect(choices.first { $0.choice == "good" }?.lost_rows == 3, "\(choices)")
        try protection.holdfast("doctor", protection.database, "--apply", "best")
        #expect(
            try SQLite3.sql("SELECT count(*) FROM later; SELECT count(*) FROM old;", on: protection.database)
                == "3\n300\n"
        )
    }

    @Test("where no such rows are to be seen, the last sound snapshot is the best")
    func nothing() throws {
        let protection = try protection(meanwhile: "")
        try damage(protection)
        try protection.watch()
        let choices = try choices(protection)
        #expect(choices.first?.choice == "good" && choices.first?.lost_rows == 0, "\(choices)")
    }

    @Test("what was committed before a deletion that nobody saw is not said to be kept")
    func deleted() throws {
        let protection = try protection(meanwhile: "INSERT INTO later VALUES(1);")
        try protection.shell("rm a.db*")
        try protection.watch()
        let choices = try choices(protection)
        #expect(choices.count == 1 && choices[0].lost_rows == nil, "\(choices)")
        #expect(choices[0].unknown == ["what was committed after it while nobody watched"])
        let text = try protection.holdfast("doctor", protection.database, expecting: 4).stdout
        #expect(text.contains(": lost is what was committed after it while nobody watched\n"), "\(text)")
    }

    @Test("without a sound snapshot nobody knows how much a salvage lacks, and what cannot be made is named")
    func salvage() throws {
        let protection = try Protection(Self.schema)
        // SQLite refuses to make an index over a function that only a program has.
        try protection.shell(
            """
            python3 -c '
            import sqlite3
            database = sqlite3.connect("a.db", isolation_level=None)
            database.create_function("own", 1, lambda value: value, deterministic=True)
            database.execute("CREATE INDEX by_own ON later(own(i))")
            '
            """
        )
        try damage(protection)
        try protection.watch()
        let choices = try choices(protection)
        #expect(choices.map(\.choice) == ["salvage"] && choices[0].lost_rows == nil, "\(choices)")
        #expect(
            choices[0].unknown == ["what cannot be read of old", "index by_own, which cannot be made here"]
        )
    }
}
