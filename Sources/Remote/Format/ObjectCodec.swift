import RepositoryFormat
import Synchronization

/// How the content of an object becomes the bytes that the store gets: as they are, or sealed with a key.
///
/// A writer needs no secret key, so it reads nothing back. A reader with keys refuses what is not sealed: who
/// has the store could put it there.
package struct ObjectCodec: Sendable {
    /// What an object is for. A sealed one cannot be taken for one of another kind.
    package enum Purpose: UInt8, Sendable {
        case batch = 1
        case index = 2
        case data = 3
    }

    package static let plain = ObjectCodec(sealing: nil, opening: nil)

    private let writingKey: DataKey?
    private let keys: KeyRing?

    /// `sealing`: the key of this start of a writer. `opening`: those that read.
    package init(sealing key: DataKey?, opening keys: KeyRing?) {
        (writingKey, self.keys) = (key, keys)
    }

    /// Whether what is written is sealed.
    var seals: Bool { writingKey != nil }

    /// What seals that is written; nil if it is stored as it is.
    var writingKeyID: KeyID? { writingKey?.id }

    /// Whether what is read is sealed.
    var opens: Bool { keys != nil }

    /// How many bytes the store has of an object with so much content; nil for an impossible length.
    func storedByteCount(_ byteCount: UInt64) -> UInt64? {
        keys == nil && !seals ? byteCount : SealLayout(plainByteCount: byteCount)?.sealedByteCount
    }

    func encoded(
        _ content: [UInt8],
        _ purpose: Purpose,
        _ root: RootID,
        _ name: ObjectName
    ) throws(RemoteError) -> [UInt8] {
        guard let writingKey else { return content }
        return try ObjectSeal(writingKey, SealContext(purpose, root, name)).seal(content)
    }

    /// For content that comes in pieces, `byteCount` in all.
    func encoder(
        _ byteCount: UInt64,
        _ purpose: Purpose,
        _ root: RootID,
        _ name: ObjectName
    ) throws(RemoteError) -> ObjectEncoder {
        guard let writingKey else { return ObjectEncoder() }
        let context = SealContext(purpose, root, name)
        return ObjectEncoder(try ObjectSealer(writingKey, context, plainByteCount: byteCount))
    }

    /// For an object that another process has begun; `key`: that of its encoder. Nil if it cannot be gone on
    /// with.
    ///
    /// - Parameter byteCount: of its content.
    func encoder(resumingWith key: [UInt8]?, _ byteCount: UInt64, _ name: ObjectName) -> ObjectEncoder? {
        guard (key != nil) == seals else { return nil }
        guard let key else { return ObjectEncoder() }
        guard let key = try? ObjectKey(parsing: key, name: name),
            key.header.layout.plainByteCount == byteCount
        else { return nil }
        return ObjectEncoder(ObjectSealer(resumingWith: key, name: name))
    }

    func decoded(
        _ stored: [UInt8],
        _ purpose: Purpose,
        _ root: RootID,
        _ name: ObjectName
    ) async throws(RemoteError) -> [UInt8] {
        guard let keys else {
            try Self.requirePlain(stored, name)
            return stored
        }
        let header = try SealHeader(parsing: Array(stored.prefix(SealHeader.byteCount)), name: name)
        let key = try await keys.key(header.keyID)
        return try ObjectSeal(key, SealContext(purpose, root, name)).open(stored)
    }

    /// Opens ranges of an object; nil if its content is stored as it is. `header`: its first bytes.
    func opener(
        _ header: [UInt8],
        _ purpose: Purpose,
        _ root: RootID,
        _ name: ObjectName
    ) async throws(RemoteError) -> ObjectOpener? {
        guard let keys else {
            try Self.requirePlain(header, name)
            return nil
        }
        let header = try SealHeader(parsing: Array(header.prefix(SealHeader.byteCount)), name: name)
        let key = try await keys.key(header.keyID)
        return try ObjectOpener(header, key, SealContext(purpose, root, name))
    }

    private static func requirePlain(_ bytes: [UInt8], _ name: ObjectName) throws(RemoteError) {
        guard bytes.starts(with: SealHeader.magic.utf8) else { return }
        throw RemoteError(.wrongKey, "\(name) is encrypted: give the key with --key FILE")
    }
}

extension SealContext {
    fileprivate init(_ purpose: ObjectCodec.Purpose, _ root: RootID, _ name: ObjectName) {
        let number: BatchNumber? =
            switch purpose {
            case .batch: ObjectNames.batch(name, in: root)?.number
            case .index: ObjectNames.indexed(name, in: root)?.number
            case .data: ObjectNames.dataNumber(name, in: root)
            }
        self.init(kind: purpose.rawValue, root: root, number: number?.value ?? 0, name: name)
    }
}

/// Encodes the content of one object piece by piece.
struct ObjectEncoder: ~Copyable {
    private var sealer: ObjectSealer?
    private var isBegun = false
    /// Content for which a chunk is not full yet.
    private var rest: [UInt8] = []

    /// For a process that goes on with the object; nil if it is not sealed.
    let key: [UInt8]?

    /// Stores the content as it is.
    init() {
        sealer = nil
        key = nil
    }

    init(_ sealer: consuming ObjectSealer) {
        key = sealer.key.bytes
        self.sealer = consume sealer
    }

    /// How many bytes the next piece makes, which has whole chunks or is the last one.
    func storedByteCount(_ byteCount: UInt64) -> UInt64 {
        guard sealer != nil else { return byteCount }
        let tags = SealLayout.chunkCount(byteCount) * SealLayout.tagByteCount
        return byteCount + tags + (isBegun ? 0 : UInt64(SealHeader.byteCount))
    }

    /// Passes over such a piece, which was stored before.
    mutating func skip(_ byteCount: UInt64) {
        isBegun = true
        sealer?.skip(chunks: SealLayout.chunkCount(byteCount))
    }

    /// The bytes to store that the next piece makes possible; after the last piece all that remain.
    mutating func encode(_ content: [UInt8]) throws(RemoteError) -> [UInt8] {
        guard sealer != nil else { return content }
        var stored: [UInt8] = isBegun ? [] : sealer?.header ?? []
        isBegun = true
        rest += content
        var used = 0
        while let count = sealer?.nextPlainByteCount, rest.count - used >= count {
            stored += try sealer?.seal(rest[used..<used + count]) ?? []
            used += count
        }
        rest.removeFirst(used)
        return stored
    }
}

/// The data keys of a remote, opened when they are needed.
package final class KeyRing: Sendable {
    private let store: any RemoteStore
    private let repository: RepositoryID
    private let secrets: OpeningKeys
    private let opened = Mutex<[KeyID: DataKey]>([:])

    package init(_ store: any RemoteStore, of repository: RepositoryID, _ secrets: OpeningKeys) {
        (self.store, self.repository, self.secrets) = (store, repository, secrets)
    }

    func key(_ id: KeyID) async throws(RemoteError) -> DataKey {
        if let known = opened.withLock({ $0[id] }) { return known }
        let objects = try await KeyObjects(listing: store)
        let key = try await objects.open(id, in: store, of: repository, with: secrets)
        opened.withLock { $0[id] = key }
        return key
    }
}
