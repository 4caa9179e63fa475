import Foundation
import LinuxSystem
import RepositoryReader
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import History
@testable import Recovery
@testable import RepositoryFormat

@Suite("History of a table") struct TableHistoryTests {
    /// Transactions on a table `t(k, v)` and on another one, each a snapshot, some perhaps with a base.
    private final class Transactions {
        let recorded: RecordedRoot
        private let directory: TemporaryDirectory
        private let isText: Bool
        private let hasBases: Bool
        private var random: SeededRandom
        private var count = 0
        /// Rows added, removed and changed, by the snapshots in which any were.
        private(set) var expected: [[Int]] = []

        init(
            _ definition: String,
            hasBases: Bool,
            in directory: TemporaryDirectory,
            _ random: SeededRandom
        ) throws {
            self.directory = directory
            self.hasBases = hasBases
            self.random = random
            isText = definition.contains("TEXT")
            try FileManager.default.createDirectory(
                atPath: directory.file("data"),
                withIntermediateDirectories: true
            )
            recorded = try RecordedRoot(
                in: directory.file("repository"),
                protecting: directory.file("data"),
                .directory
            )
            try SQLite3.sql(
                "PRAGMA page_size = 512; CREATE TABLE \(definition); CREATE TABLE other(x);",
                on: path
            )
            try record(.baseline, asBase: hasBases)
            // The table is new.
            expected.append([0, 0, 0])
        }

        private var path: String { directory.file("data/a.db") }

        private func record(_ event: SnapshotEvent, asBase: Bool) throws {
            count += 1
            try recorded.record(
                "a.db",
                .database,
                directory.bytes(of: "data/a.db"),
                event,
                at: Instant(nanoseconds: Int64(count)),
                asBase: asBase
            )
        }

        func runOne() throws {
            try directory.write(directory.bytes(of: "data/a.db"), to: "before.db")
            let sql = statement()
            try SQLite3.sql("BEGIN; \(sql); INSERT INTO other VALUES(1); COMMIT;", on: path)
            let isBase = hasBases && Int.random(in: 0..<20, using: &random) == 0
            try record(isBase ? .scan : .commit, asBase: isBase)
            let counts = try SQLite3.sql(
                """
                ATTACH '\(directory.file("before.db"))' AS b;
                SELECT count(*) FROM main.t WHERE k NOT IN (SELECT k FROM b.t);
                SELECT count(*) FROM b.t WHERE k NOT IN (SELECT k FROM main.t);
                SELECT count(*) FROM b.t x JOIN main.t y USING(k) WHERE x.v IS NOT y.v;
                """,
                on: path
            )
            let numbers = counts.split(separator: "\n").compactMap { Int($0) }
            if numbers != [0, 0, 0] { expected.append(numbers) }
        }

        private func statement() -> String {
            let first = Int.random(in: 1...2000, using: &random)
            let last = first + Int.random(in: 0...[1, 5, 200].randomElement(using: &random)!, using: &random)
            // With 512 bytes a page, the longer ones have overflow pages.
            let size = Int.random(in: 0...[10, 100, 2000].randomElement(using: &random)!, using: &random)
            let keys = "SELECT \(isText ? "'k' || value" : "value") FROM generate_series(\(first), \(last))"
            let values = keys.replacing(" FROM", with: ", randomblob(\(size)) FROM")
            return switch Int.random(in: 0..<12, using: &random) {
            case 0...3: "INSERT OR IGNORE INTO t(k, v) \(values)"
            case 4: "INSERT OR REPLACE INTO t(k, v) \(values)"
            case 5, 6: "DELETE FROM t WHERE k IN (\(keys))"
            case 7: "UPDATE t SET v = randomblob(\(size)) WHERE k IN (\(keys))"
            // Where it has overflow pages, the last of them alone changes.
            case 8: "UPDATE t SET v = substr(v, 1, length(v) - 1) || 'x' WHERE k IN (\(keys))"
            case 9: "DELETE FROM t WHERE k IN (\(keys)); INSERT INTO t(k, v) \(values)"
            case 10: Int.random(in: 0..<5, using: &random) == 0 ? "DELETE FROM t" : "SELECT 1"
            default: "INSERT INTO other SELECT randomblob(900) FROM generate_series(1, 20)"
            }
        }
    }

    @Test(
        "counts what sqlite3 counts, whatever the transactions are",
        arguments: [
            ("t(k INTEGER PRIMARY KEY, v)", false), ("t(k INTEGER PRIMARY KEY, v)", true),
            ("t(k TEXT PRIMARY KEY, v)", true), ("t(v, k TEXT PRIMARY KEY) WITHOUT ROWID", true),
        ]
    )
    func random(_ definition: String, hasBases: Bool) throws {
        let random = SeededRandom()
        try withTemporaryDirectory { directory in
            let transactions = try Transactions(definition, hasBases: hasBases, in: directory, random)
            for _ in 0..<80 { try transactions.runOne() }
            transactions.recorded.close()
            let root = transactions.recorded.root
            let file = try Self.database(of: root)
            var found: [[Int]] = []
            try TableHistory(root, file, table: "T").run { change in
                let summary = change.summary
                found.append([summary.added, summary.removed, summary.changed])
            }
            #expect(found == transactions.expected, "\(random)")
        }
    }

