package import LinuxSystem
import SQLiteFiles

/// The kinds of records (docs/FORMAT.md, "Records"). An unknown one is rejected unless its flags permit
/// skipping it.
package enum RecordType: UInt8 {
    /// A writer began; every unfinished snapshot before it is void.
    case session = 1
    /// Declares a file.
    case file = 2
    /// The file's image is now the content of a base file.
    case base = 3
    /// Pages of one file, of one or more snapshots.
    case changes = 4
    case gap = 5
    case annotation = 6
    /// The net changes of a sealed segment to some of its files; `SegmentDeltaFormat`.
    case segmentDelta = 7
    /// The end of a sealed segment.
    case footer = 8
    /// The file's unfinished snapshot is void.
    case void = 9
    /// Many records together, compressed; `BlockFormat`.
    case block = 10
    /// Retention removed the missing snapshots up to its sequence.
    case removed = 11
    /// The attributes of a file or a directory; readers that do not know the type may skip it.
    case attributes = 12
}

/// The 40 bytes before every payload.
package struct RecordHeader: Hashable {
    package static let byteCount = 40
    /// Longer payloads are rejected before memory is allocated for them.
    static let maximumPayloadBytes = 64 << 20
    /// "HFR1" as a little-endian number.
    package static let magic: UInt32 = 0x3152_4648

    package enum Offset {
        static let magic = 0
        static let type = 4
        static let flags = 5
        static let reserved = 6
        static let payloadBytes = 8
        static let file = 12
        static let firstSequence = 16
        static let time = 24
        package static let checksum = 32
    }

    package enum Flag {
        /// The first record of a flush: all before it was synchronised before this was written.
        package static let startsFlush: UInt8 = 0x01
        /// A reader that does not know the type may skip it.
        package static let maySkip: UInt8 = 0x80
        static let known: UInt8 = startsFlush | maySkip
    }

    package let type: UInt8
    package let flags: UInt8
    let reserved: UInt16
    package var payloadBytes: Int
    package let file: FileID
    /// The first finished snapshot in it; `.none` when there is none.
    package let firstSequence: SequenceNumber
    package let time: Instant

    package init(
        _ type: RecordType,
        flags: UInt8 = 0,
        payloadBytes: Int = 0,
        file: FileID = .root,
        firstSequence: SequenceNumber = .none,
        time: Instant
    ) {
        self.type = type.rawValue
        self.flags = flags
        reserved = 0
        self.payloadBytes = payloadBytes
        self.file = file
        self.firstSequence = firstSequence
        self.time = time
    }

    /// Decodes the first 40 bytes of a record. Nil without the magic, or if a length or a number is out of
    /// range.
    package init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= Self.byteCount, bytes.littleEndianUInt32(at: Offset.magic) == Self.magic
        else { return nil }
        type = bytes.byte(at: Offset.type)
        flags = bytes.byte(at: Offset.flags)
        reserved = bytes.littleEndianUInt16(at: Offset.reserved)
        payloadBytes = Int(bytes.littleEndianUInt32(at: Offset.payloadBytes))
        file = FileID(bytes.littleEndianUInt32(at: Offset.file))
        firstSequence = SequenceNumber(bytes.littleEndianUInt64(at: Offset.firstSequence))
        time = bytes.instant(at: Offset.time)
        guard payloadBytes <= Self.maximumPayloadBytes, firstSequence <= .last, file <= .last else {
            return nil
        }
    }

    package var recordBytes: Int { Self.byteCount + payloadBytes }
    package var startsFlush: Bool { flags & Flag.startsFlush != 0 }

    /// The type; nil for one that may be skipped. Throws for one that only a newer version can read.
    package func knownType() throws(FormatError) -> RecordType? {
        guard reserved == 0, flags & ~Flag.known == 0 else {
            throw .unsupported("record flags \(flags), \(reserved)")
        }
        if let type = RecordType(rawValue: type) { return type }
        guard flags & Flag.maySkip != 0 else { throw .unsupported("record type \(type)") }
        return nil
    }

    /// The checksum of a record: over its payload, seeded with that over its header, seeded with its
    /// position. A record that was copied to another position or another segment does not verify.
    /// - Parameters:
    ///   - header: at least the first 32 bytes.
    ///   - offset: of the record in its segment.
    package static func checksum(
        header: RawSpan,
        payload: RawSpan,
        offset: UInt64,
        segment: SequenceNumber
    ) -> UInt64 {
        let place = XXH64.hash(header.extracting(0..<Offset.checksum), seed: offset ^ segment.rawValue)
        return XXH64.hash(payload, seed: place)
    }
}

extension RecordHeader {
    /// Writes the header over the 40 bytes at `start`. The payload follows them and continues to the end of
    /// `bytes`.
    /// - Parameter offset: of the record in its segment.
    package func write(into bytes: inout [UInt8], at start: Int, offset: UInt64, segment: SequenceNumber) {
        precondition(payloadBytes <= Self.maximumPayloadBytes)
        var header: [UInt8] = []
        header.reserveCapacity(Self.byteCount)
        header.append(Self.magic)
        header.append(type)
        header.append(flags)
        header.append(reserved)
        header.append(UInt32(payloadBytes))
        header.append(file.rawValue)
        header.append(firstSequence.rawValue)
        header.append(time.nanoseconds)
        let checksum = unsafe Self.checksum(
            header: header.span.bytes,
            payload: bytes.span.bytes.extracting(start + Self.byteCount..<start + recordBytes),
            offset: offset,
            segment: segment
        )
        header.append(checksum)
        bytes.replaceSubrange(start..<start + Self.byteCount, with: header)
    }
}
