internal import Crypto
internal import FoundationEssentials

/// Who shall be able to open objects.
package struct SealTargets: Sendable {
    package let recipients: [Recipient]
    package let passphrase: Passphrase?
    let cost: ScryptCost

    /// Throws `RemoteError.wrongKey` if that is nobody, or more recipients than a key object holds. A
    /// recipient that is named twice counts once.
    package init(
        _ recipients: [Recipient],
        passphrase: Passphrase? = nil,
        cost: ScryptCost = .standard
    ) throws(RemoteError) {
        var distinct: [Recipient] = []
        for recipient in recipients where !distinct.contains(recipient) { distinct.append(recipient) }
        guard !distinct.isEmpty || passphrase != nil else {
            throw RemoteError(.wrongKey, "encryption without a recipient and a passphrase: give one of them")
        }
        guard distinct.count <= KeyObject.maximumRecipientCount else {
            throw RemoteError(.wrongKey, "more than \(KeyObject.maximumRecipientCount) recipients")
        }
        (self.recipients, self.passphrase, self.cost) = (distinct, passphrase, cost)
    }

    /// The same text wherever exactly the same readers can open what is sealed. A passphrase must not be
    /// written down, not even as a digest: with one it is nil.
    var readers: String? {
        passphrase == nil ? recipients.map(\.description).sorted().joined(separator: " ") : nil
    }
}

extension KeyObject {
    static let suite = HPKE.Ciphersuite(kem: .Curve25519_HKDF_SHA256, kdf: .HKDF_SHA256, aead: .AES_GCM_256)

    /// Seals a data key. No secret key is needed for that.
    package init(
        sealing key: DataKey,
        for targets: SealTargets,
        repository: RepositoryID
    ) throws(RemoteError) {
        let context = Self.context(key.id, repository)
        var slots: [RecipientSlot] = []
        for recipient in targets.recipients { slots.append(try Self.seal(key, recipient, context)) }
        var passphraseSlot: PassphraseSlot?
        if let passphrase = targets.passphrase {
            passphraseSlot = try PassphraseSlot(
                sealing: key.bytes,
                with: passphrase,
                cost: targets.cost,
                context: context
            )
        }
        let untagged = KeyObject(keyID: key.id, repository: repository, slots, passphraseSlot, tag: [])
        let code = HMAC<SHA256>.authenticationCode(for: untagged.authenticated, using: Self.tagKey(key))
        self.init(keyID: key.id, repository: repository, slots, passphraseSlot, tag: Array(code))
    }

    /// What a slot is bound to: it opens in no other repository, and under no other id.
    static func context(_ keyID: KeyID, _ repository: RepositoryID) -> [UInt8] {
        Array("holdfast key 1".utf8) + repository.bytes + keyID.bytes
    }

    static func tagKey(_ key: DataKey) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key.key,
            info: Array("holdfast key object 1".utf8) + key.id.bytes,
            outputByteCount: 32
        )
    }

    private static func seal(
        _ key: DataKey,
        _ recipient: Recipient,
        _ context: [UInt8]
    ) throws(RemoteError) -> RecipientSlot {
        do {
            let publicKey = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: recipient.bytes)
            var sender = try HPKE.Sender(recipientKey: publicKey, ciphersuite: suite, info: Data(context))
            let sealed = [UInt8](try sender.seal(key.bytes))
            return RecipientSlot(
                recipient.id,
                encapsulated: [UInt8](sender.encapsulatedKey),
                sealed: sealed
            )
        } catch {
            throw RemoteError(.failed, "cannot seal for recipient \(recipient): \(error)")
        }
    }
}
