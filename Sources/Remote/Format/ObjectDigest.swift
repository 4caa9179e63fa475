import Crypto

/// SHA-256 of an object's bytes.
package struct ObjectDigest: Hashable, Sendable, CustomStringConvertible {
    static let byteCount = 32
    /// What precedes the first batch.
    package static let none = ObjectDigest([UInt8](repeating: 0, count: byteCount))

    package let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(of content: [UInt8]) {
        bytes = Array(SHA256.hash(data: content))
    }

    /// Nil unless `text` is 64 lower-case hexadecimal digits.
    package init?(text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 2 * Self.byteCount else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[index..<index + 2], as: UTF8.self)
            guard pair.utf8.allSatisfy({ $0 < UInt8(ascii: "A") || $0 > UInt8(ascii: "Z") }),
                pair.first != "+", let byte = UInt8(pair, radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    /// 64 hexadecimal digits.
    package var description: String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

extension FieldReader {
    mutating func digest() throws(RemoteError) -> ObjectDigest {
        ObjectDigest(try bytes(ObjectDigest.byteCount))
    }
}

extension [UInt8] {
    mutating func append(_ digest: ObjectDigest) { append(contentsOf: digest.bytes) }
}

/// The digest of content that comes in pieces.
struct ObjectHasher {
    private var hash = SHA256()

    mutating func add(_ piece: some Collection<UInt8>) {
        hash.update(data: Array(piece))
    }

    var digest: ObjectDigest { ObjectDigest(Array(hash.finalize())) }
}
