// Byte offsets and lengths of SQLite's files, in one place. Every decoder uses them, and so do the tests that
// build such files. Integers are big-endian unless said otherwise.

/// The first 100 bytes of a database (sqlite.org/fileformat2, section 1.3).
package enum DatabaseLayout {
    package static let headerBytes = 100
    package static let magicBytes = 16
    package static let pageSize = 16
    package static let writeVersion = 18
    package static let readVersion = 19
    package static let reservedBytes = 20
    package static let changeCounter = 24
    package static let pageCount = 28
    package static let schemaCookie = 40
    package static let versionValidFor = 92
    /// SQLite refuses a database whose pages have less room than this.
    package static let minimumUsablePageBytes = 480
}

/// The bytes of a database on which SQLite takes its locks (sqlite.org/lockingv3, section 3). They may lie
/// behind its end.
package enum LockBytes {
    package static var pending: Range<UInt64> { 0x4000_0000..<0x4000_0001 }
    package static var reserved: Range<UInt64> { 0x4000_0001..<0x4000_0002 }
    package static var shared: Range<UInt64> { 0x4000_0002..<0x4000_0200 }
}

/// A freelist trunk page (sqlite.org/fileformat2, section 1.5).
package enum FreelistLayout {
    package static let nextTrunk = 0
    package static let leafCount = 4
    package static let leaves = 8
    package static let leafBytes = 4
}

/// A write-ahead log: one header, then frames (sqlite.org/fileformat2, section 4.1).
package enum WALLayout {
    package static let headerBytes = 32
    package static let magic = 0
    package static let version = 4
    package static let pageSize = 8
    package static let checkpointSequence = 12
    package static let salts = 16
    package static let headerChecksum = 24
    package static let checksummedHeaderBytes = 24

    package static let frameHeaderBytes = 24
    package static let framePage = 0
    package static let frameDatabasePages = 4
    package static let frameSalts = 8
    package static let frameChecksum = 16
    /// The checksum of a frame covers this much of its header, and then the page.
    package static let checksummedFrameHeaderBytes = 8

    /// The lowest bit of the magic says that checksums read their input as big-endian words.
    package static let littleEndianMagic: UInt32 = 0x377f_0682
    package static let bigEndianMagic: UInt32 = 0x377f_0683
    package static let supportedVersion: UInt32 = 3_007_000
}

/// The start of a wal-index, the `-shm` file: two copies of a header, then checkpoint information
/// (sqlite.org/walformat, section 2.1). Integers are in the byte order of the machine, except the salts,
/// which are copied as bytes from the log.
package enum WALIndexLayout {
    package static let bytes = 136
    package static let headerCopyBytes = 48
    package static let version = 0
    package static let changeCounter = 8
    package static let isInitialised = 12
    package static let bigEndianChecksums = 13
    package static let pageSize = 14
    package static let lastFrame = 16
    package static let databasePages = 20
    package static let frameChecksum = 24
    package static let salts = 32
    package static let headerChecksum = 40
    package static let backfilledFrames = 96
    /// The byte that a program locks for writing during a write transaction (`WAL_WRITE_LOCK`).
    package static let writeLock: UInt64 = 120
    /// The byte that every process holds a lock on as long as it uses the file (`UNIX_SHM_DMS` in SQLite's
    /// os_unix.c).
    package static let deadMansSwitch: UInt64 = 128
}

/// A rollback journal: headers on sector boundaries, each followed by page records
/// (sqlite.org/fileformat2, section 3).
package enum JournalLayout {
    package static let headerBytes = 28
    package static let magicValue: UInt64 = 0xd9d5_05f9_20a1_63d7
    package static let magic = 0
    package static let recordCount = 8
    package static let nonce = 12
    package static let originalPageCount = 16
    package static let sectorSize = 20
    package static let pageSize = 24
    /// A journal without fsync has this count: the records continue to the end of the file.
    package static let recordCountToEndOfFile: UInt32 = 0xffff_ffff

    /// A record is a page number, the page, and a checksum.
    package static let recordPage = 0
    package static let recordContent = 4
    package static let recordOverheadBytes = 8
    /// The checksum adds every 200th byte, counted from the end of the page.
    package static let checksumStride = 200

    /// SQLite on Linux takes this for the sector of a journal whose first header it has not read yet.
    package static let defaultSectorBytes = 512
    package static let smallestSectorBytes = 32
    package static let largestSectorBytes = 65536

    /// The tail of a journal that names a super-journal: name, length, checksum, magic.
    package static let superJournalTrailerBytes = 16
    package static let longestSuperJournalName = 512
}
