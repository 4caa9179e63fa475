/// A header of a rollback journal: 28 bytes at the start of a sector (sqlite.org/fileformat2, section 3).
///
/// It is accepted as SQLite's pager does: the magic must be there, and the first header of a journal must
/// have a page size that is a power of two from 512 to 65536 (or 0, as SQLite before 3.5.8 wrote it: then the
/// database's) and a sector size that is a power of two from 32 to 65536. Later headers inherit both from the
/// first, whatever they say.
///
/// Until a journal is synced, SQLite leaves magic and record count of its last header zero. Such a header is
/// decoded too, marked `isSynced == false`; a rollback stops at it.
package struct JournalHeader: Sendable, Hashable {
    /// How many records follow. 0xFFFFFFFF: they go on to the end of the file. 0: none, or not synced yet.
    package let recordCount: UInt32
    /// The random number with which the checksums of the records start.
    package let nonce: UInt32
    /// The size of the database before the transaction.
    package let originalPageCount: PageCount
    /// Headers start at multiples of this, and take up this much.
    package let sectorBytes: Int
    package let pageSize: PageSize
    /// Whether the magic is there.
    package let isSynced: Bool

    /// Decodes the first header of a journal; at least 28 bytes. `databasePageSize` stands in for a page size
    /// of 0.
    package init(_ bytes: RawSpan, databasePageSize: PageSize? = nil) throws(JournalHeaderError) {
        let isSynced = try Self.isSynced(bytes)
        let sectorBytes = bytes.bigEndianUInt32(at: JournalLayout.sectorSize)
        guard sectorBytes >= JournalLayout.smallestSectorBytes,
            sectorBytes <= JournalLayout.largestSectorBytes, sectorBytes & (sectorBytes - 1) == 0
        else { throw .invalidSectorSize(sectorBytes) }
        let pageBytes = bytes.bigEndianUInt32(at: JournalLayout.pageSize)
        guard let pageSize = pageBytes == 0 ? databasePageSize : PageSize(bytes: Int(pageBytes)) else {
            throw .invalidPageSize(pageBytes)
        }
        let pageCount = bytes.bigEndianUInt32(at: JournalLayout.originalPageCount)
        guard pageCount <= PageCount.maximum.rawValue else { throw .invalidPageCount(pageCount) }
        self.init(bytes, sectorBytes: Int(sectorBytes), pageSize: pageSize, isSynced: isSynced)
    }

    /// Decodes a later header of the journal that starts with `first`; at least 28 bytes.
    package init(_ bytes: RawSpan, following first: JournalHeader) throws(JournalHeaderError) {
        let isSynced = try Self.isSynced(bytes)
        self.init(bytes, sectorBytes: first.sectorBytes, pageSize: first.pageSize, isSynced: isSynced)
    }

    private init(_ bytes: RawSpan, sectorBytes: Int, pageSize: PageSize, isSynced: Bool) {
        recordCount = bytes.bigEndianUInt32(at: JournalLayout.recordCount)
        nonce = bytes.bigEndianUInt32(at: JournalLayout.nonce)
        originalPageCount = PageCount(bytes.bigEndianUInt32(at: JournalLayout.originalPageCount))
        self.sectorBytes = sectorBytes
        self.pageSize = pageSize
        self.isSynced = isSynced
    }

    /// Whether the magic is there, or magic and record count are the zeros that precede the sync.
    private static func isSynced(_ bytes: RawSpan) throws(JournalHeaderError) -> Bool {
        guard bytes.byteCount >= JournalLayout.headerBytes else {
            throw .tooShort(byteCount: bytes.byteCount)
        }
        guard !isFinished(bytes) else { throw .finished }
        let magic = bytes.bigEndianUInt64(at: JournalLayout.magic)
        if magic == JournalLayout.magicValue { return true }
        guard magic == 0, bytes.bigEndianUInt32(at: JournalLayout.recordCount) == 0 else {
            throw .notAHeader(magic: magic)
        }
        return false
    }

    /// Whether these first bytes of a journal say that its transaction is over: there are none (`TRUNCATE`),
    /// or the header is all zeros (`PERSIST`, and `DELETE` in exclusive locking mode).
    package static func isFinished(_ bytes: RawSpan) -> Bool {
        for offset in 0..<min(bytes.byteCount, JournalLayout.headerBytes) where bytes.byte(at: offset) != 0 {
            return false
        }
        return true
    }

    /// Whether SQLite would take a journal with these first bytes for hot, provided that no writer holds a
    /// lock and the database is not empty: its first byte is not zero.
    package static func looksHot(_ bytes: RawSpan) -> Bool {
        bytes.byteCount > 0 && bytes.byte(at: 0) != 0
    }

    /// The length of a record, in bytes: page number, page, checksum.
    package var recordBytes: Int { pageSize.bytes + JournalLayout.recordOverheadBytes }

    /// The checksum that a record under this header must have: the nonce plus one byte in 200 of the page,
    /// counted from its end, without byte 0.
    package func checksum(ofPage page: RawSpan) -> UInt32 {
        var sum = nonce
        var index = page.byteCount - JournalLayout.checksumStride
        while index > 0 {
            sum = sum &+ UInt32(page.byte(at: index))
            index -= JournalLayout.checksumStride
        }
        return sum
    }
}

/// Why bytes are not a header of a rollback journal.
package enum JournalHeaderError: Error, Hashable {
    /// Fewer than 28 bytes.
    case tooShort(byteCount: Int)
    /// All zeros: the transaction is over.
    case finished
    case notAHeader(magic: UInt64)
    /// The sector size at byte offset 20 is no power of two from 32 to 65536.
    case invalidSectorSize(UInt32)
    /// The page size at byte offset 24 is no power of two from 512 to 65536, or 0 and the database's is not
    /// known.
    case invalidPageSize(UInt32)
    /// The page count at byte offset 16 is one that no database can have.
    case invalidPageCount(UInt32)
}

extension JournalHeaderError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooShort(let byteCount):
            "the journal has \(byteCount) bytes here, a header needs \(JournalLayout.headerBytes)"
        case .finished:
            "the journal's header is zeroed: its transaction is over"
        case .notAHeader(let magic):
            "found 0x\(String(magic, radix: 16)) instead of a journal header's magic"
        case .invalidSectorSize(let bytes):
            "invalid sector size \(bytes) at byte \(JournalLayout.sectorSize) of the journal"
        case .invalidPageSize(let bytes):
            "invalid page size \(bytes) at byte \(JournalLayout.pageSize) of the journal"
        case .invalidPageCount(let pages):
            "invalid page count \(pages) at byte \(JournalLayout.originalPageCount) of the journal"
        }
    }
}
