import GRDB

/// The version of a schema, if it has one: `PRAGMA user_version`, and the highest in a table
/// `schema_version`.
package struct SchemaVersion: Hashable, Sendable {
    package let userVersion: Int
    /// nil: there is no such table.
    package let table: String?
}

extension SchemaVersion: CustomStringConvertible {
    package var description: String {
        guard let table else { return "\(userVersion)" }
        return userVersion == 0 ? table : "\(table) (user_version \(userVersion))"
    }
}

/// Rows of a table that refer to missing rows of another one
/// (sqlite.org/pragma.html#pragma_foreign_key_check).
package struct ForeignKeyViolation: Hashable, Sendable, Codable {
    package let table: String
    package let parent: String
    package let count: Int
}

extension ForeignKeyViolation: CustomStringConvertible {
    package var description: String {
        count == 1
            ? "1 row of \(table) refers to a missing row of \(parent)"
            : "\(count) rows of \(table) refer to missing rows of \(parent)"
    }
}

extension ImageDatabase {
    func hasTables() throws -> Bool {
        try read { try Bool.fetchOne($0, sql: "SELECT count(*) > 0 FROM sqlite_master") ?? false }
    }

    /// The tables that users know.
    package func tableNames() throws -> [String] { try read { try $0.tableNames() } }

    /// All that the schema has a name for: tables, indexes, triggers and views.
    package func schemaNames() throws -> [String] {
        try read { try String.fetchAll($0, sql: "SELECT DISTINCT name FROM sqlite_master ORDER BY rowid") }
    }

    package func schemaVersion() throws -> SchemaVersion {
        try read { database in
            let userVersion = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            // Another program's table of that name may have other columns.
            let table = try? String.fetchOne(database, sql: "SELECT max(version) FROM schema_version")
            return SchemaVersion(userVersion: userVersion, table: table)
        }
    }

    /// Rows whose foreign keys lead nowhere, by table and parent. If a foreign key names no key of its
    /// parent, that is an error of the schema (sqlite.org/foreignkeys.html, section 3). SQLite then reports
    /// no rows: the result is empty.
    package func foreignKeyViolations() throws -> [ForeignKeyViolation] {
        let sql = """
            SELECT "table", parent, count(*) FROM pragma_foreign_key_check() GROUP BY 1, 2 ORDER BY 1, 2
            """
        do {
            return try read { try Row.fetchAll($0, sql: sql) }
                .map { ForeignKeyViolation(table: $0[0], parent: $0[1], count: $0[2]) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            return []
        }
    }
}
