import LinuxSystem
package import RepositoryFormat
import SQLiteFiles
import Zstandard

/// Decompresses blocks and reads their records, front to back. Its buffers are reused for the next block.
///
/// A block is valid if and only if:
/// 1. Both frames have the length that it declares.
/// 2. The records fill the record headers' frame exactly, and their number is the declared one.
/// 3. Their ranges take all bytes of the data.
/// 4. No record in it is a block, a segment delta or a footer.
package struct BlockReader: ~Copyable {
    private var decompressor: Decompressor?
    private var recordHeaders: [UInt8] = []
    private var data: [UInt8] = []
    /// The data of the segment deltas, which is the prefix of its blocks' data.
    private var prefix: [UInt8] = []
    private var hasData = false
    private var dataBytes = 0
    private var count = 0
    private var reference = BlockFormat.Reference()
    private var recordHeaderOffset = 0
    private var dataOffset = 0

    /// The number of the current record in its block, from 0.
    package private(set) var index = -1
    package private(set) var header = RecordHeader(.void, time: Instant(nanoseconds: 0))
    /// The current record's payload; without the bytes of its ranges when those were not wanted.
    package private(set) var payload: [UInt8] = []
    /// The bytes of the records up to and including the current one, and of all records, both uncompressed.
    var progress: (done: UInt64, of: UInt64) {
        (UInt64(recordHeaderOffset + dataOffset), UInt64(recordHeaders.count + dataBytes))
    }

    package init() {}

    /// A new segment begins, without a segment delta so far.
    mutating func beginSegment() { prefix.removeAll(keepingCapacity: prefix.capacity <= 4 << 20) }

    /// Keeps a segment delta's data, which the following blocks need.
    mutating func take(delta payload: RawSpan) throws(FormatError) {
        try open(delta: payload) { _ in true }
        guard prefix.count + dataBytes <= SegmentDeltaFormat.maximumDataBytes else {
            throw .malformed(at: 0, "segment deltas with too much data")
        }
        if hasData { prefix.append(contentsOf: data) }
    }

    /// Decompresses a segment delta to read its records. Its data is decompressed only if any of its files is
    /// wanted.
    package mutating func open(delta payload: RawSpan, wantsData: (FileID) -> Bool) throws(FormatError) {
        _ = try SegmentDeltaFormat.following(payload)
        try open(SegmentDeltaFormat.block(in: payload), prefix: [], wantsData)
    }

    /// Decompresses the block with that payload.
    mutating func open(_ payload: RawSpan, wantsData: Bool) throws(FormatError) {
        try open(payload, prefix: prefix) { _ in wantsData }
    }

    private mutating func open(
        _ payload: RawSpan,
        prefix: [UInt8],
        _ wantsData: (FileID) -> Bool
    ) throws(FormatError) {
        guard payload.byteCount >= BlockFormat.headerBytes else {
            throw .malformed(at: 0, "too short for a block")
        }
        count = Int(payload.littleEndianUInt32(at: BlockFormat.Offset.recordCount))
        let recordHeaderBytes = Int(payload.littleEndianUInt32(at: BlockFormat.Offset.recordHeaderBytes))
        dataBytes = Int(payload.littleEndianUInt32(at: BlockFormat.Offset.dataBytes))
        let recordHeaderFrameBytes = Int(
            payload.littleEndianUInt32(at: BlockFormat.Offset.recordHeaderFrameBytes)
        )
        guard recordHeaderBytes <= BlockFormat.maximumRecordHeaderBytes,
            dataBytes <= BlockFormat.maximumDataBytes,
            recordHeaderFrameBytes <= payload.byteCount - BlockFormat.headerBytes
        else { throw .malformed(at: 0, "a block that claims too much") }
        let headEnd = BlockFormat.headerBytes + recordHeaderFrameBytes
        guard (payload.byteCount > headEnd) == (dataBytes > 0) else {
            throw .malformed(at: headEnd, "data where there should be none, or none where it should be")
        }
        do throws(ZstandardError) {
            if decompressor == nil { decompressor = try Decompressor() }
            try decompressor!.decompress(
                payload.extracting(BlockFormat.headerBytes..<headEnd),
                prefix: nil,
                exactly: recordHeaderBytes,
                into: &recordHeaders
            )
        } catch {
            throw .malformed(at: 0, "a block that cannot be decompressed (\(error))")
        }
        hasData = false
        if dataBytes > 0 { hasData = try holdsAny(wantsData) }
        if hasData { try openData(payload.extracting(headEnd..<payload.byteCount), prefix) }
        reference = BlockFormat.Reference()
        (recordHeaderOffset, dataOffset, index) = (0, 0, -1)
    }

    private mutating func openData(_ frame: RawSpan, _ prefix: [UInt8]) throws(FormatError) {
        do throws(ZstandardError) {
            try decompressor!.decompress(
                frame,
                prefix: unsafe prefix.span.bytes,
                exactly: dataBytes,
                into: &data
            )
        } catch {
            throw .malformed(at: 0, "a block whose data cannot be decompressed (\(error))")
        }
    }

    /// Whether a record in the record headers' frame is of a wanted file.
    private func holdsAny(_ isWanted: (FileID) -> Bool) throws(FormatError) -> Bool {
        let span = unsafe recordHeaders.span.bytes
        var (offset, reference) = (0, BlockFormat.Reference())
        while offset < recordHeaders.count {
            let head = try RecordHeader(inBlock: span, at: &offset, after: &reference)
            if isWanted(head.file) { return true }
            _ = try span.take(head.payloadBytes, at: &offset)
        }
        return false
    }

    /// Moves to the next record; false when there is none.
    package mutating func next() throws(FormatError) -> Bool {
        guard index + 1 < count else {
            guard recordHeaderOffset == recordHeaders.count, dataOffset == dataBytes else {
                throw .malformed(at: 0, "a block with more than its records")
            }
            return false
        }
        let bytes = recordHeaders
        let span = unsafe bytes.span.bytes
        var head = try RecordHeader(inBlock: span, at: &recordHeaderOffset, after: &reference)
        let start = try span.take(head.payloadBytes, at: &recordHeaderOffset)
        guard !Self.outer.contains(head.type) else {
            throw .malformed(at: 0, "a block in a block")
        }
        let payloadSpan = span.extracting(start..<recordHeaderOffset)
        payload.removeAll(keepingCapacity: payload.capacity <= 16 << 20)
        payload.append(contentsOf: payloadSpan)
        let rangeBytes = Self.rangeBytes(ofType: head.type, payloadSpan)
        guard rangeBytes <= UInt64(dataBytes - dataOffset) else {
            throw .malformed(at: 0, "a block with fewer bytes than its ranges have")
        }
        let dataEnd = dataOffset + Int(rangeBytes)
        if hasData {
            let data = data
            payload.append(contentsOf: unsafe data.span.bytes.extracting(dataOffset..<dataEnd))
        }
        dataOffset = dataEnd
        head.payloadBytes = payload.count
        header = head
        index += 1
        return true
    }

    /// Types of records that no block contains.
    private static let outer = [RecordType.block, .segmentDelta, .footer].map(\.rawValue)

    /// How many bytes of the data belong to the record.
    package static func rangeBytes(ofType type: UInt8, _ payload: RawSpan) -> UInt64 {
        guard type == RecordType.changes.rawValue, payload.byteCount >= ChangesFormat.headerBytes,
            payload.byte(at: ChangesFormat.Offset.encoding) == ChangesFormat.Encoding.byteRanges.rawValue
        else { return 0 }
        return payload.littleEndianUInt64(at: ChangesFormat.Offset.rawBytes)
    }
}
