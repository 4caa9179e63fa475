import Foundation
import TestSupport
import Testing

/// `log --table` beside a watcher.
@Suite("Log of a table", .serialized)
struct TableLogTests {
    private struct Line: Decodable {
        let sequence: Int
        let rowsAdded: Int
        let rowsRemoved: Int

        var tally: [Int] { [rowsAdded, rowsRemoved] }
    }

    private func log(_ team: DevTeam, _ arguments: String...) throws -> (lines: [Line], examined: Int) {
        let result = try team.holdfast(["log", "--json", "--verbose", "--table"] + arguments)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let lines = try result.lines.map { try decoder.decode(Line.self, from: Data($0.utf8)) }
        let said = try #require(result.stderr.firstMatch(of: /examined (\d+) snapshot/), "\(result)")
        return (lines, try #require(Int(said.1)))
    }

    @Test(
        "snapshots that changed a table, found without looking at every snapshot",
        arguments: [false, true],
        [
            "things(name TEXT PRIMARY KEY, v)", "things(name TEXT PRIMARY KEY, v) WITHOUT ROWID",
            "things(name, v)",
        ]
    )
    func changes(isWAL: Bool, definition: String) throws {
        let team = try DevTeam(isWAL: isWAL)
        try team.sql(
            """
            CREATE TABLE \(definition);
            INSERT INTO things SELECT 'n' || value, hex(randomblob(100)) FROM generate_series(1, 300);
            """
        )
        try team.watch()
        for number in 1...30 {
            try team.sql("INSERT INTO token_usage(model, operation) VALUES('m', 'other \(number)');")
        }
        try team.commit("INSERT INTO things VALUES('x', 1), ('y', 1);")
        try team.commit("UPDATE things SET v = 1 WHERE name = 'n5';")
        try team.commit("DELETE FROM things WHERE name IN ('n1', 'n250', 'x');")
        for number in 1...30 { try team.sql("UPDATE plans SET total_tasks = \(number);") }
        try team.commit("ALTER TABLE things ADD COLUMN note;")
        try team.commit(
            "BEGIN; INSERT INTO things VALUES('z', 1, 1); DELETE FROM things WHERE name = 'n6'; END;"
        )
        try team.commit("DROP TABLE things;")
        let (lines, examined) = try log(team, "things")
        #expect(lines.map(\.tally) == [[300, 0], [2, 0], [0, 0], [0, 3], [0, 0], [1, 1], [0, 299]])
        #expect(examined < 20, "of more than 60 snapshots")
        #expect(try log(team, "things", "--shrunk").lines.map(\.tally) == [[0, 3], [1, 1], [0, 299]])
        // A part is compared with the state before it.
        let deletion = "\(lines[3].sequence)"
        let part = try log(team, "things", "--since", deletion, "--until", deletion)
        #expect(part.lines.map(\.tally) == [[0, 3]] && part.examined <= 2)
    }

    @Test("rows of a table that is rebuilt and emptied, with a growing and shrinking image")
    func rebuilt() throws {
        let team = try DevTeam()
        try team.sql("CREATE TABLE big(i INTEGER PRIMARY KEY, v);")
        try team.watch()
        try team.commit("INSERT INTO big SELECT value, randomblob(900) FROM generate_series(1, 2000);")
        try team.commit("DELETE FROM big WHERE i % 2;")
        try team.commit("VACUUM;")
        try team.commit("INSERT INTO big SELECT value, zeroblob(9000) FROM generate_series(5001, 5100);")
        try team.commit("DELETE FROM big;")
        try team.commit("VACUUM;")
        let lines = try log(team, "big").lines
        #expect(lines.map(\.tally) == [[0, 0], [2000, 0], [0, 1000], [100, 0], [0, 1100]])
    }

    @Test("another key: as many rows as there are more or fewer, with a message")
    func otherKey() throws {
        let team = try DevTeam()
        try team.sql("CREATE TABLE t(a PRIMARY KEY, b); INSERT INTO t VALUES(1, 1), (2, 2), (3, 3);")
        try team.watch()
        try team.commit(
            "BEGIN; DROP TABLE t; CREATE TABLE t(a, b PRIMARY KEY); INSERT INTO t VALUES(1, 1); END;"
        )
        let result = try team.holdfast("log", "--table", "t", "--json")
        #expect(result.lines.count == 2 && result.lines[1].hasSuffix(#""rows_added":0,"rows_removed":2}"#))
        #expect(result.stderr.contains("its rows cannot be compared"), "\(result)")
    }

    @Test("a view and a virtual table are called that")
    func others() throws {
        let team = try DevTeam()
        try team.sql("CREATE VIEW w AS SELECT 1; CREATE VIRTUAL TABLE words USING fts5(x);")
        try team.watch()
        #expect(try team.holdfast("log", "--table", "w", expecting: 1).stderr.contains("w is a view"))
        let virtual = try team.holdfast("log", "--table", "words", expecting: 1)
        #expect(virtual.stderr.contains("words is a virtual table"), "\(virtual)")
    }
}
