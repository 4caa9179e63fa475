import FoundationEssentials
import GRDB

/// A value as SQLite stores it (sqlite.org/datatype3.html, section 2).
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(number)
        case .double(let number): self = .real(number)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .blob(Array(data))
        }
    }

    var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .real(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let bytes): Data(bytes).databaseValue
        }
    }

    /// As SQL writes it (sqlite.org/lang_expr.html, section 3): `NULL`, `1`, `2.5`, `'it''s'`, `x'00ff'`.
    package var literal: String {
        switch self {
        case .null: "NULL"
        case .integer(let number): String(number)
        case .real(let number) where number.isInfinite: number < 0 ? "-9e999" : "9e999"
        case .real(let number): String(number)
        case .text(let text): "'" + text.replacing("'", with: "''") + "'"
        case .blob(let bytes): "x'" + hexadecimal(bytes) + "'"
        }
    }

    /// As the `sqlite3` program lists it; a blob, which may be anything, as a literal.
    package var listed: String {
        switch self {
        case .null: ""
        case .text(let text): text
        case .integer, .real, .blob: literal
        }
    }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
