import CSQLite
import GRDB
import LinuxSystem

/// A value as SQLite stores it (sqlite.org/datatype3.html, section 2).
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(SQLText)
    case blob([UInt8])

    /// The SQL literal (sqlite.org/lang_expr.html, section 3): `NULL`, `1`, `2.5`, `'it''s'`, `x'00ff'`.
    package var literal: String {
        switch self {
        case .null: "NULL"
        case .integer(let number): String(number)
        case .real(let number) where number.isInfinite: number < 0 ? "-9e999" : "9e999"
        case .real(let number): String(number)
        case .text(let text): text.quoted ?? "CAST(\(Self.blob(text.bytes).literal) AS TEXT)"
        case .blob(let bytes): "x'" + bytes.hexadecimal + "'"
        }
    }

    /// The literal for people: on one line, without control characters. A long blob is shortened to its
    /// beginning and length.
    package var printed: String {
        switch self {
        case .blob(let bytes): Self.abbreviated(bytes)
        case .text(let text):
            text.quoted?.printable ?? "CAST(\(Self.abbreviated(text.bytes)) AS TEXT)"
        case .null, .integer, .real: literal
        }
    }

    private static func abbreviated(_ bytes: [UInt8]) -> String {
        let most = 64
        guard bytes.count > most else { return Self.blob(bytes).literal }
        return "x'\(Array(bytes.prefix(most)).hexadecimal)…' (\(bytes.count) bytes)"
    }

    /// As the `sqlite3` program lists it, byte for byte; a blob as a literal, because it may have any bytes.
    package var listed: [UInt8] {
        switch self {
        case .null: []
        case .text(let text): text.bytes
        case .integer, .real, .blob: Array(literal.utf8)
        }
    }

    /// The same for a terminal.
    package var listedForTerminal: String {
        switch self {
        case .null: ""
        case .text(let text): text.lossyString.printable
        case .integer, .real, .blob: printed
        }
    }
}

extension Statement {
    /// The values of the current row of a cursor over this statement, byte for byte.
    var values: [SQLValue] {
        (0..<Int32(columnCount)).map { column in
            let row = unsafe sqliteStatement
            return switch unsafe sqlite3_column_type(row, column) {
            case SQLITE_INTEGER: .integer(unsafe sqlite3_column_int64(row, column))
            case SQLITE_FLOAT: .real(unsafe sqlite3_column_double(row, column))
            case SQLITE_TEXT: .text(SQLText(bytes: unsafe bytes(column, sqlite3_column_text(row, column))))
            case SQLITE_BLOB: .blob(unsafe bytes(column, sqlite3_column_blob(row, column)))
            default: .null
            }
        }
    }

    /// Copies the bytes of SQLite's pointer, which is nil for empty ones.
    private func bytes(_ column: Int32, _ start: UnsafeRawPointer?) -> [UInt8] {
        let count = Int(unsafe sqlite3_column_bytes(sqliteStatement, column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }
}

extension Database {
    /// Whether `SELECT … \(rows)` has any row.
    func has(_ rows: String, arguments: StatementArguments = []) throws -> Bool {
        try Bool.fetchOne(self, sql: "SELECT EXISTS(SELECT 1 \(rows))", arguments: arguments) ?? false
    }

    /// Calls `body` with the values of each row.
    func eachRow(
        _ sql: String,
        arguments: StatementArguments = [],
        _ body: ([SQLValue]) throws -> Void
    ) throws {
        let statement = try makeStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        while try rows.next() != nil { try body(statement.values) }
    }

    /// The values of as many columns as a table can have, in the first row of `SELECT … \(rows)`.
    func firstRow(_ columns: [String], _ rows: String, arguments: StatementArguments) throws -> [SQLValue]? {
        var values: [SQLValue] = []
        for part in columns.parts {
            var found: [SQLValue]?
            try eachRow("SELECT \(part.list) \(rows) LIMIT 1", arguments: arguments) { found = $0 }
            guard let found else { return nil }
            values += found
        }
        return values
    }
}
