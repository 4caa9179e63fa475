/// The header of a database: its first 100 bytes (sqlite.org/fileformat2, section 1.3).
///
/// A header is valid if and only if:
/// 1. It starts with the magic.
/// 2. Its page size is a power of two from 512 to 65536.
/// 3. At least 480 bytes of each page are not reserved.
///
/// SQLite opens no other database. All other fields are returned unchecked, so the page count may be wrong.
package struct DatabaseHeader: Sendable, Hashable {
    package let pageSize: PageSize
    /// 1 for a rollback journal, 2 for a write-ahead log; higher: read-only for today's SQLite.
    package let writeVersion: UInt8
    /// 1 for a rollback journal, 2 for a write-ahead log; higher: unreadable for today's SQLite.
    package let readVersion: UInt8
    /// Bytes at the end of every page that SQLite leaves to extensions.
    package let reservedBytes: Int
    /// Grows by one with each transaction in rollback-journal mode, wrapping at 2^32; mostly still in WAL
    /// mode.
    package let changeCounter: UInt32
    /// The size of the database in pages, as the header has it; see `trustedPageCount`.
    package let pageCount: PageCount
    /// Grows with each change of the schema.
    package let schemaCookie: UInt32
    /// The change counter for which `pageCount` was written.
    package let versionValidFor: UInt32

    /// `SQLite format 3` and a zero byte.
    package static let magic: [UInt8] = [
        0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20, 0x66, 0x6f, 0x72, 0x6d, 0x61, 0x74, 0x20, 0x33, 0x00,
    ]

    /// Whether a file that starts with these bytes is a database: the magic alone decides.
    package static func isDatabase(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= DatabaseLayout.magicBytes else { return false }
        return bytes.bigEndianUInt64(at: 0) == 0x5351_4c69_7465_2066
            && bytes.bigEndianUInt64(at: 8) == 0x6f72_6d61_7420_3300
    }

    /// Decodes the header from the start of a file or of page 1; at least 100 bytes.
    package init(_ bytes: RawSpan) throws(DatabaseHeaderError) {
        guard bytes.byteCount >= DatabaseLayout.headerBytes else {
            throw .tooShort(byteCount: bytes.byteCount)
        }
        guard Self.isDatabase(bytes) else { throw .notADatabase }
        let encodedPageSize = bytes.bigEndianUInt16(at: DatabaseLayout.pageSize)
        guard let pageSize = PageSize(encoded: encodedPageSize) else {
            throw .invalidPageSize(encodedPageSize)
        }
        let reserved = bytes.byte(at: DatabaseLayout.reservedBytes)
        guard pageSize.bytes - Int(reserved) >= DatabaseLayout.minimumUsablePageBytes else {
            throw .tooManyReservedBytes(reserved)
        }

        self.pageSize = pageSize
        self.reservedBytes = Int(reserved)
        writeVersion = bytes.byte(at: DatabaseLayout.writeVersion)
        readVersion = bytes.byte(at: DatabaseLayout.readVersion)
        changeCounter = bytes.bigEndianUInt32(at: DatabaseLayout.changeCounter)
        pageCount = PageCount(bytes.bigEndianUInt32(at: DatabaseLayout.pageCount))
        schemaCookie = bytes.bigEndianUInt32(at: DatabaseLayout.schemaCookie)
        versionValidFor = bytes.bigEndianUInt32(at: DatabaseLayout.versionValidFor)
    }

    /// Whether the database is in WAL mode.
    package var usesWAL: Bool { writeVersion == 2 && readVersion == 2 }

    /// The bytes of each page that are not reserved.
    package var usablePageBytes: Int { pageSize.bytes - reservedBytes }

    /// The page count if `versionValidFor` confirms it. SQLite before 3.7.0 did not update the field. Its
    /// value is then nil, and the file's length gives the page count.
    package var trustedPageCount: PageCount? {
        versionValidFor == changeCounter && pageCount.rawValue != 0 ? pageCount : nil
    }
}

/// Why bytes are not the header of a database.
package enum DatabaseHeaderError: Error, Hashable {
    /// Fewer than 100 bytes.
    case tooShort(byteCount: Int)
    /// The magic is missing: a plain file, or an encrypted database.
    case notADatabase
    /// The page size at byte offset 16, as encoded, is no power of two from 512 to 65536.
    case invalidPageSize(UInt16)
    /// The count at byte offset 20 leaves less than 480 bytes of a page.
    case tooManyReservedBytes(UInt8)
}
