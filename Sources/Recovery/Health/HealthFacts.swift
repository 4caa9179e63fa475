import GRDB
import LinuxSystem
package import SystemPackage

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
    package func massDeletions(since before: HealthFacts) -> [(table: String, lost: Int)] {
        before.rowCounts.compactMap { table, count in
            guard let now = rowCounts[table] else { return nil }
            return count - now >= 10 && now * 2 < count ? (table, count - now) : nil
        }
        .sorted { ($0.lost, $1.table) > ($1.lost, $0.table) }
    }
}
