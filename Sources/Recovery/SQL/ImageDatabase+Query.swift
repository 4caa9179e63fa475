package import GRDB
import LinuxSystem

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
            throw SQLError(error, similar: try? read { try $0.tableNames() }.nearest(toTableOf: error))
        }
    }
}

/// SQLite's error for a statement or a database.
package struct SQLError: Error, Hashable, CustomStringConvertible {
    package let description: String
    /// Whether the database is damaged; otherwise the statement is wrong.
    package let isDamage: Bool

    /// `similar`: the table that was probably meant, if the error is that there is no such table.
    package init(_ error: DatabaseError, similar: String? = nil) {
        isDamage = error.isDamage
        let reason = error.message ?? error.resultCode.description
        description = reason + (similar.map { " (did you mean \($0.printable)?)" } ?? "")
    }
}

extension [String] {
    /// The name that is most similar to that of the table that SQLite does not find.
    fileprivate func nearest(toTableOf error: DatabaseError) -> String? {
        let prefix = "no such table: "
        guard let message = error.message, message.hasPrefix(prefix) else { return nil }
        return nearest(to: String(message.dropFirst(prefix.count)))
    }
}

extension DatabaseError {
    /// The database is damaged, or is none; otherwise the statement is wrong.
    var isDamage: Bool { [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(resultCode) }
}
