/// Text as SQLite stores it: bytes that are mostly UTF-8, which NULs may be among. Equal is what has the same
/// bytes.
package struct SQLText: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// nil: it is no UTF-8.
    package var string: String? { String(validating: bytes, as: UTF8.self) }

    /// With U+FFFD for what is no UTF-8.
    package var lossyString: String { String(decoding: bytes, as: UTF8.self) }

    /// As SQL quotes it; nil if it does not: its parser ends at a NUL.
    var quoted: String? {
        guard !bytes.contains(0), let string else { return nil }
        return "'" + string.replacing("'", with: "''") + "'"
    }
}

extension SQLText: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        self.init(bytes: Array(text.utf8))
    }
}
