import GRDB
import SystemPackage

/// The parts of a database that a dump by `sqlite3` omits, and those that it cannot contain.
struct DumpHeader {
    /// Run before the first table is made. Defaults of a new database are not included.
    let statements: [String]
    /// A table with text that contains a NUL.
    let tableWithNUL: String?

    private static let ordinary = [
        ("encoding", "UTF-8"), ("page_size", "4096"), ("auto_vacuum", "0"), ("user_version", "0"),
        ("application_id", "0"),
    ]

    init(_ image: FilePath) throws {
        (statements, tableWithNUL) = try ImageDatabase(at: image).read { database in
            let pragmas = try Self.ordinary.compactMap { pragma, usual -> String? in
                let value = try String.fetchOne(database, sql: "PRAGMA \(pragma)") ?? usual
                return value == usual ? nil : "PRAGMA \(pragma) = '\(value)';"
            }
            let tables = try TableShape.all(of: "main", withShadows: true, in: database).values
            let counters = try Self.hasLeftCounters(database) ? [Self.makeCounters] : []
            return (
                pragmas + counters, try tables.first { try !$0.isVirtual && Self.hasNUL($0, database) }?.name
            )
        }
    }

    /// A dump empties `sqlite_sequence`, though without a table that counts it does not make it.
    private static let makeCounters = "CREATE TABLE t(i INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE t;"

    /// Whether the last table with AUTOINCREMENT was dropped (sqlite.org/fileformat2.html, section 2.6.2).
    private static func hasLeftCounters(_ database: Database) throws -> Bool {
        let counts = "FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
        return try database.has("FROM sqlite_master WHERE name = 'sqlite_sequence'") && !database.has(counts)
    }

    private static func hasNUL(_ table: TableShape, _ database: Database) throws -> Bool {
        let conditions = table.columns.map {
            "(typeof(\($0.sqlName)) = 'text' AND instr(\($0.sqlName), char(0)))"
        }
        return try database.has("FROM \(table.name.sqlName) WHERE \(conditions.anyOf)")
    }
}
