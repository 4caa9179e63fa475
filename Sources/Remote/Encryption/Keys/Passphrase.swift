/// A text that people remember, as UTF-8. Two ways to write the same letter are different passphrases.
package struct Passphrase: Secret {
    static let maximumByteCount = 1024

    let bytes: [UInt8]

    /// Throws `RemoteError.wrongKey` if it is empty, or longer than 1024 bytes.
    package init(_ text: some StringProtocol) throws(RemoteError) {
        bytes = Array(text.utf8)
        guard !bytes.isEmpty else {
            throw RemoteError(.wrongKey, "the passphrase is empty: give one of several words")
        }
        guard bytes.count <= Self.maximumByteCount else {
            throw RemoteError(.wrongKey, "the passphrase is longer than \(Self.maximumByteCount) bytes")
        }
    }

    package var description: String { "passphrase" }
}
