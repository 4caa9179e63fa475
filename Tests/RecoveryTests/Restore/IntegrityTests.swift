import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Recovery

@Suite struct IntegrityTests {
    private func check(_ path: String, _ check: Integrity.Check = .full) throws -> Integrity {
        try Integrity.check(databaseAt: FilePath(path), check)
    }

    @Test("finds sound databases sound and leaves nothing beside them", arguments: ["delete", "wal"])
    func sound(_ mode: String) throws {
        try withTemporaryDirectory { directory in
            // Bytes that mean something in a URI.
            let path = directory.file("a ?&%41#ü.db")
            try SQLite3.sql(
                "PRAGMA journal_mode=\(mode); CREATE TABLE t(a); INSERT INTO t VALUES(1);",
                on: path
            )
            let before = try directory.bytes(of: "a ?&%41#ü.db")
            #expect(before[18] == (mode == "wal" ? 2 : 1))
            #expect(try check(path) == .ok)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["a ?&%41#ü.db"])
            #expect(try directory.bytes(of: "a ?&%41#ü.db") == before)
        }
    }

    @Test("looks for rows that an index lacks, unless the quick check is wanted")
    func indexes() throws {
        try withTemporaryDirectory { directory in
            let path = directory.file("a.db")
            try SQLite3.sql(
                """
                CREATE TABLE t(a); INSERT INTO t VALUES(1), (9); CREATE INDEX i ON t(a) WHERE a > 5;
                PRAGMA writable_schema=ON;
                UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t(a)' WHERE name = 'i';
                """,
                on: path
            )
            guard case .problems(let problems) = try check(path) else {
                Issue.record("the row that is missing was not missed")
                return
            }
            #expect(problems.contains { $0.contains("missing from index i") }, "\(problems)")
            #expect(try check(path, .quick) == .ok)
            let garbage = Array("SQLite format 3\0".utf8) + [UInt8](repeating: 0xee, count: 8176)
            try directory.write(garbage, to: "a.db")
            guard case .problems = try check(path, .quick) else {
                Issue.record("the quick check finds garbage sound")
                return
            }
        }
    }

    @Test("takes an empty image for an empty database")
    func empty() throws {
        try withTemporaryDirectory { directory in
            let path = try directory.write([], to: "empty.db")
            #expect(try check(path) == .ok)
        }
    }

    @Test("does not take other content for a database")
    func garbage() throws {
        try withTemporaryDirectory { directory in
            for bytes in [[0x41], Array("SQLite format 2\0".utf8), [UInt8](repeating: 7, count: 8192)] {
                let path = try directory.write(bytes, to: "x.db")
                #expect(try check(path) == .problems(["it is not a database"]))
            }
        }
    }

    @Test("finds the magic with nothing sound behind it unsound")
    func magicOnly() throws {
        try withTemporaryDirectory { directory in
            for count in [16, 100, 8192] {
                let bytes = Array("SQLite format 3\0".utf8) + [UInt8](repeating: 0xee, count: count - 16)
                guard case .problems = try check(directory.write(bytes, to: "x.db")) else {
                    Issue.record("\(count) bytes were found sound")
                    continue
                }
            }
        }
    }

    @Test("finds a damaged page, an index that lacks a row, and a missing page")
    func damaged() throws {
        try withTemporaryDirectory { directory in
            let path = directory.file("x.db")
            try SQLite3.sql(
                """
                PRAGMA page_size=1024; CREATE TABLE t(a, b); CREATE INDEX i ON t(b);
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
                INSERT INTO t SELECT i, 'text ' || i FROM n;
                """,
                on: path
            )
            let sound = try directory.bytes(of: "x.db")
            #expect(try check(path) == .ok)
            for page in [1, 2, 5] {
                var bytes = sound
                for offset in 0..<64 { bytes[page * 1024 + offset] ^= 0xff }
                guard case .problems(let problems) = try check(directory.write(bytes, to: "y.db")) else {
                    Issue.record("a damaged page \(page + 1) was found sound")
                    continue
                }
                #expect(!problems.isEmpty)
            }
            guard case .problems = try check(directory.write(Array(sound.dropLast(1024)), to: "z.db")) else {
                Issue.record("a missing page was found sound")
                return
            }
        }
    }

    @Test("hands on what the check finds in a database that can be read")
    func wrongContent() throws {
        try withTemporaryDirectory { directory in
            let path = directory.file("x.db")
            try SQLite3.sql(
                """
                CREATE TABLE t(a); INSERT INTO t VALUES(NULL), (1), (NULL);
                PRAGMA writable_schema=1;
                UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a NOT NULL)' WHERE name = 't';
                """,
                on: path
            )
            #expect(try check(path) == .problems(["NULL value in t.a", "NULL value in t.a"]))
        }
    }

    @Test("says when only the program that a database belongs to can check it")
    func foreignCollation() throws {
        try withTemporaryDirectory { directory in
            let path = directory.file("x.db")
            try SQLite3.sql(
                """
                CREATE TABLE t(a TEXT COLLATE binary); CREATE INDEX i ON t(a); INSERT INTO t VALUES('x'), ('y');
                PRAGMA writable_schema=1;
                UPDATE sqlite_schema SET sql = replace(sql, 'binary', 'zodiac') WHERE name = 't';
                """,
                on: path
            )
            guard case .unchecked(let reason) = try check(path) else {
                Issue.record("it was checked")
                return
            }
            #expect(reason.contains("zodiac"))
        }
    }
}
