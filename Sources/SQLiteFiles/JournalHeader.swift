/// A header of a rollback journal: 28 bytes at the start of a sector (sqlite.org/fileformat2, section 3).
///
/// As in SQLite's pager, the first header of a journal is valid if and only if:
/// 1. It starts with the magic.
/// 2. Its sector size is a power of two from 32 to 65536.
/// 3. Its page size is a power of two from 512 to 65536, or 0 if the database's page size is known. SQLite
///    before 3.5.8 wrote 0.
/// 4. Its page count is one that a database can have.
///
/// A later header needs only the magic. It has the page size and sector size of the first header; its own are
/// ignored.
///
/// Until SQLite syncs a journal, the magic and record count of its last header are zero. Such a header is
/// decoded too, with `isSynced == false`. A rollback stops there.
package struct JournalHeader: Sendable, Hashable {
    /// The number of records that follow. 0xFFFFFFFF: they continue to the end of the file. 0: none, or not
    /// synced yet.
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

    /// Decodes the first header of a journal; at least 28 bytes. `databasePageSize` replaces a page size of
    /// 0.
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

    /// Whether these first bytes of a journal show that its transaction has ended. There are two cases:
    /// 1. The journal is empty (`TRUNCATE`).
    /// 2. The header is all zeros (`PERSIST`, and `DELETE` in exclusive locking mode).
    package static func isFinished(_ bytes: RawSpan) -> Bool {
        for offset in 0..<min(bytes.byteCount, JournalLayout.headerBytes) where bytes.byte(at: offset) != 0 {
            return false
        }
        return true
    }

    /// Whether the first byte is not zero. SQLite then treats the journal as hot if no writer holds a lock
    /// and the database is not empty.
    package static func mayBeHot(_ bytes: RawSpan) -> Bool {
        bytes.byteCount > 0 && bytes.byte(at: 0) != 0
    }

    /// The length of a record, in bytes: page number, page, checksum.
    package var recordBytes: Int { pageSize.bytes + JournalLayout.recordOverheadBytes }

    /// The checksum that a record under this header must have: the nonce plus every 200th byte of the page.
    /// Bytes are counted from the page's end; byte 0 is not included.
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
