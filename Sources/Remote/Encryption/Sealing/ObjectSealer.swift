/// Seals an object chunk by chunk, so that one of many gigabytes needs memory for one chunk.
///
/// It cannot be copied: two copies would seal different chunks with the same nonce.
package struct ObjectSealer: ~Copyable, Sendable {
    /// For a process that goes on with the object.
    let key: ObjectKey
    private let cipher: ChunkCipher
    private let name: ObjectName
    private var index: UInt64 = 0

    /// The first bytes of the sealed object.
    package var header: [UInt8] { key.header.bytes }
    package var layout: SealLayout { key.header.layout }

    /// - Parameter plainByteCount: the length of the content, which must be known before.
    /// - Throws: `RemoteError.failed` for more than 128 TiB.
    package init(_ key: DataKey, _ context: SealContext, plainByteCount: UInt64) throws(RemoteError) {
        guard let layout = SealLayout(plainByteCount: plainByteCount) else {
            throw RemoteError(.failed, "\(context.name) is too long to be sealed: \(plainByteCount) bytes")
        }
        // A salt that is used twice would use nonces twice. So nobody can give one.
        let salt = randomBytes(SealHeader.saltByteCount)
        let header = SealHeader(keyID: key.id, salt: salt, layout: layout)
        self.init(resumingWith: ObjectKey(key, header, context), name: context.name)
    }

    /// Goes on with an object that another process has begun.
    ///
    /// A nonce may seal one content only. So what that process has sealed must be sealed with the same
    /// content here, or be skipped.
    init(resumingWith key: ObjectKey, name: ObjectName) {
        self.key = key
        cipher = ChunkCipher(key, name: name)
        self.name = name
    }

    /// How much content the next chunk must have; nil after the last one.
    package var nextPlainByteCount: Int? {
        index < layout.chunkCount ? Int(layout.plainByteCount(ofChunk: index)) : nil
    }

    /// Seals the next chunk: 256 KiB, or what remains of the content. Throws `RemoteError.failed` if it has
    /// another length, as when a file has changed.
    package mutating func seal(_ plain: ArraySlice<UInt8>) throws(RemoteError) -> [UInt8] {
        guard plain.count == nextPlainByteCount else {
            throw RemoteError(.failed, "\(name): the content has another length than announced: try again")
        }
        defer { index += 1 }
        return try cipher.seal(plain, index)
    }

    /// Passes over chunks that were sealed before.
    mutating func skip(chunks count: UInt64) {
        index = min(index + count, layout.chunkCount)
    }
}
