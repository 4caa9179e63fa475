/// Text as SQLite stores it: bytes, mostly UTF-8, which may include NULs. Two texts are equal if their bytes
/// are.
package struct SQLText: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// nil: it is not UTF-8.
    package var string: String? { String(validating: bytes, as: UTF8.self) }

    /// With U+FFFD instead of invalid UTF-8.
    package var lossyString: String { String(decoding: bytes, as: UTF8.self) }

    /// Quoted for SQL; nil if that is impossible, because SQL ends at a NUL.
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
