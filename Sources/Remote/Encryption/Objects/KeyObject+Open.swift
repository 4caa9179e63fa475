internal import Crypto
internal import FoundationEssentials

/// What somebody has to open objects with.
package struct OpeningKeys: Secret {
    let secrets: [SecretKey]
    let passphrase: Passphrase?

    package init(_ secrets: [SecretKey], passphrase: Passphrase? = nil) {
        (self.secrets, self.passphrase) = (secrets, passphrase)
    }

    package var description: String {
        "\(secrets.count) secret keys" + (passphrase == nil ? "" : " and a passphrase")
    }
}

extension KeyObject {
    /// The data key, by the first of the secret keys that has a slot, else by the passphrase.
    ///
    /// Throws:
    /// * `RemoteError.wrongKey`: no key fits, or the object is of another repository.
    /// * `RemoteError.damaged`: a key fits, but the object is not as it was written.
    package func open(
        with keys: OpeningKeys,
        of repository: RepositoryID,
        name: ObjectName
    ) throws(RemoteError) -> DataKey {
        guard repository == self.repository else {
            let text = "\(name) is a key of repository \(self.repository), not of \(repository)"
            throw RemoteError(.wrongKey, text)
        }
        guard KeyObjectName(name)?.keyID == keyID else {
            throw RemoteError(.damaged, "\(name) is damaged: it holds key \(keyID)")
        }
        guard let bytes = try openSlot(with: keys, name) else { throw wrongKey(keys, name) }
        let key = DataKey(id: keyID, key: SymmetricKey(data: bytes))
        guard isIntact(key) else { throw RemoteError(.damaged, "\(name) is damaged: its tag is wrong") }
        return key
    }

    /// Whether the object is as it was written by somebody who had the data key.
    func isIntact(_ key: DataKey) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(tag, authenticating: authenticated, using: Self.tagKey(key))
    }

    /// Nil if none of the keys has a slot.
    private func openSlot(with keys: OpeningKeys, _ name: ObjectName) throws(RemoteError) -> [UInt8]? {
        let context = Self.context(keyID, repository)
        var damage: RemoteError?
        for secret in keys.secrets {
            let id = secret.recipient.id
            for slot in recipientSlots where slot.recipient == id {
                if let bytes = Self.open(slot, secret, context) { return bytes }
                let text = "\(name) is damaged: the slot of recipient \(id) does not open"
                damage = RemoteError(.damaged, text)
            }
        }
        if let passphraseSlot, let passphrase = keys.passphrase,
            let bytes = try passphraseSlot.open(with: passphrase, context: context)
        {
            return bytes
        }
        if let damage { throw damage }
        return nil
    }

    private static func open(_ slot: RecipientSlot, _ secret: SecretKey, _ context: [UInt8]) -> [UInt8]? {
        let recipient = try? HPKE.Recipient(
            privateKey: secret.key,
            ciphersuite: suite,
            info: Data(context),
            encapsulatedKey: Data(slot.encapsulated)
        )
        guard var recipient, let bytes = try? recipient.open(slot.sealed) else { return nil }
        return [UInt8](bytes)
    }

    private func wrongKey(_ keys: OpeningKeys, _ name: ObjectName) -> RemoteError {
        var readers = recipients.map { "recipient \($0)" }
        if hasPassphrase { readers.append("a passphrase") }
        let given = keys.secrets.map { "recipient \($0.recipient.id)" }.joined(separator: ", ")
        var text = "\(name) is sealed for " + readers.joined(separator: ", ")
        text += given.isEmpty ? "; no secret key was given" : "; the secret keys are those of \(given)"
        if keys.passphrase != nil, hasPassphrase { text += ", and the passphrase is another one" }
        text += ": give the key file of one of them (--key FILE)"
        // The machine that ships needs none.
        if given.isEmpty { text += ", here or on a machine that has it" }
        return RemoteError(.wrongKey, text)
    }
}
