/// The header of a sealed object (docs/OFFSITE.md, "Sealed objects"). It is associated data of every chunk.
package struct SealHeader: Hashable, Sendable {
    package static let byteCount = 72

    static let magic = "HOLDSEA1"
    static let version: UInt16 = 1
    static let saltByteCount = 32

    /// The data key that opens the object.
    package let keyID: KeyID
    let salt: [UInt8]
    package let layout: SealLayout

    init(keyID: KeyID, salt: [UInt8], layout: SealLayout) {
        (self.keyID, self.salt, self.layout) = (keyID, salt, layout)
    }

    /// Reads the first 72 bytes of an object. Throws `RemoteError.damaged` with the name.
    package init(parsing bytes: [UInt8], name: ObjectName) throws(RemoteError) {
        var reader = FieldReader(bytes, name: name.text)
        try reader.magic(Self.magic, of: "sealed object")
        try reader.version(Self.version, of: "sealed object")
        try reader.zeros(6)
        keyID = KeyID(try reader.bytes(KeyID.byteCount))
        salt = try reader.bytes(Self.saltByteCount)
        guard let layout = SealLayout(plainByteCount: try reader.number()) else {
            throw reader.damaged("its length is impossible")
        }
        self.layout = layout
        try reader.end()
    }

    package var bytes: [UInt8] {
        var bytes = Array(Self.magic.utf8)
        bytes.append(littleEndian: Self.version)
        bytes += [UInt8](repeating: 0, count: 6)
        bytes += keyID.bytes + salt
        bytes.append(littleEndian: layout.plainByteCount)
        return bytes
    }
}
