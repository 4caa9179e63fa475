/// The header of a wal-index: the first 136 bytes of a `-shm` file (sqlite.org/walformat, section 2.1).
///
/// SQLite writes the second copy of the header before the first, so a reader beside a writer may see two that
/// differ. A header is valid if and only if:
/// 1. Both copies are equal byte for byte.
/// 2. It is initialised.
/// 3. Its checksum matches.
/// 4. Its version is known.
/// 5. Its page size is valid, or is 0 in a log without frames.
/// 6. Its page count is one that a database can have.
///
/// Otherwise the reader reads it again, or verifies the frames instead.
package struct WALIndexHeader: Sendable, Hashable {
    /// The byte order of the words that the log's checksums cover.
    package let order: ByteOrder
    /// Nil before the first frame of a new log.
    package let pageSize: PageSize?
    /// Changes with each transaction. It has no other meaning.
    package let changeCounter: UInt32
    /// SQLite's `mxFrame`: the number of the last committed frame, counted from 1; so the number of valid
    /// frames. Zero after a reset.
    package let lastFrame: UInt32
    /// The size of the database after the last commit.
    package let databasePages: PageCount
    /// The running checksum after the last committed frame.
    package let frameChecksum: WALChecksum
    package let salts: WALSalts
    /// SQLite's `nBackfill`: how many frames a checkpoint has copied into the database. Not under the
    /// checksum, and may change at any time.
    package let backfilledFrames: UInt32

    /// Decodes the header from the start of the file; at least 136 bytes.
    package init(_ bytes: RawSpan) throws(WALIndexHeaderError) {
        guard bytes.byteCount >= WALIndexLayout.bytes else { throw .tooShort(byteCount: bytes.byteCount) }
        guard Self.copiesAgree(bytes) else { throw .copiesDiffer }
        guard bytes.byte(at: WALIndexLayout.isInitialised) != 0 else { throw .notInitialised }
        var computed = WALChecksum()
        computed.update(over: bytes.extracting(0..<WALIndexLayout.headerChecksum), order: .native)
        guard computed == WALChecksum(native: bytes, at: WALIndexLayout.headerChecksum) else {
            throw .checksumMismatch
        }
        let version = bytes.nativeUInt32(at: WALIndexLayout.version)
        guard version == WALLayout.supportedVersion else { throw .unsupportedVersion(version) }
        let encodedPageSize = bytes.nativeUInt16(at: WALIndexLayout.pageSize)
        lastFrame = bytes.nativeUInt32(at: WALIndexLayout.lastFrame)
        pageSize = PageSize(encoded: encodedPageSize)
        guard pageSize != nil || (encodedPageSize == 0 && lastFrame == 0) else {
            throw .invalidPageSize(encodedPageSize)
        }
        order = bytes.byte(at: WALIndexLayout.bigEndianChecksums) != 0 ? .big : .little
        changeCounter = bytes.nativeUInt32(at: WALIndexLayout.changeCounter)
        databasePages = PageCount(bytes.nativeUInt32(at: WALIndexLayout.databasePages))
        guard databasePages <= .maximum else { throw .invalidPageCount(databasePages) }
        frameChecksum = WALChecksum(native: bytes, at: WALIndexLayout.frameChecksum)
        salts = WALSalts(bytes, at: WALIndexLayout.salts)
        backfilledFrames = bytes.nativeUInt32(at: WALIndexLayout.backfilledFrames)
    }

    /// Whether this header belongs to the chain's generation.
    package func hasSalts(of chain: WALChain) -> Bool { salts == chain.salts }

    /// The chain after the last committed frame, as SQLite has it, without reading the frames. Nil before the
    /// first frame of a new log.
    package var chain: WALChain? {
        pageSize.map {
            WALChain(
                salts: salts,
                order: order,
                pageSize: $0,
                frameCount: Int(lastFrame),
                checksum: frameChecksum
            )
        }
    }

    private static func copiesAgree(_ bytes: RawSpan) -> Bool {
        for offset in stride(from: 0, to: WALIndexLayout.headerCopyBytes, by: 8)
        where bytes.bigEndianUInt64(at: offset)
            != bytes.bigEndianUInt64(at: WALIndexLayout.headerCopyBytes + offset)
        {
            return false
        }
        return true
    }
}

/// Why a wal-index header cannot be used now.
package enum WALIndexHeaderError: Error, Hashable {
    /// Fewer than 136 bytes.
    case tooShort(byteCount: Int)
    /// Read amid an update.
    case copiesDiffer
    /// The file has just been created.
    case notInitialised
    case checksumMismatch
    /// Not 3007000.
    case unsupportedVersion(UInt32)
    /// The page size at byte offset 14, as encoded.
    case invalidPageSize(UInt16)
    /// The size of the database at byte offset 20 is one that no database can have.
    case invalidPageCount(PageCount)
}
