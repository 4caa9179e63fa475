import Crypto
import LinuxSystem

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
    package init?(_ text: String) {
        guard let bytes = [UInt8](hexadecimal: text), bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// 64 hexadecimal digits.
    package var description: String { bytes.hexadecimal }
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
