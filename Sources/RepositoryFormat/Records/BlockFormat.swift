import LinuxSystem
import SQLiteFiles

/// The payload of a block: many records of a sealed segment together (docs/FORMAT.md, "Blocks").
///
/// It is a header, a zstd frame with all record headers, and a zstd frame with the bytes of all their ranges.
/// A reader that needs only tables does not decompress the second one.
package enum BlockFormat {
    package static let headerBytes = 16
    /// Parsed record headers take a multiple of this in memory.
    package static let maximumRecordHeaderBytes = 16 << 20
    package static let maximumDataBytes = 64 << 20

    package enum Offset {
        package static let recordCount = 0
        package static let recordHeaderBytes = 4
        package static let dataBytes = 8
        package static let recordHeaderFrameBytes = 12
    }

    /// The fields of the previous record. The next header stores its differences from them.
    package struct Reference {
        var sequence: UInt64 = 0
        var time: Int64 = 0

        package init() {}
    }
}

/// The header of a record in a block: the fields of the 40 bytes before a record outside of blocks, without
/// the checksum. Its payload follows, without the bytes of ranges.
extension RecordHeader {
    package init(
        inBlock recordHeaders: RawSpan,
        at offset: inout Int,
        after reference: inout BlockFormat.Reference
    ) throws(FormatError) {
        let codes = try recordHeaders.take(2, at: &offset)
        reserved = 0
        type = recordHeaders.byte(at: codes)
        flags = recordHeaders.byte(at: codes + 1)
        let last = UInt64(FileID.last.rawValue)
        file = FileID(UInt32(try recordHeaders.varint(at: &offset, upTo: last, "file number")))
        let step = Int64(zigzag: try recordHeaders.varint(at: &offset))
        let timeStep = Int64(zigzag: try recordHeaders.varint(at: &offset))
        payloadBytes = Int(
            try recordHeaders.varint(at: &offset, upTo: UInt64(recordHeaders.byteCount), "payload length")
        )
        reference.sequence &+= UInt64(bitPattern: step)
        reference.time &+= timeStep
        firstSequence = SequenceNumber(reference.sequence)
        time = Instant(nanoseconds: reference.time)
        // As for records outside of blocks.
        guard firstSequence <= .last else {
            throw .malformed(at: codes, "sequence \(firstSequence) is above \(SequenceNumber.last)")
        }
    }

    /// `payloadBytes`: without the bytes of ranges.
    package func encode(
        inBlock recordHeaders: inout [UInt8],
        payloadBytes: Int,
        after reference: inout BlockFormat.Reference
    ) {
        recordHeaders.append(type)
        recordHeaders.append(flags)
        recordHeaders.append(varint: UInt64(file.rawValue))
        recordHeaders.append(varint: Int64(bitPattern: firstSequence.rawValue &- reference.sequence).zigzag)
        recordHeaders.append(varint: (time.nanoseconds &- reference.time).zigzag)
        recordHeaders.append(varint: UInt64(payloadBytes))
        reference.sequence = firstSequence.rawValue
        reference.time = time.nanoseconds
    }
}

extension Int64 {
    /// 0, -1, 1, -2 … as 0, 1, 2, 3 …, so that small differences are short varints.
    fileprivate var zigzag: UInt64 { UInt64(bitPattern: self << 1) ^ UInt64(bitPattern: self >> 63) }

    fileprivate init(zigzag value: UInt64) {
        self = Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
