import LinuxFiles
import SQLiteFiles
import SystemPackage

/// The 64 bytes at the start of a segment (docs/FORMAT.md, "Segments").
struct SegmentHeader: Hashable {
    static let byteCount: UInt64 = 64
    /// "HOLDSEG1" as a little-endian number.
    static let magic: UInt64 = 0x3147_4553_444c_4f48
    static let version: UInt16 = 1

    enum Offset {
        static let magic = 0
        static let version = 8
        static let reserved = 10
        static let requiredFlags = 12
        static let root = 16
        static let firstSequence = 24
        static let created = 32
        static let previousFirst = 40
        static let previousValidBytes = 48
        static let checksum = 56
    }

    let root: RootID
    let firstSequence: Sequence
    let created: Instant
    /// The first sequence of the segment before it; `.none` in the first.
    let previousFirst: Sequence
    /// How far the segment before it is valid, in bytes; what lies behind is an unfinished write.
    let previousValidBytes: UInt64

    init(
        root: RootID,
        firstSequence: Sequence,
        created: Instant,
        previousFirst: Sequence,
        previousValidBytes: UInt64
    ) {
        self.root = root
        self.firstSequence = firstSequence
        self.created = created
        self.previousFirst = previousFirst
        self.previousValidBytes = previousValidBytes
    }

    /// Decodes and verifies a header; `bytes` are the first 64 of the file, or fewer if it is shorter.
    init(_ bytes: RawSpan) throws(FormatError) {
        guard bytes.byteCount >= Self.byteCount else { throw .malformed(at: 0, "the header is cut off") }
        guard bytes.littleEndianUInt64(at: Offset.magic) == Self.magic else {
            throw .malformed(at: 0, "not a segment")
        }
        let sum = XXH64.hash(bytes.extracting(0..<Offset.checksum), seed: 0)
        guard bytes.littleEndianUInt64(at: Offset.checksum) == sum else {
            throw .malformed(at: 0, "the header's checksum is wrong")
        }
        let version = bytes.littleEndianUInt16(at: Offset.version)
        let flags = bytes.littleEndianUInt32(at: Offset.requiredFlags)
        let reserved = bytes.littleEndianUInt16(at: Offset.reserved)
        guard version == Self.version, flags == 0, reserved == 0 else {
            throw .unsupported("segment version \(version), required flags \(flags)")
        }
        root = RootID(bytes.littleEndianUInt64(at: Offset.root))
        firstSequence = Sequence(bytes.littleEndianUInt64(at: Offset.firstSequence))
        created = Instant(nanoseconds: Int64(bitPattern: bytes.littleEndianUInt64(at: Offset.created)))
        previousFirst = Sequence(bytes.littleEndianUInt64(at: Offset.previousFirst))
        previousValidBytes = bytes.littleEndianUInt64(at: Offset.previousValidBytes)
    }

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(Self.magic)
        bytes.append(Self.version)
        bytes.append(UInt16(0))
        bytes.append(UInt32(0))
        bytes.append(root.rawValue)
        bytes.append(firstSequence.rawValue)
        bytes.append(created.nanoseconds)
        bytes.append(previousFirst.rawValue)
        bytes.append(previousValidBytes)
        bytes.append(unsafe XXH64.hash(bytes.span.bytes, seed: 0))
        return bytes
    }
}

/// The names in a root's `segments` directory.
enum SegmentName {
    static func make(_ first: Sequence) -> FilePath.Component {
        let digits = String(first.rawValue)
        return FilePath.Component(String(repeating: "0", count: 20 - digits.count) + digits + ".segment")!
    }

    /// The first sequence of the segment with that name; nil for any other name.
    static func parse(_ name: FilePath.Component) -> Sequence? {
        guard name.extension == "segment", let value = UInt64(name.stem) else { return nil }
        return make(Sequence(value)) == name ? Sequence(value) : nil
    }
}
