/// Opens a sealed object, or ranges of it.
package struct ObjectOpener: Sendable {
    package let layout: SealLayout
    private let cipher: ChunkCipher
    private let name: ObjectName

    /// Throws `RemoteError.wrongKey` unless the key is the one that the header names.
    package init(_ header: SealHeader, _ key: DataKey, _ context: SealContext) throws(RemoteError) {
        guard header.keyID == key.id else {
            let text = "\(context.name) is sealed with key \(header.keyID), not with \(key.id)"
            throw RemoteError(.wrongKey, text)
        }
        layout = header.layout
        cipher = ChunkCipher(ObjectKey(key, header, context), name: context.name)
        name = context.name
    }

    /// Opens a range of the content. `sealed` must be the bytes at `layout.sealedRange(of: range)`.
    ///
    /// Throws `RemoteError.damaged` unless they are what was written there, and `.failed` for a range that
    /// does not lie within the content.
    package func open(_ range: Range<UInt64>, from sealed: [UInt8]) throws(RemoteError) -> [UInt8] {
        guard let chunks = layout.chunks(of: range), let place = layout.sealedRange(of: range) else {
            throw RemoteError(.failed, "\(name) has \(layout.plainByteCount) bytes, not the range \(range)")
        }
        guard sealed.count == place.count else {
            throw RemoteError(.damaged, "\(name) is damaged: \(sealed.count) bytes instead of \(place.count)")
        }
        var (plain, rest) = ([UInt8](), sealed[...])
        for index in chunks {
            let count = Int(layout.sealedByteCount(ofChunk: index))
            plain += try cipher.open(rest.prefix(count), index)
            rest = rest.dropFirst(count)
        }
        let start = chunks.lowerBound * SealLayout.chunkByteCount
        return Array(plain[Int(range.lowerBound - start)..<Int(range.upperBound - start)])
    }
}
