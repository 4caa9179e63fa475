import Recovery

extension JSONObject {
    /// A row. A blob is `{"hex":"00ff"}`; of columns with the same name the last one counts.
    init(_ columns: [String], _ values: [SQLValue]) {
        var object = JSONObject()
        for (index, column) in columns.enumerated() where !columns[(index + 1)...].contains(column) {
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
        case .text(let text): adding(name, text)
        case .blob: adding(name, JSONObject().adding("hex", String(value.literal.dropFirst(2).dropLast())))
        }
    }

    func adding(_ name: String, _ object: JSONObject) -> JSONObject { adding(name, raw: object.text) }
}
