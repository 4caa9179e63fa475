import Foundation
import TestSupport
import Testing

/// A transaction over several databases, in rollback mode, where SQLite makes it atomic by a super-journal.
@Suite("Attached databases")
struct AttachedDatabasesTests {
    /// Writes 200 transactions, each into both, without pause.
    private static let program = """
        import sqlite3, sys
        one = sqlite3.connect('a.db', isolation_level=None)
        one.execute("ATTACH 'b.db' AS other")
        print('open', flush=True)
        for number in range(200):
            one.execute('BEGIN')
            one.execute('INSERT INTO t(b) VALUES(?)', (number,))
            one.execute('INSERT INTO other.t(b) VALUES(?)', (number,))
            one.execute('COMMIT')
        """

    private func rows(in directory: String) throws -> [String] {
        try ["a.db", "b.db"].map { try SQLite3.sql("SELECT count(*) FROM t;", on: directory + "/" + $0) }
    }

    @Test("no tag and no moment of the root holds half of a transaction")
    func halves() throws {
        let protection = try Protection()
        try SQLite3.sql("CREATE TABLE t(i INTEGER PRIMARY KEY, b);", on: protection.data + "/b.db")
        try protection.watch()
        let writer = try RunningProgram(
            "/usr/bin/python3",
            ["-c", Self.program],
            environment: [:],
            directory: protection.data
        )
        try writer.waitForOutput { $0 == "open" }
        var tags: [String] = []
        while writer.isRunning || tags.isEmpty {
            tags.append("t\(tags.count)")
            try protection.holdfast("snapshot", protection.data, "--tag", tags.last!)
        }
        #expect(try writer.waitForEnd().status == 0)
        try protection.sync()

        var alone = 0
        let sequences = try protection.log().compactMap(\.sequence).map { "\($0)" }
        for when in tags + sequences.suffix(80) + ["latest"] {
            let copy = protection.folder.file("copy")
            let restore = ["restore", protection.data, "--at", when, "--output", copy]
            let result = try HoldfastProgram.run(restore, environment: protection.environment)
            // The first of the two is a state of its database only.
            guard result.status == 0 else {
                #expect(result.status == 10 && !tags.contains(when), "\(when): \(result)")
                #expect(result.stderr.contains("snapshot \(when) is a state of one file only"), "\(result)")
                alone += 1
                continue
            }
            let found = try rows(in: copy)
            #expect(found[0] == found[1], "\(when)")
            if when == "latest" { #expect(found[0] == "200\n") }
            try FileManager.default.removeItem(atPath: copy)
        }
        #expect(
            try protection.holdfast("log", protection.data, "--last", "5", "--json").stdout.count {
                $0 == "\n"
            } == 5
        )
        #expect(alone >= 20, "\(alone)")
        #expect(try rows(in: protection.data) == ["200\n", "200\n"])
        try protection.check()
    }
}
