import GRDB
import LinuxSystem
package import SystemPackage

/// A table that lost most of its rows at once.
package struct MassDeletion: Hashable, Sendable {
    package let table: String
    package let lostRows: Int
    /// Whether the table itself is gone.
    package let isDropped: Bool

    package init(table: String, lostRows: Int, isDropped: Bool) {
        self.table = table
        self.lostRows = lostRows
        self.isDropped = isDropped
    }
}

/// The health data of a database's image.
package struct HealthFacts: Sendable, Codable {
    /// The result of SQLite's quick_check.
    package let integrity: Integrity
    /// Rows with foreign keys that lead nowhere.
    package private(set) var violations: [ForeignKeyViolation] = []
    /// The number of rows of each table.
    package private(set) var rowCounts: [String: Int] = [:]
    /// Unchanged as long as the schema is. SQLite's own schema version also changes with a restore.
    package private(set) var schemaDigest: UInt64 = 0

    /// The number of rows of all tables.
    package var rowCount: Int { rowCounts.values.reduce(0, +) }
    package var violationCount: Int { violations.reduce(0) { $0 + $1.count } }

    /// False if SQLite cannot read the image, or only part of its schema. Other tables may exist then.
    var areTablesKnown: Bool {
        switch integrity {
        case .ok, .notApplicable: true
        case .unchecked: !rowCounts.isEmpty
        case .problems: false
        }
    }
}

extension HealthFacts {
    /// Reads an image that may be shortened meanwhile; the result is then meaningless.
    package init(imageAt path: FilePath) throws {
        guard try FileStatus.of(path).sizeBytes > 0 else {
            self.init(integrity: .ok)
            return
        }
        do {
            try self.init(ImageDatabase(at: path, isMapped: false))
        } catch let error as DatabaseError {
            self.init(integrity: try Integrity(error))
        }
    }

    private init(_ database: ImageDatabase) throws {
        integrity = try database.integrity(.quick)
        if case .problems = integrity { return }
        guard try !database.read({ try $0.hasPartialSchema }) else { return }
        (rowCounts, schemaDigest) = try database.read { database in
            var counts: [String: Int] = [:]
            for shape in try TableShape.all(of: "main", in: database).values where !shape.isVirtual {
                counts[shape.name] = try Int.fetchOne(
                    database,
                    sql: "SELECT count(*) FROM \(shape.name.sqlName)"
                )
            }
            return (counts, try Schema(in: database).digest)
        }
        violations = try database.foreignKeyViolations()
    }

    /// Tables that lost most of their rows since `before`, the worst first. Losses of a few rows are ignored.
    package func massDeletions(since before: HealthFacts) -> [MassDeletion] {
        guard areTablesKnown else { return [] }
        let dropped = droppedTables(since: before)
        return before.rowCounts.compactMap { table, count in
            guard let now = dropped.contains(table) ? 0 : rowCounts[table] else { return nil }
            guard count - now >= 10, now * 2 < count else { return nil }
            return MassDeletion(table: table, lostRows: count - now, isDropped: rowCounts[table] == nil)
        }
        .sorted { ($0.lostRows, $1.table) > ($1.lostRows, $0.table) }
    }

    /// Tables that are gone, and whose rows no new table has. A renamed table has as many rows as before, a
    /// copy that a migration made about as many: at least half, at most twice as many.
    private func droppedTables(since before: HealthFacts) -> Set<String> {
        var gone = before.rowCounts.filter { rowCounts[$0.key] == nil }
        var added = rowCounts.filter { before.rowCounts[$0.key] == nil }.values.sorted()
        let isSuccessor: [(Int, Int) -> Bool] = [(==), { $0 <= $1 * 2 && $1 <= $0 * 2 }]
        for isSuccessor in isSuccessor {
            for (table, count) in gone.sorted(by: { $0.key < $1.key }) {
                guard let index = added.firstIndex(where: { isSuccessor($0, count) }) else { continue }
                added.remove(at: index)
                gone[table] = nil
            }
        }
        return Set(gone.keys)
    }
}
