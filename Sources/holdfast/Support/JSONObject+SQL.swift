import Recovery

extension JSONObject {
    /// A row. A blob is `{"hex":"00ff"}`, text that is no UTF-8 `{"text_hex":"63ff"}`; of columns with the
    /// same name the last one counts.
    init(_ columns: [String], _ values: [SQLValue]) {
        let last = Dictionary(columns.enumerated().map { (Array($1.utf8), $0) }) { $1 }
        var object = JSONObject()
        for (index, column) in columns.enumerated() where last[Array(column.utf8)] == index {
            object = object.adding(column, values[index])
        }
        self = object
    }

    func adding(_ name: String, _ value: SQLValue) -> JSONObject {
        switch value {
        case .null: adding(name, raw: "null")
        case .integer(let number): adding(name, number)
        // JSON has no other numbers than finite ones (RFC 8259, section 6).
        case .real(let number) where number.isFinite: adding(name, raw: String(number))
        case .real: adding(name, value.literal)
        case .text(let text):
            if let string = text.string {
                adding(name, string)
            } else {
                adding(name, JSONObject().adding("text_hex", Self.hex(text.bytes)))
            }
        case .blob(let bytes): adding(name, JSONObject().adding("hex", Self.hex(bytes)))
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        String(SQLValue.blob(bytes).literal.dropFirst(2).dropLast())
    }

    func adding(_ name: String, _ object: JSONObject) -> JSONObject { adding(name, raw: object.text) }
}
