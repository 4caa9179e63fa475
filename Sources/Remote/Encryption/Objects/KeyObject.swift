/// The layout of a key object: a data key, sealed for everyone who may read (docs/OFFSITE.md, "Key objects").
///
/// Bytes are a key object if and only if:
/// 1. Magic and version are right, and reserved bytes are 0.
/// 2. It has 1 to 64 slots of recipients, or none of them and the slot of a passphrase.
/// 3. The parameters of the passphrase are acceptable.
/// 4. It ends with its tag.
///
/// Only opening it proves the tag, which covers everything before it.
package struct KeyObject: Hashable, Sendable {
    /// More recipients than any team has.
    package static let maximumRecipientCount = 64
    /// No key object is longer.
    package static let maximumByteCount =
        headerByteCount + maximumRecipientCount * RecipientSlot.byteCount + PassphraseSlot.byteCount
        + tagByteCount

    static let magic = "HOLDKEY1"
    static let version: UInt16 = 1
    static let headerByteCount = 48
    static let tagByteCount = 32

    package let keyID: KeyID
    package let repository: RepositoryID
    let recipientSlots: [RecipientSlot]
    let passphraseSlot: PassphraseSlot?
    let tag: [UInt8]

    /// Those who can open it.
    package var recipients: [RecipientID] { recipientSlots.map(\.recipient) }
    package var hasPassphrase: Bool { passphraseSlot != nil }

    init(
        keyID: KeyID,
        repository: RepositoryID,
        _ recipientSlots: [RecipientSlot],
        _ passphraseSlot: PassphraseSlot?,
        tag: [UInt8]
    ) {
        (self.keyID, self.repository, self.tag) = (keyID, repository, tag)
        (self.recipientSlots, self.passphraseSlot) = (recipientSlots, passphraseSlot)
    }

    /// Reads a key object. Throws `RemoteError.damaged` with the name.
    package init(parsing content: [UInt8], name: ObjectName) throws(RemoteError) {
        var reader = FieldReader(content, name: name.text)
        try reader.magic(Self.magic, of: "key object")
        try reader.version(Self.version, of: "key object")
        let recipientCount = Int(try reader.number(UInt16.self))
        let passphraseCount = try reader.byte()
        guard recipientCount <= Self.maximumRecipientCount, passphraseCount <= 1,
            recipientCount > 0 || passphraseCount > 0
        else {
            throw reader.damaged("its number of slots is not acceptable")
        }
        try reader.zeros(3)
        keyID = KeyID(try reader.bytes(KeyID.byteCount))
        repository = RepositoryID(try reader.bytes(RepositoryID.byteCount))
        var slots: [RecipientSlot] = []
        for _ in 0..<recipientCount { slots.append(try RecipientSlot(&reader)) }
        recipientSlots = slots
        passphraseSlot = passphraseCount == 1 ? try PassphraseSlot(&reader) : nil
        tag = try reader.bytes(Self.tagByteCount)
        try reader.end()
    }

    package var bytes: [UInt8] { authenticated + tag }

    /// Everything before the tag.
    var authenticated: [UInt8] {
        var bytes = Array(Self.magic.utf8)
        bytes.append(littleEndian: Self.version)
        bytes.append(littleEndian: UInt16(recipientSlots.count))
        bytes += [hasPassphrase ? 1 : 0, 0, 0, 0]
        bytes += keyID.bytes + repository.bytes
        for slot in recipientSlots { bytes += slot.bytes }
        if let passphraseSlot { bytes += passphraseSlot.bytes }
        return bytes
    }
}

/// A data key as one recipient can open it (HPKE, RFC 9180).
struct RecipientSlot: Hashable, Sendable {
    static let byteCount = RecipientID.byteCount + encapsulatedByteCount + sealedByteCount
    static let encapsulatedByteCount = 32
    static let sealedByteCount = 48

    let recipient: RecipientID
    let encapsulated: [UInt8]
    let sealed: [UInt8]

    init(_ recipient: RecipientID, encapsulated: [UInt8], sealed: [UInt8]) {
        (self.recipient, self.encapsulated, self.sealed) = (recipient, encapsulated, sealed)
    }

    init(_ reader: inout FieldReader) throws(RemoteError) {
        recipient = RecipientID(try reader.bytes(RecipientID.byteCount))
        encapsulated = try reader.bytes(Self.encapsulatedByteCount)
        sealed = try reader.bytes(Self.sealedByteCount)
    }

    var bytes: [UInt8] { recipient.bytes + encapsulated + sealed }
}
