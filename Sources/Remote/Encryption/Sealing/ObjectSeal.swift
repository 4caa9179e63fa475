/// Seals and opens whole objects in memory.
package struct ObjectSeal: Sendable {
    package let key: DataKey
    package let context: SealContext

    package init(_ key: DataKey, _ context: SealContext) {
        (self.key, self.context) = (key, context)
    }

    /// The sealed object. Two calls never return the same bytes.
    package func seal(_ plain: [UInt8]) throws(RemoteError) -> [UInt8] {
        var sealer = try ObjectSealer(key, context, plainByteCount: UInt64(plain.count))
        var (sealed, rest) = (sealer.header, plain[...])
        sealed.reserveCapacity(Int(sealer.layout.sealedByteCount))
        while let count = sealer.nextPlainByteCount {
            sealed += try sealer.seal(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return sealed
    }

    /// The content of a sealed object.
    ///
    /// Throws `RemoteError.damaged` unless it is exactly what was sealed with this key in this context, and
    /// `.wrongKey` if it names another key.
    package func open(_ sealed: [UInt8]) throws(RemoteError) -> [UInt8] {
        let header = try SealHeader(parsing: Array(sealed.prefix(SealHeader.byteCount)), name: context.name)
        let opener = try ObjectOpener(header, key, context)
        let body = Array(sealed.dropFirst(SealHeader.byteCount))
        return try opener.open(0..<header.layout.plainByteCount, from: body)
    }
}
