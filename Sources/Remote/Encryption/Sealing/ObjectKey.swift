internal import Crypto
import RepositoryFormat

/// The key of one object, with the header that the object begins with: HKDF-SHA256 of a data key, with the
/// salt of the header and the context. It opens no other object.
package struct ObjectKey: Secret {
    let header: SealHeader
    let key: SymmetricKey

    init(_ dataKey: DataKey, _ header: SealHeader, _ context: SealContext) {
        self.header = header
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: dataKey.key,
            salt: header.salt,
            info: context.bytes,
            outputByteCount: 32
        )
    }

    /// Reads `bytes`. Throws `RemoteError.damaged` unless they are a header and a key.
    init(parsing bytes: [UInt8], name: ObjectName) throws(RemoteError) {
        header = try SealHeader(parsing: Array(bytes.prefix(SealHeader.byteCount)), name: name)
        let rest = bytes.dropFirst(SealHeader.byteCount)
        guard rest.count == SymmetricKeySize.bits256.bitCount / 8 else {
            throw RemoteError(.damaged, "the key of \(name) is damaged")
        }
        key = SymmetricKey(data: Array(rest))
    }

    /// The header, then the key.
    var bytes: [UInt8] { header.bytes + key.bytes }

    package var description: String { "object key" }
}
