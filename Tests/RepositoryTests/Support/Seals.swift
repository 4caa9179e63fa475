import SQLiteFiles

@testable import RepositoryFormat

/// Checksums made right again, so that what is behind them is reached.
extension [UInt8] {
    mutating func put(_ value: UInt64, at offset: Int) {
        for index in 0..<8 { self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }

    /// Of a header: the last eight of so many bytes.
    mutating func sealHeader(_ byteCount: Int = 64) {
        guard count >= byteCount else { return }
        let sum = unsafe XXH64.hash(span.bytes.extracting(0..<byteCount - 8), seed: 0)
        put(sum, at: byteCount - 8)
    }

    /// Of a segment's header and of every record, wherever one stands now and whatever length it says.
    mutating func sealSegment(first: UInt64) {
        sealHeader()
        var at = 64
        while at + RecordHeader.byteCount <= count {
            guard let header = unsafe RecordHeader(span.bytes.extracting(at..<count)),
                header.recordBytes <= count - at
            else {
                at += 1
                continue
            }
            let sum = unsafe Self.recordSum(span.bytes.extracting(at..<at + header.recordBytes), at, first)
            put(sum, at: at + RecordHeader.Offset.checksum)
            at += header.recordBytes
        }
    }

    /// Of a base file: its header, the frame that each line of its index leads to, the index.
    mutating func sealBase(chunks: Int) {
        sealHeader()
        let index = count - BaseTrailer.byteCount - chunks * BaseIndexEntry.byteCount
        guard index >= BaseHeader.byteCount else { return }
        for number in 0..<chunks {
            let entry = index + number * BaseIndexEntry.byteCount
            let start = unsafe span.bytes.littleEndianUInt64(at: entry)
            let length = unsafe UInt64(span.bytes.littleEndianUInt32(at: entry + 8))
            guard start <= UInt64(index), length <= UInt64(index) - start else { continue }
            let sum = unsafe XXH64.hash(
                span.bytes.extracting(Int(start)..<Int(start + length)),
                seed: UInt64(number)
            )
            put(sum, at: entry + BaseIndexEntry.Offset.checksum)
        }
        let end = count - BaseTrailer.byteCount
        let sum = unsafe XXH64.hash(span.bytes.extracting(index..<end), seed: 0)
        put(sum, at: end + BaseTrailer.Offset.indexChecksum)
    }

    private static func recordSum(_ record: RawSpan, _ at: Int, _ first: UInt64) -> UInt64 {
        RecordHeader.checksum(
            header: record,
            payload: record.extracting(RecordHeader.byteCount..<record.byteCount),
            offset: UInt64(at),
            segment: SequenceNumber(first)
        )
    }
}
