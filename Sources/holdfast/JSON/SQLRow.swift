import Recovery

/// A row as an object. Of columns with the same name the last one counts.
struct SQLRow: JSONLine {
    private let columns: [String]
    private let values: [SQLValue]

    init(_ columns: [String], _ values: [SQLValue]) {
        (self.columns, self.values) = (columns, values)
    }

    init(_ values: [RowDiff.Value]) {
        self.init(values.map(\.column), values.map(\.value))
    }

    func encode(to encoder: any Encoder) throws {
        // Letters that are equal for Swift can be two columns for SQLite.
        let last = Dictionary(columns.enumerated().map { (Array($1.utf8), $0) }) { $1 }
        var fields = encoder.container(keyedBy: ColumnName.self)
        for (index, column) in columns.enumerated() where last[Array(column.utf8)] == index {
            try fields.encode(values[index], forKey: ColumnName(column))
        }
    }
}

/// A blob is `{"hex":"00ff"}`, text that is no UTF-8 `{"text_hex":"63ff"}`.
extension SQLValue: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .integer(let number): try container.encode(number)
        // JSON has no other numbers than finite ones (RFC 8259, section 6).
        case .real(let number) where number.isFinite: try container.encode(number)
        case .real: try container.encode(literal)
        case .text(let text):
            if let string = text.string {
                try container.encode(string)
            } else {
                try container.encode(["text_hex": Self.hex(text.bytes)])
            }
        case .blob(let bytes): try container.encode(["hex": Self.hex(bytes)])
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        String(SQLValue.blob(bytes).literal.dropFirst(2).dropLast())
    }
}
