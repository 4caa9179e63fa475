package import LinuxSystem
package import SystemPackage

/// A file with secret keys (docs/OFFSITE.md, "Keys"): lines of text, of which those that begin with `#` are
/// for people. After a change of keys it holds the new and the old ones.
package enum KeyFile {
    static let maximumKeyCount = 64

    /// The secret keys of a file.
    ///
    /// - Parameter passphrase: asked once, and only if a key of the file is protected.
    /// - Throws: `RemoteError.wrongKey` if other users may access the file, or a line is none of a key file.
    ///   The message names the line and not its content.
    package static func read(
        _ path: FilePath,
        passphrase: () throws(RemoteError) -> Passphrase
    ) throws(RemoteError) -> [SecretKey] {
        var (keys, given) = ([SecretKey](), Passphrase?.none)
        for (index, line) in try PrivateFile.lines(of: path).enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            guard keys.count < maximumKeyCount else {
                throw RemoteError(.wrongKey, "\(path.printable) has more than \(maximumKeyCount) keys")
            }
            do throws(RemoteError) {
                guard KeyText.kind(of: line) == .protectedSecret else {
                    keys.append(try SecretKey(parsing: line))
                    continue
                }
                let phrase = if let given { given } else { try passphrase() }
                given = phrase
                keys.append(try SecretKey(parsing: line, protectedBy: phrase))
            } catch {
                throw RemoteError(error.kind, "\(path.printable), line \(index + 1): \(error.description)")
            }
        }
        guard !keys.isEmpty else { throw RemoteError(.wrongKey, "\(path.printable) has no secret key") }
        return keys
    }

    /// Writes a key to a new file with mode 0600.
    ///
    /// - Parameter passphrase: must be given to read it; nil for none.
    package static func create(
        _ path: FilePath,
        _ key: SecretKey,
        passphrase: Passphrase?,
        cost: ScryptCost = .standard,
        created: Instant = .now
    ) throws(RemoteError) {
        let secret =
            if let passphrase { try key.text(protectedBy: passphrase, cost) } else { key.revealedText }
        let lines = ["# created: \(created.utcText)", "# recipient: \(key.recipient)", secret]
        try PrivateFile.create(path, lines.joined(separator: "\n") + "\n")
    }

    /// The passphrase that is the first line of a private file, without spaces around it.
    package static func passphrase(in path: FilePath) throws(RemoteError) -> Passphrase {
        try Passphrase(PrivateFile.lines(of: path).first ?? "")
    }
}

extension SecretKey {
    private static let context = Array("holdfast secret 1".utf8)

    init(parsing text: String, protectedBy passphrase: Passphrase) throws(RemoteError) {
        let content = try KeyText.protectedSecret.content(of: text)
        var reader = FieldReader(content, name: "the key")
        let slot = try PassphraseSlot(&reader)
        guard let bytes = try slot.open(with: passphrase, context: Self.context) else {
            throw RemoteError(.wrongKey, "the passphrase does not open this key: give the one of this file")
        }
        try self.init(bytes: bytes)
    }

    fileprivate func text(
        protectedBy passphrase: Passphrase,
        _ cost: ScryptCost
    ) throws(RemoteError) -> String {
        let slot = try PassphraseSlot(
            sealing: bytes,
            with: passphrase,
            cost: cost,
            context: Self.context
        )
        return KeyText.protectedSecret.text(slot.bytes)
    }
}
