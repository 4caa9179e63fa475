import Foundation
import TestSupport
import Testing

@Suite("Rows history", .serialized)
struct RowsHistoryTests {
    private struct Line: Decodable {
        let sequence: Int
        let change: String
        let row: [String: String?]
        let old: [String: String?]
    }

    private func history(_ team: DevTeam, _ arguments: String...) throws -> (lines: [Line], looks: Int) {
        var all = ["rows", "history"]
        all += arguments
        let result = try HoldfastProgram.run(
            all + ["--json", "--verbose"],
            environment: ["HOLDFAST_REPO": team.folder.file("repository")],
            directory: team.project
        )
        guard result.status == 0 else { throw CommandFailure(command: "rows history", result: result) }
        let lines = try result.stdout.split(separator: "\n").map { line in
            // Numbers are of no interest here.
            let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let texts = { (field: String) in
                (object[field] as? [String: Any] ?? [:]).mapValues { $0 is NSNull ? nil : "\($0)" as String? }
            }
            return Line(
                sequence: try #require(object["sequence"] as? Int),
                change: try #require(object["change"] as? String),
                row: texts("row"),
                old: texts("old")
            )
        }
        let said = try #require(result.stderr.firstMatch(of: /examined (\d+) snapshots/))
        return (lines, try #require(Int(said.1)))
    }

    @Test("each version of a row, found without looking at every snapshot", arguments: [false, true])
    func versions(isWAL: Bool) throws {
        let team = try DevTeam(isWAL: isWAL)
        try team.watch()
        for number in 1...40 {
            try team.sql("INSERT INTO token_usage(model, operation) VALUES('m', 'other \(number)');")
        }
        try team.commit("UPDATE sessions SET status = 'broken' WHERE id = 'session-05';")
        for number in 1...40 { try team.sql("UPDATE plans SET total_tasks = \(number);") }
        try team.commit("DELETE FROM sessions WHERE id = 'session-05';")
        try team.commit("ALTER TABLE sessions ADD COLUMN note DEFAULT 'x';")
        try team.commit("INSERT INTO sessions(id, status) VALUES('session-05', 'again');")
        try team.sql("VACUUM;")
        try team.holdfast("sync")
        let (lines, looks) = try history(team, "sessions", "session-05")
        #expect(lines.map(\.change) == ["present", "changed", "deleted", "inserted"])
        #expect(lines[1].old == ["status": "running"] && lines[1].row["status"] == "broken")
        #expect(lines[3].row["note"] == "x")
        #expect(looks < 20, "of more than 80 snapshots")
        #expect(
            try team.holdfast("rows", "history", "sessions", "session-05").stdout.contains(
                "status: 'running' → 'broken'"
            )
        )
    }

    @Test("rows of every kind of table, with overflow pages and before they are there")
    func tables() throws {
        let team = try DevTeam()
        try team.sql(
            """
            CREATE TABLE w(a, b, v, PRIMARY KEY(a, b)) WITHOUT ROWID; CREATE TABLE loose(v);
            INSERT INTO w SELECT value, 'k', hex(randomblob(300)) FROM generate_series(1, 200);
            CREATE TABLE big(i INTEGER PRIMARY KEY, v); INSERT INTO big VALUES(7, zeroblob(50000));
            """
        )
        try team.watch()
        try team.commit("UPDATE w SET v = 'new' WHERE a = 77;")
        try team.commit("INSERT INTO loose VALUES('one');")
        for _ in 1...30 { try team.sql("INSERT INTO big(v) VALUES(randomblob(9000));") }
        try team.commit("UPDATE loose SET v = 'two' WHERE rowid = 1;")
        // Of the same length, the last of the overflow pages alone changes.
        try team.commit(
            "UPDATE big SET v = CAST(replace(hex(zeroblob(24999)), '00', 'ab') || 'ax' AS BLOB) WHERE i = 7;"
        )
        try team.commit(
            "UPDATE big SET v = CAST(replace(hex(zeroblob(24999)), '00', 'ab') || 'ay' AS BLOB) WHERE i = 7;"
        )
        try team.holdfast("sync")
        #expect(try history(team, "w", "77", "k").lines.map(\.change) == ["present", "changed"])
        #expect(try history(team, "loose", "1").lines.map(\.change) == ["inserted", "changed"])
        #expect(try history(team, "big", "7").lines.map(\.change) == ["present", "changed", "changed"])
        let (lines, looks) = try history(team, "big", "37")
        #expect(lines.map(\.change) == ["inserted"] && looks < 36)
        #expect(
            try team.holdfast("rows", "history", "big", "999", expecting: 10).stderr.contains(
                "never had a row 999"
            )
        )
        #expect(
            try team.holdfast("rows", "history", "nope", "1", expecting: 10).stderr.contains(
                "there never was a table nope"
            )
        )
    }
}
