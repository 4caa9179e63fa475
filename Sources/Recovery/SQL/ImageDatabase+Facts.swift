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
package struct ForeignKeyViolation: Hashable, Sendable {
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

    /// Whether this SQLite can parse only a part of the schema.
    func hasPartialSchema() throws -> Bool { try read { try $0.hasPartialSchema } }

    package func schemaVersion() throws -> SchemaVersion {
        try read { database in
            let userVersion = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            // Another program's table of that name may have other columns.
            let table = try? String.fetchOne(database, sql: "SELECT max(version) FROM schema_version")
            return SchemaVersion(userVersion: userVersion, table: table)
        }
    }

    /// Rows whose foreign keys lead nowhere, by table and parent.
    package func foreignKeyViolations() throws -> [ForeignKeyViolation] {
        try read { try ForeignKeyViolation.all(in: $0) }
    }
}

extension ForeignKeyViolation {
    /// The violations of a table, or of all, in the database `main`, by table and parent. If a foreign key
    /// names no key of its parent, that is an error of the schema (sqlite.org/foreignkeys.html, section 3).
    /// SQLite then reports no rows: the result is empty.
    static func all(of table: String? = nil, in database: Database) throws -> [ForeignKeyViolation] {
        do {
            return try Row.fetchAll(
                database,
                sql: """
                    SELECT "table", parent, count(*) FROM pragma_foreign_key_check(\(table == nil ? "" : "?, 'main'"))
                    GROUP BY 1, 2 ORDER BY 1, 2
                    """,
                arguments: StatementArguments([table].compactMap(\.self))
            )
            .map { ForeignKeyViolation(table: $0[0], parent: $0[1], count: $0[2]) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            return []
        }
    }
}
