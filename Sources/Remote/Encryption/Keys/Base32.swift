/// Base32 in lower case without padding (RFC 4648, section 6): no character of it is easily mistaken for
/// another, and a double click selects the whole.
enum Base32 {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var (text, pending, bitCount) = ([UInt8](), 0, 0)
        for byte in bytes {
            pending = (pending << 8 | Int(byte)) & 0xFFF
            bitCount += 8
            while bitCount >= 5 {
                bitCount -= 5
                text.append(alphabet[pending >> bitCount & 31])
            }
        }
        if bitCount > 0 { text.append(alphabet[pending << (5 - bitCount) & 31]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil if there is another character. Bits that make no whole byte are dropped.
    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        var (bytes, pending, bitCount) = ([UInt8](), 0, 0)
        for character in text.utf8 {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            pending = (pending << 5 | value) & 0xFFF
            bitCount += 5
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes.append(UInt8(pending >> bitCount & 0xFF))
        }
        return bytes
    }
}
