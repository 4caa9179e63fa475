import History
import LinuxSystem

/// One line of JSON, its fields in the order in which they are added.
struct JSONObject {
    private(set) var text = "{}"

    func adding(_ name: String, _ value: String) -> JSONObject { adding(name, raw: Self.quoted(value)) }
    func adding(_ name: String, _ value: some BinaryInteger) -> JSONObject {
        adding(name, raw: String(value))
    }
    /// A finite number, to three digits behind the point.
    func adding(_ name: String, _ value: Double) -> JSONObject {
        adding(name, raw: String((value * 1000).rounded() / 1000))
    }
    func adding(_ name: String, _ value: Bool) -> JSONObject { adding(name, raw: value ? "true" : "false") }
    /// RFC 3339, UTC, nanoseconds.
    func adding(_ name: String, _ value: Instant) -> JSONObject { adding(name, value.rfc3339UTC) }

    func adding(_ name: String, _ values: [String]) -> JSONObject {
        adding(name, raw: "[" + values.map(Self.quoted).joined(separator: ",") + "]")
    }

    func adding(_ name: String, _ objects: [JSONObject]) -> JSONObject {
        adding(name, raw: "[" + objects.map(\.text).joined(separator: ",") + "]")
    }

    func adding(_ name: String, raw value: String) -> JSONObject {
        var object = self
        object.text.removeLast()
        if object.text != "{" { object.text += "," }
        object.text += Self.quoted(name) + ":" + value + "}"
        return object
    }

    /// A JSON string (RFC 8259, section 7).
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case "\u{0}"..<"\u{20}", "\u{7f}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
