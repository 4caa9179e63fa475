/// The two salts that a write-ahead log's header and all frames of its generation carry.
package struct WALSalts: Sendable, Hashable {
    package let salt1: UInt32
    package let salt2: UInt32

    package init(salt1: UInt32, salt2: UInt32) {
        self.salt1 = salt1
        self.salt2 = salt2
    }

    /// The two big-endian words at a byte offset. Traps if the bytes end before.
    package init(_ bytes: RawSpan, at offset: Int) {
        self.init(salt1: bytes.bigEndianUInt32(at: offset), salt2: bytes.bigEndianUInt32(at: offset + 4))
    }

    /// Both zero: a frame whose checksum was never written.
    package var areEmpty: Bool { salt1 == 0 && salt2 == 0 }

    /// Whether a log with these salts may be the next generation in the same file. A reset increments the
    /// first salt and chooses the second at random. A log that was deleted and created again has unrelated
    /// salts.
    package func mayFollow(_ earlier: WALSalts) -> Bool {
        salt1 == earlier.salt1 &+ 1
    }

    /// Whether frames with the salts `earlier` were most probably written some resets before these: up to
    /// 65,535.
    ///
    /// A process that has not reset the log itself chooses both salts at random once another process has
    /// truncated it. It may have rolled back what it wrote. Its frames are not older ones.
    package func mayComeAfter(_ earlier: WALSalts) -> Bool {
        1..<0x1_0000 ~= salt1 &- earlier.salt1 && !earlier.areEmpty
    }
}

/// The header of a write-ahead log: its first 32 bytes (sqlite.org/fileformat2, section 4.1).
///
/// A header is valid if and only if these are right, checked in SQLite's order:
/// 1. One of the two magics.
/// 2. The page size.
/// 3. The header's own checksum.
/// 4. The format version.
///
/// If 1, 2 or 3 fails, SQLite treats the log as empty. If 4 fails, it refuses to open the database. Each
/// generation rewrites the header, so a reader beside a writer may see a torn one. It then reads the header
/// again later.
package struct WALHeader: Sendable, Hashable {
    /// The byte order of the words that the checksums cover.
    package let order: ByteOrder
    package let pageSize: PageSize
    /// The checkpoint sequence number (`nCkpt` in SQLite).
    package let checkpointSequence: UInt32
    package let salts: WALSalts
    /// The header's checksum, with which the chain of frames begins.
    package let checksum: WALChecksum

    /// Decodes the header from the start of a log; at least 32 bytes.
    package init(_ bytes: RawSpan) throws(WALHeaderError) {
        guard bytes.byteCount >= WALLayout.headerBytes else { throw .tooShort(byteCount: bytes.byteCount) }
        let order: ByteOrder
        switch bytes.bigEndianUInt32(at: WALLayout.magic) {
        case WALLayout.littleEndianMagic: order = .little
        case WALLayout.bigEndianMagic: order = .big
        case let other: throw .notALog(magic: other)
        }
        let pageBytes = bytes.bigEndianUInt32(at: WALLayout.pageSize)
        guard let pageSize = PageSize(bytes: Int(pageBytes)) else { throw .invalidPageSize(pageBytes) }

        var computed = WALChecksum()
        computed.update(over: bytes.extracting(0..<WALLayout.checksummedHeaderBytes), order: order)
        guard computed == WALChecksum(bytes, at: WALLayout.headerChecksum) else { throw .checksumMismatch }
        let version = bytes.bigEndianUInt32(at: WALLayout.version)
        guard version == WALLayout.supportedVersion else { throw .unsupportedVersion(version) }

        self.order = order
        self.pageSize = pageSize
        checkpointSequence = bytes.bigEndianUInt32(at: WALLayout.checkpointSequence)
        salts = WALSalts(bytes, at: WALLayout.salts)
        checksum = computed
    }

    /// Whether this is the header of the chain's generation.
    package func hasSalts(of chain: WALChain) -> Bool { salts == chain.salts }
}

/// Why bytes are not the header of a write-ahead log.
package enum WALHeaderError: Error, Hashable {
    /// Fewer than 32 bytes; 0 is an empty log.
    case tooShort(byteCount: Int)
    case notALog(magic: UInt32)
    /// The page size at byte offset 8 is no power of two from 512 to 65536.
    case invalidPageSize(UInt32)
    /// Torn while it was written, or damaged.
    case checksumMismatch
    /// Not 3007000, the only version there has been.
    case unsupportedVersion(UInt32)
}
