package import GRDB

extension ImageDatabase {
    /// Runs SQL that cannot write. Calls `onRow` for each row of each statement, with the names of its
    /// columns. Throws `SQLError`, and what `onRow` throws.
    package func query(_ sql: String, onRow: ([String], [SQLValue]) throws -> Void) throws {
        do {
            try read { database in
                let statements = try database.allStatements(sql: sql)
                while let statement = try statements.next() {
                    let columns = statement.columnNames
                    let rows = try Row.fetchCursor(statement)
                    while try rows.next() != nil { try onRow(columns, statement.values) }
                }
            }
        } catch let error as DatabaseError {
            throw SQLError(error)
        }
    }
}

/// SQLite's error for a statement or a database.
package struct SQLError: Error, Hashable, CustomStringConvertible {
    package let description: String
    /// Whether the database is damaged; otherwise the statement is wrong.
    package let isDamage: Bool

    package init(_ error: DatabaseError) {
        isDamage = error.isDamage
        description = error.message ?? error.resultCode.description
    }
}

extension DatabaseError {
    /// The database is damaged, or is none; otherwise the statement is wrong.
    var isDamage: Bool { [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(resultCode) }
}
