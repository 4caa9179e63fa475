/// Where the chunks of a sealed object are (docs/OFFSITE.md, "Sealed objects"). Every chunk but the last has
/// 256 KiB of content; an empty object has one empty chunk.
package struct SealLayout: Hashable, Sendable {
    package static let chunkByteCount: UInt64 = 256 << 10
    package static let tagByteCount: UInt64 = 16
    /// 128 TiB. No store takes such an object, and nothing overflows.
    static let maximumPlainByteCount: UInt64 = 1 << 47
    private static let sealedChunkByteCount = chunkByteCount + tagByteCount
    private static let headerByteCount = UInt64(SealHeader.byteCount)

    /// The length of the content.
    package let plainByteCount: UInt64

    /// Nil above 128 TiB.
    package init?(plainByteCount: UInt64) {
        guard plainByteCount <= Self.maximumPlainByteCount else { return nil }
        self.plainByteCount = plainByteCount
    }

    package var chunkCount: UInt64 { Self.chunkCount(plainByteCount) }

    /// The length of the sealed object.
    package var sealedByteCount: UInt64 {
        let last = chunkCount - 1
        return sealedOffset(last) + sealedByteCount(ofChunk: last)
    }

    /// How many chunks have so much content, all but the last one full.
    static func chunkCount(_ plainByteCount: UInt64) -> UInt64 {
        plainByteCount == 0 ? 1 : (plainByteCount - 1) / chunkByteCount + 1
    }

    /// How much content a chunk has.
    package func plainByteCount(ofChunk index: UInt64) -> UInt64 {
        min(Self.chunkByteCount, plainByteCount - index * Self.chunkByteCount)
    }

    func sealedByteCount(ofChunk index: UInt64) -> UInt64 {
        plainByteCount(ofChunk: index) + Self.tagByteCount
    }

    /// Where a chunk begins in the sealed object.
    func sealedOffset(_ index: UInt64) -> UInt64 {
        Self.headerByteCount + index * Self.sealedChunkByteCount
    }

    /// The bytes of the sealed object that `ObjectOpener` needs to open a range of the content: whole chunks,
    /// at least one. Nil if the range does not lie within the content.
    package func sealedRange(of plain: Range<UInt64>) -> Range<UInt64>? {
        guard let chunks = chunks(of: plain) else { return nil }
        let last = chunks.upperBound - 1
        return sealedOffset(chunks.lowerBound)..<sealedOffset(last) + sealedByteCount(ofChunk: last)
    }

    /// An empty range has a chunk too, so that even an empty object proves that it is the one.
    func chunks(of plain: Range<UInt64>) -> Range<UInt64>? {
        guard plain.upperBound <= plainByteCount else { return nil }
        let first = min(plain.lowerBound / Self.chunkByteCount, chunkCount - 1)
        let last = plain.isEmpty ? first : (plain.upperBound - 1) / Self.chunkByteCount
        return first..<last + 1
    }
}
