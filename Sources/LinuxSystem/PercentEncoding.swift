extension [UInt8] {
    /// As in a URL: letters, digits and `others` remain, and every other byte becomes `%XY`.
    package func percentEncoded(except others: String) -> String {
        map { byte in
            byte.isLetterOrDigit || others.utf8.contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + byte.padded(to: 2, radix: 16).uppercased()
        }
        .joined()
    }
}

extension UInt8 {
    /// Whether it is an ASCII letter or digit.
    package var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
