internal import Crypto
internal import FoundationEssentials

/// The secret half of a key pair (X25519). It opens what was sealed for its recipient.
package struct SecretKey: Secret {
    let key: Curve25519.KeyAgreement.PrivateKey

    /// A new one.
    package init() {
        key = Curve25519.KeyAgreement.PrivateKey()
    }

    /// Reads `HOLDFAST-SECRET-1…`. Throws `RemoteError.wrongKey`, without the text.
    package init(parsing text: some StringProtocol) throws(RemoteError) {
        try self.init(bytes: KeyText.secret.content(of: text))
    }

    init(bytes: [UInt8]) throws(RemoteError) {
        do {
            key = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: bytes)
        } catch {
            throw RemoteError(.wrongKey, "a secret key of \(bytes.count) bytes: it must have 32")
        }
    }

    package var recipient: Recipient { Recipient(key.publicKey) }

    /// The text for a key file or a sheet of paper. Whoever sees it can read everything.
    package var revealedText: String { KeyText.secret.text(bytes) }

    var bytes: [UInt8] { [UInt8](key.rawRepresentation) }

    package var description: String { "secret key of \(recipient)" }
}
