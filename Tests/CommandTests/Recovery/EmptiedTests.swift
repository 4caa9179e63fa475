import Foundation
import TestSupport
import Testing

/// Databases that lost their rows, and what the doctor says.
@Suite("Emptied in any way") struct EmptiedTests {
    private static func fill(_ count: Int) -> String {
        "PRAGMA journal_mode = WAL; CREATE TABLE s(i INTEGER PRIMARY KEY, v);"
            + "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count)) "
            + "INSERT INTO s SELECT i, 'on' FROM n;"
    }

    @Test(
        "replaced at once by a nearly empty one",
        arguments: [
            "rm -f a.db*; cp ../few.db a.db", "mv a.db a.db.old; cp ../few.db a.db",
            "cp ../few.db ../new.db; mv ../new.db a.db", "cp ../few.db a.db",
            "sqlite3 ../few.db .dump >../few.sql; : >a.db; sqlite3 a.db <../few.sql",
        ]
    )
    func replaced(script: String) throws {
        let protection = try Protection(Self.fill(500))
        try SQLite3.sql(
            Self.fill(3) + "UPDATE s SET i = i + 1000;",
            on: protection.folder.file("few.db")
        )
        try protection.watch()
        try protection.shell(script)
        try protection.holdfast("sync")
        let doctor = try protection.holdfast("doctor", protection.database, expecting: 4)
        #expect(doctor.stdout.contains("it has 3 rows, and had 500 rows at snapshot "), "\(doctor)")
        #expect(doctor.stdout.contains("3 rows lost (3 of s)"), "\(doctor)")
        try protection.holdfast("doctor", protection.database, "--apply", "best")
        #expect(try SQLite3.sql("SELECT count(*) FROM s;", on: protection.database) == "500\n")
    }

    @Test("a file of no bytes is an empty database, which is not damaged but had more")
    func noBytes() throws {
        let protection = try Protection(Self.fill(500))
        try protection.watch()
        try protection.shell(": >a.db")
        try protection.holdfast("sync")
        let doctor = try protection.holdfast("doctor", protection.database, expecting: 4)
        #expect(doctor.stdout.contains("it has 0 rows, and had 500 rows at snapshot "), "\(doctor)")
        try protection.shell(": >never.db; echo text >notes.txt")
        try protection.holdfast("sync")
        try protection.holdfast("doctor", protection.data + "/never.db")
        let plain = try protection.holdfast("doctor", protection.data + "/notes.txt", expecting: 10)
        #expect(plain.stderr.contains("is a plain file, and never was a database"), "\(plain)")
    }

    @Test("emptied table by table: the fullest state is the best, and what it lacks is counted")
    func tables() throws {
        let tables = ["a", "b", "c"]
        let protection = try Protection(
            tables.map { Self.fill(100).replacingOccurrences(of: " s", with: " \($0)") }.joined()
        )
        try protection.watch()
        for table in tables {
            // In between, nothing goes.
            for sql in ["DELETE FROM \(table);", "UPDATE c SET v = v || '.';", "UPDATE c SET v = v || '.';"] {
                try SQLite3.sql(sql, on: protection.database)
                try protection.holdfast("sync")
            }
        }
        let doctor = try protection.holdfast("doctor", protection.database, expecting: 4)
        #expect(doctor.stdout.contains("it has 0 rows, and had 300 rows at snapshot 1"), "\(doctor)")
        #expect(doctor.stdout.contains("no rows lost"), "\(doctor)")
    }

    @Test(
        "a program that deletes many of its rows is left in peace, and what it deleted is said",
        arguments: [true, false]
    )
    func cleaned(isWatched: Bool) throws {
        let protection = try Protection(Self.fill(500))
        try protection.watch()
        if !isWatched { try protection.stop() }
        try SQLite3.sql("DELETE FROM s WHERE i > 3;", on: protection.database)
        if !isWatched { try protection.watch() }
        try protection.holdfast("sync")
        let doctor = try protection.holdfast("doctor", protection.database)
        #expect(
            doctor.stdout.contains(
                "the file is intact, but snapshot 1 was the last one with more rows (497 fewer in s)"
            ),
            "\(doctor)"
        )
    }

    @Test("a table that was dropped is said, and none that was renamed", arguments: [true, false])
    func dropped(isWatched: Bool) throws {
        let protection = try Protection(Self.fill(500) + "CREATE TABLE u(v);")
        try protection.watch()
        if !isWatched { try protection.stop() }
        try SQLite3.sql("ALTER TABLE s RENAME TO renamed; INSERT INTO u VALUES(1);", on: protection.database)
        try protection.holdfast("sync")
        let renamed = try protection.holdfast("doctor", protection.database)
        #expect(renamed.stdout.contains("nothing is wrong"), "\(renamed)")
        let last = try #require(protection.snapshots().last?.sequence)
        try SQLite3.sql("DROP TABLE renamed;", on: protection.database)
        try protection.holdfast("sync")
        let doctor = try protection.holdfast("doctor", protection.database)
        #expect(
            doctor.stdout.contains(
                "the file is intact, but snapshot \(last) was the last one with more rows "
                    + "(renamed is gone: 500 rows): see "
            ),
            "\(doctor)"
        )
    }
}
