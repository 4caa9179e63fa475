import SQLiteFiles

/// Headers of a log and of its wal-index, from their values.
enum WALParts {
    static let salts = WALSalts(salt1: 100, salt2: 7)
    static let sum = WALChecksum(s0: 11, s1: 12)
    static let pageSize = PageSize(bytes: 512)!

    /// The chain behind so many frames.
    static func chain(
        _ frameCount: Int,
        _ checksum: WALChecksum = sum,
        salts: WALSalts = salts
    ) -> WALChain {
        WALChain(salts: salts, order: .big, pageSize: pageSize, frameCount: frameCount, checksum: checksum)
    }

    static func header(salts: WALSalts = salts, checkpointSequence: UInt32 = 0) throws -> WALHeader {
        let words = [
            WALLayout.bigEndianMagic, WALLayout.supportedVersion, UInt32(pageSize.bytes), checkpointSequence,
            salts.salt1, salts.salt2,
        ]
        var bytes = words.flatMap(bigEndian)
        var checksum = WALChecksum()
        unsafe checksum.update(over: bytes.span.bytes, order: .big)
        bytes += bigEndian(checksum.s0) + bigEndian(checksum.s1)
        return try unsafe WALHeader(bytes.span.bytes)
    }

    /// A wal-index that counts so many frames, and so many commits since it was made.
    static func index(
        _ lastFrame: UInt32,
        commits: UInt32,
        _ checksum: WALChecksum = sum,
        salts: WALSalts = salts,
        backfilled: UInt32 = 0
    ) throws -> WALIndexHeader {
        var copy = native(WALLayout.supportedVersion) + native(0) + native(commits) + [1, 1]
        copy += native(UInt32(pageSize.bytes))[..<2] + native(lastFrame) + native(9)
        copy += native(checksum.s0) + native(checksum.s1) + bigEndian(salts.salt1) + bigEndian(salts.salt2)
        var own = WALChecksum()
        unsafe own.update(over: copy.span.bytes, order: .native)
        copy += native(own.s0) + native(own.s1)
        var bytes = copy + copy + native(backfilled)
        bytes += repeatElement(0, count: WALIndexLayout.bytes - bytes.count)
        return try unsafe WALIndexHeader(bytes.span.bytes)
    }

    static func frame(
        _ checksum: WALChecksum = sum,
        salts: WALSalts = salts
    ) -> WALFrameHeader? {
        let words = [1, 0, salts.salt1, salts.salt2, checksum.s0, checksum.s1]
        let bytes = words.flatMap(bigEndian)
        return unsafe WALFrameHeader(bytes.span.bytes)
    }

    private static func bigEndian(_ word: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) }
    }

    private static func native(_ word: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: word.littleEndian >> (8 * $0)) }
    }
}
