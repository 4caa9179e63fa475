import SQLiteFiles
package import SystemPackage

/// The 64 bytes at the start of a base file (docs/FORMAT.md, "Base files").
package struct BaseHeader: Hashable {
    package static let byteCount = 64
    /// "HOLDBAS1" as a little-endian number.
    static let magic: UInt64 = 0x3153_4142_444c_4f48
    package static let version: UInt16 = 1
    /// The writer divides an image into chunks of this size: a whole number of pages of every size.
    package static let chunkBytes = 1 << 20
    /// Readers reject larger chunks before they allocate memory for them.
    static let maximumChunkBytes = 16 << 20

    enum Offset {
        static let pageSize = 16
        static let chunkBytes = 20
        static let imageBytes = 24
        static let chunkCount = 32
        static let root = 40
        static let file = 48
        static let reservedToo = 52
    }

    package let shape: ImageSize
    package let chunkBytes: Int
    package let root: RootID
    package let file: FileID

    // fits: 48 and 24 bits
    package var chunkCount: UInt64 { (shape.byteCount + UInt64(chunkBytes) - 1) / UInt64(chunkBytes) }

    package init(shape: ImageSize, root: RootID, file: FileID) {
        self.shape = shape
        chunkBytes = Self.chunkBytes
        self.root = root
        self.file = file
    }

    /// Decodes and verifies a header; `bytes` are the first 64 of the file, or fewer if it is shorter.
    package init(_ bytes: RawSpan) throws(FormatError) {
        try FileHeader.verify(
            bytes,
            byteCount: Self.byteCount,
            magic: Self.magic,
            versions: Self.version...Self.version,
            what: "base file"
        )
        guard bytes.littleEndianUInt32(at: Offset.reservedToo) == 0 else {
            throw .unsupported("a base file with a field that is not known")
        }
        guard let pageSize = PageSize(bytes: Int(bytes.littleEndianUInt32(at: Offset.pageSize))),
            let shape = ImageSize(
                pageSize: pageSize,
                byteCount: bytes.littleEndianUInt64(at: Offset.imageBytes)
            )
        else { throw .malformed(at: Offset.pageSize, "an impossible shape") }
        chunkBytes = Int(bytes.littleEndianUInt32(at: Offset.chunkBytes))
        guard chunkBytes > 0, chunkBytes <= Self.maximumChunkBytes, chunkBytes % pageSize.bytes == 0 else {
            throw .malformed(at: Offset.chunkBytes, "chunks of \(chunkBytes) bytes")
        }
        self.shape = shape
        root = RootID(bytes.littleEndianUInt64(at: Offset.root))
        file = FileID(bytes.littleEndianUInt32(at: Offset.file))
        guard bytes.littleEndianUInt64(at: Offset.chunkCount) == chunkCount else {
            throw .malformed(at: Offset.chunkCount, "a chunk count that does not fit the image")
        }
    }

    package func encoded() -> [UInt8] {
        var bytes = FileHeader.begin(magic: Self.magic, version: Self.version)
        bytes.append(UInt32(shape.pageSize.bytes))
        bytes.append(UInt32(chunkBytes))
        bytes.append(shape.byteCount)
        bytes.append(chunkCount)
        bytes.append(root.rawValue)
        bytes.append(file.rawValue)
        bytes.append(UInt32(0))
        FileHeader.end(&bytes)
        return bytes
    }
}

/// One entry of a base's index: the position of a chunk's frame, and its checksum (seed = the chunk's
/// number).
package enum BaseIndexEntry {
    package static let byteCount = 20

    package enum Offset {
        package static let frameOffset = 0
        package static let frameBytes = 8
        package static let checksum = 12
    }
}

/// The last 32 bytes of a base file.
package enum BaseTrailer {
    package static let byteCount = 32
    /// "HOLDBASE" as a little-endian number.
    package static let magic: UInt64 = 0x4553_4142_444c_4f48

    package enum Offset {
        package static let indexOffset = 0
        package static let indexChecksum = 8
        package static let digest = 16
        package static let magic = 24
    }
}

/// The names in a root's `bases` directory.
package enum BaseName {
    package static func make(_ sequence: SequenceNumber, _ file: FileID) -> FilePath.Component {
        FilePath.Component("\(sequence)-\(file).base")!
    }

    /// Whether it is the name of a finished base file.
    package static func isBase(_ name: FilePath.Component) -> Bool { name.extension == "base" }

    /// Whether it is a name as `make` creates it, and not one from elsewhere.
    package static func isOwn(_ name: FilePath.Component) -> Bool {
        let parts = name.stem.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let sequence = UInt64(parts[0]), let file = UInt32(parts[1]) else {
            return false
        }
        return name == make(SequenceNumber(sequence), FileID(file))
    }
}
