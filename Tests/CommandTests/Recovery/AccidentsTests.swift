import Foundation
import TestSupport
import Testing

/// Each accident of the recovery guide, while short `sqlite3` processes without a busy timeout go on writing.
@Suite("Accidents beside writers", .serialized)
struct AccidentsTests {
    struct Accident: CustomTestStringConvertible {
        let name: String
        /// What happens, in sh; several programs write, so it has the patience to wait for its turn.
        let strike: String
        /// What is typed then.
        let remedy: [String]

        var testDescription: String { name }
    }

    private static func sql(_ sql: String) -> String {
        "sqlite3 -cmd '.timeout 10000' .devteam/devteam.db \"PRAGMA foreign_keys = ON; \(sql)\""
    }

    private static let database = ".devteam/devteam.db"
    private static let accidents = [
        Accident(
            name: "a session deleted",
            strike: sql("DELETE FROM sessions WHERE id = 'session-03'"),
            remedy: ["rows restore sessions session-03 --with-children --at good"]
        ),
        Accident(
            name: "a migration that failed half way",
            strike: sql("DROP TABLE gate_results; UPDATE schema_version SET version = 5"),
            remedy: ["restore \(database) --at good --in-place --wait 60s"]
        ),
        Accident(
            name: "a cleanup that went too far",
            strike: sql("DELETE FROM sessions WHERE id > 'session-02'"),
            remedy: ["restore \(database) --at good --in-place --wait 60s"]
        ),
        Accident(
            name: "a page damaged",
            strike: "head -c 4096 /dev/urandom | dd of=\(database) bs=4096 seek=40 conv=notrunc 2>&1",
            remedy: ["restore \(database) --at good --in-place --wait 60s"]
        ),
        Accident(
            name: "the file deleted",
            strike: "rm \(database)",
            remedy: ["doctor \(database) --apply best"]
        ),
        Accident(
            name: "overwritten with garbage",
            strike: "head -c 200000 /dev/urandom > \(database)",
            remedy: ["doctor \(database) --apply best"]
        ),
        Accident(
            name: "everything removed",
            strike: "until rm -r .devteam 2>&1; do :; done",
            remedy: ["restore --at good --in-place --wait 60s"]
        ),
        Accident(
            name: "moved behind a symbolic link",
            strike: "mv .devteam ../larger && ln -s ../larger .devteam; " + sql("DELETE FROM bugs"),
            remedy: ["restore \(database) --at good --in-place --wait 60s"]
        ),
        Accident(
            name: "back from a dump",
            strike: "holdfast export --at good --format sql --output dump.sql; " + sql("DELETE FROM bugs"),
            remedy: ["restore --from-sql dump.sql"]
        ),
        Accident(
            name: "one table, in part",
            strike: sql("DELETE FROM gate_results"),
            remedy: ["rows restore gate_results --where 1 --at good"]
        ),
    ]

    @Test("every row comes back, and the writers go on", arguments: accidents)
    func recovers(_ accident: Accident) throws {
        let team = try DevTeam()
        try team.watch()
        try team.startWriters()
        let before = try team.rows()
        try team.mark("good")
        let binary =
            "PATH=\(URL(fileURLWithPath: HoldfastProgram.path).deletingLastPathComponent().path):$PATH; "
        try team.shell(binary + accident.strike)
        let errors = team.writerErrors
        for command in accident.remedy { try team.holdfast(command.split(separator: " ").map(String.init)) }
        #expect(try team.rows() == before)
        #expect(try team.isHealthy())

        let wrote = team.writes.wrote
        try team.waitForWrites { $0 > wrote }
        let since = team.writerErrors.dropFirst(errors.count).split(separator: "\n")
        // A writer tries every 20 ms: none is kept out for long. How long exactly is measured in bench/.
        #expect(since.count { $0.contains("locked") } <= 10, "\(since)")
        try team.stopWriters()
    }
}