    private static func database(of root: RootDescription) throws -> FileID {
        let scope = try SnapshotIndex(root).scope(of: "a.db")
        guard case .file(let file)? = scope else { throw RepositoryError.noSnapshot(.root, at: .none) }
        return file
    }

    /// A base of 4 chunks: the schema is in the first one, and in the last one a table of which row 1 was
    /// deleted later.
    private static func longBase(_ directory: TemporaryDirectory) throws -> RootDescription {
        let (data, path) = (directory.file("data"), directory.file("data/a.db"))
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let recorded = try RecordedRoot(in: directory.file("repository"), protecting: data, .directory)
        try SQLite3.sql(
            """
            CREATE TABLE other(x); INSERT INTO other SELECT randomblob(1000) FROM generate_series(1, 3900);
            CREATE TABLE t(k INTEGER PRIMARY KEY, v); INSERT INTO t VALUES(1, 'one'), (2, 'two');
            """,
            on: path
        )
        let times = [Instant(nanoseconds: 1), Instant(nanoseconds: 2)]
        let base = try directory.bytes(of: "data/a.db")
        try recorded.record("a.db", .database, base, .baseline, at: times[0], asBase: true)
        try SQLite3.sql("DELETE FROM t WHERE k = 1;", on: path)
        try recorded.record("a.db", .database, directory.bytes(of: "data/a.db"), .commit, at: times[1])
        recorded.close()
        return recorded.root
    }

    /// - Parameter place: the offset of a byte, given the size of the file.
    private static func damageBase(of root: RootDescription, at place: (UInt64) -> UInt64) throws {
        let bases = root.directory.appending("bases")
        let base = bases.appending(try #require(Directory.names(in: bases).first))
        let file = try OpenFile(base, .update)
        let offset = place(try file.status().sizeBytes)
        var byte: [UInt8] = [0]
        _ = try file.read(into: &byte, count: 1, at: offset)
        byte[0] ^= 0x40
        try file.write(unsafe byte.span.bytes, at: offset)
    }

    @Test("of a base only what the table needs is read, and damage of that is not taken for the database's")
    func damage() throws {
        try withTemporaryDirectory { directory in
            let root = try Self.longBase(directory)
            let file = try Self.database(of: root)
            let gone = { try DeletedRows(root, file, table: "t").find().map { $0.key.map(\.value) } }
            let versions = {
                var versions: [RowHistory.Version.Kind] = []
                try RowHistory(root, file, table: "t", key: ["1"]).run { versions.append($0.kind) }
                return versions
            }
            try Self.damageBase(of: root) { $0 / 2 }
            #expect(try gone() == [[.integer(1)]])
            #expect(try versions() == [.present, .deleted])
            try Self.damageBase(of: root) { $0 - 1000 }
            #expect(throws: DamageError.self) { try gone() }
            #expect(throws: DamageError.self) { try versions() }
        }
    }

    @Test("ranges of rowids are joined where they touch, and too many are none")
    func ranges() throws {
        let some = try #require(DifferingRowIDs(old: [.min ... -1, 0...5, 7...9], new: [10 ... .max]))
        #expect(
            some.old(of: "r") == "(r BETWEEN \(Int64.min) AND 5 OR r BETWEEN 7 AND 9)"
                && some.new(of: "r") == "r BETWEEN 10 AND \(Int64.max)"
        )
        #expect(DifferingRowIDs(old: [], new: [])?.old(of: "r") == "0")
        let many = (Int64(0)..<100).map { 2 * $0...2 * $0 }
        #expect(DifferingRowIDs(old: many, new: []) == nil && DifferingRowIDs(old: [], new: many) == nil)
    }

    @Test("a row that is added again is not missing, by its key and columns")
    func missingRows() {
        let row = { (key: Int64, sequence: UInt64) in
            let values = [RowDiff.Value(column: "id", value: .integer(key))]
            let state = SnapshotState(
                sequence: SequenceNumber(sequence),
                time: Instant(nanoseconds: 0),
                event: .commit,
                shape: .empty(.plain),
                digest: 0
            )
            return DeletedRows.Row(key: values, row: values, last: state, way: .restore, keyWords: nil)
        }
        var rows = MissingRows()
        for (key, sequence) in [(1, 1), (2, 2), (3, 3)] as [(Int64, UInt64)] {
            rows.remove(row(key, sequence))
        }
        rows.add([RowDiff.Value(column: "ID", value: .integer(1))])
        rows.add([RowDiff.Value(column: "other", value: .integer(2))])
        #expect(rows.all == [row(2, 2), row(3, 3)])
        rows.remove(row(2, 9))
        #expect(rows.all == [row(3, 3), row(2, 9)])
    }
}
