import SQLiteFiles

/// The common parts of the headers of segments, base files and durable marks. They begin with magic, version,
/// two reserved bytes and required flags. They end with the XXH64 of all bytes before it (docs/FORMAT.md).
enum FileHeader {
    private enum Offset {
        static let magic = 0
        static let version = 8
        static let reserved = 10
        static let requiredFlags = 12
    }

    /// Verifies a whole header and returns its required flags. Flags outside `knownFlags` are rejected.
    /// `what`: the kind of file, for messages.
    @discardableResult
    static func verify(
        _ bytes: RawSpan,
        byteCount: Int,
        magic: UInt64,
        versions: ClosedRange<UInt16>,
        knownFlags: UInt32 = 0,
        what: String
    ) throws(FormatError) -> UInt32 {
        guard bytes.byteCount >= byteCount else { throw .malformed(at: 0, "the header is cut off") }
        guard bytes.littleEndianUInt64(at: Offset.magic) == magic else {
            throw .malformed(at: 0, "not a \(what)")
        }
        let checksum = byteCount - 8
        guard bytes.littleEndianUInt64(at: checksum) == XXH64.hash(bytes.extracting(0..<checksum), seed: 0)
        else {
            throw .malformed(at: 0, "the header's checksum is wrong")
        }
        let found = bytes.littleEndianUInt16(at: Offset.version)
        let flags = bytes.littleEndianUInt32(at: Offset.requiredFlags)
        guard versions.contains(found), flags & ~knownFlags == 0,
            bytes.littleEndianUInt16(at: Offset.reserved) == 0
        else {
            throw .unsupported("\(what) version \(found), required flags \(flags)")
        }
        return flags
    }

    /// The first 16 bytes.
    static func begin(magic: UInt64, version: UInt16, flags: UInt32 = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(magic)
        bytes.append(version)
        bytes.append(UInt16(0))
        bytes.append(flags)
        return bytes
    }

    /// Adds the checksum.
    static func end(_ bytes: inout [UInt8]) {
        bytes.append(unsafe XXH64.hash(bytes.span.bytes, seed: 0))
    }
}
