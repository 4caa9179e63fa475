internal import Crypto
internal import FoundationEssentials

/// Whoever shall read the objects: the public half of a key pair (X25519). It can seal and open nothing that
/// was sealed. It is no secret, but see docs/SECURITY.md, "An off-site copy".
package struct Recipient: Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    init(_ key: Curve25519.KeyAgreement.PublicKey) {
        bytes = [UInt8](key.rawRepresentation)
    }

    /// Reads `holdfast1…`. Throws `RemoteError.wrongKey`.
    package init(parsing text: String) throws(RemoteError) {
        bytes = try KeyText.recipient.content(of: text)
        guard Self.isContributory(bytes) else {
            throw RemoteError(.wrongKey, "a recipient that no secret key has: create one with a secret key")
        }
    }

    /// The text for people, on one line.
    package var description: String { KeyText.recipient.text(bytes) }

    package var id: RecipientID { RecipientID(KeyText.recipient.check(of: bytes)) }

    /// Whether an agreement depends on the other key (RFC 9180, 7.1.4): with a point of low order it is zero,
    /// and everybody could open what was sealed. A key with the top bit set is not in its only form.
    private static func isContributory(_ bytes: [UInt8]) -> Bool {
        guard bytes.last.map({ $0 < 0x80 }) ?? false,
            let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: bytes),
            let shared = try? Curve25519.KeyAgreement.PrivateKey().sharedSecretFromKeyAgreement(with: key)
        else { return false }
        return unsafe shared.withUnsafeBytes { unsafe !$0.allSatisfy { byte in byte == 0 } }
    }
}

/// Names a recipient without disclosing the key: the check of its text.
package struct RecipientID: Hashable, Sendable, CustomStringConvertible {
    static let byteCount = KeyText.checkByteCount

    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The last eight characters of the recipient's text.
    package var description: String { "…" + Base32.text(bytes.suffix(5)) }
}
