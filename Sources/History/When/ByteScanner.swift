/// Reads the UTF-8 of a short text from a user, without surrounding white space. A failed step does not move
/// the position.
struct ByteScanner {
    private let bytes: [UInt8]
    private var position = 0
    /// Whether a number exceeded 64 bits; its value is then invalid.
    private(set) var overflowed = false

    init(_ text: String) {
        let all = Array(text.utf8)
        let first = all.firstIndex { !Self.isSpace($0) } ?? all.count
        let last = all.lastIndex { !Self.isSpace($0) } ?? -1
        bytes = first <= last ? Array(all[first...last]) : []
    }

    var isAtEnd: Bool { position == bytes.count }

    /// Whether digits follow, and nothing else.
    var isDigitsOnly: Bool { leadingDigits > 0 && position + leadingDigits == bytes.count }

    /// The rest that was not read.
    var rest: String { String(decoding: bytes[position...], as: UTF8.self) }

    /// The number of digits that follow.
    var leadingDigits: Int { bytes[position...].prefix(while: Self.isDigit).count }

    var byteAfterDigits: UInt8? {
        let after = position + leadingDigits
        return after < bytes.count ? bytes[after] : nil
    }

    @discardableResult
    mutating func take(_ text: String) -> Bool {
        guard bytes[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    /// Reads one byte if it is among those of `choices`.
    mutating func takeAny(_ choices: String) -> Bool {
        guard position < bytes.count, choices.utf8.contains(bytes[position]) else { return false }
        position += 1
        return true
    }

    /// Reads a word that ends here: at white space or at the end.
    mutating func takeWord(_ word: String) -> Bool {
        let end = position + word.utf8.count
        guard bytes[position...].starts(with: word.utf8), end == bytes.count || Self.isSpace(bytes[end])
        else {
            return false
        }
        position = end
        return true
    }

    /// Whether the text's last word, after white space, is this one.
    func endsWithWord(_ word: String) -> Bool {
        let rest = bytes[position...]
        guard rest.count > word.utf8.count, rest.suffix(word.utf8.count).elementsEqual(word.utf8) else {
            return false
        }
        return Self.isSpace(rest[rest.endIndex - word.utf8.count - 1])
    }

    /// - Returns: whether there was any.
    @discardableResult
    mutating func skipSpaces() -> Bool {
        let count = bytes[position...].prefix(while: Self.isSpace).count
        position += count
        return count > 0
    }

    /// Exactly `count` digits (at most nine), as a number. Further digits remain.
    mutating func digits(_ count: Int) -> Int? {
        guard leadingDigits >= count else { return nil }
        defer { position += count }
        return bytes[position..<position + count].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// All digits that follow, at least one. Sets `overflowed` if they exceed 64 bits.
    mutating func number() -> UInt64? {
        let count = leadingDigits
        guard count > 0 else { return nil }
        var value: UInt64 = 0
        for byte in bytes[position..<position + count] {
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            overflowed = overflowed || tooLarge || overflow
            value = sum
        }
        position += count
        return value
    }

    /// A point with digits after it, as billionths. 0 if no point follows, nil if it has no digits.
    mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        let count = leadingDigits
        guard count > 0 else { return nil }
        var value = 0
        for place in 0..<9 {
            value = value * 10 + (place < count ? Int(bytes[position + place] - UInt8(ascii: "0")) : 0)
        }
        position += count
        return value
    }

    /// The ASCII letters that follow, perhaps none.
    mutating func letters() -> String {
        let letters = bytes[position...].prefix {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
        }
        position += letters.count
        return String(decoding: letters, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (9...13).contains(byte)
    }
}
