import SQLiteFiles
import SystemPackage

/// The durable end of a root's stream after the last flush: the 56 bytes of its file `durable`
/// (docs/FORMAT.md, "The durable mark").
///
/// Without it, a damaged last record would look like an unfinished write, and the loss of the last segment
/// would not be noticed. It is written after each flush and not synchronised. After a power loss it may be
/// older than the stream, never newer.
package struct DurableMark: Hashable {
    package static let byteCount = 56
    /// "HOLDDUR1" as a little-endian number.
    static let magic: UInt64 = 0x3152_5544_444c_4f48
    static let version: UInt16 = 1

    enum Offset {
        static let root = 16
        static let segment = 24
        static let validBytes = 32
        static let lastSequence = 40
    }

    package let root: RootID
    /// The last segment, by its first sequence.
    package let segment: SequenceNumber
    /// The segment was durable up to this offset, in bytes from its start.
    package let validBytes: UInt64
    /// The last snapshot that was durable.
    package let lastSequence: SequenceNumber

    package init(root: RootID, segment: SequenceNumber, validBytes: UInt64, lastSequence: SequenceNumber) {
        self.root = root
        self.segment = segment
        self.validBytes = validBytes
        self.lastSequence = lastSequence
    }

    /// Decodes and verifies a mark.
    package init(_ bytes: RawSpan) throws(FormatError) {
        guard bytes.byteCount <= Self.byteCount else {
            throw .malformed(at: 0, "the durable mark is too long")
        }
        try FileHeader.verify(
            bytes,
            byteCount: Self.byteCount,
            magic: Self.magic,
            versions: Self.version...Self.version,
            what: "durable mark"
        )
        root = RootID(bytes.littleEndianUInt64(at: Offset.root))
        segment = SequenceNumber(bytes.littleEndianUInt64(at: Offset.segment))
        validBytes = bytes.littleEndianUInt64(at: Offset.validBytes)
        lastSequence = SequenceNumber(bytes.littleEndianUInt64(at: Offset.lastSequence))
        guard segment <= .last, lastSequence <= .lastToBuildOn else {
            throw .malformed(at: Offset.segment, "sequences that leave no numbers for what is to come")
        }
    }

    package func encoded() -> [UInt8] {
        var bytes = FileHeader.begin(magic: Self.magic, version: Self.version)
        bytes.append(root.rawValue)
        bytes.append(segment.rawValue)
        bytes.append(validBytes)
        bytes.append(lastSequence.rawValue)
        FileHeader.end(&bytes)
        return bytes
    }
}
