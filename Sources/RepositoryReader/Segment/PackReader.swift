import LinuxSystem
package import RepositoryFormat
import SQLiteFiles
import Zstandard

/// Decompresses packs and reads their records, front to back. Its buffers are reused for the next pack.
///
/// A pack is valid if and only if:
/// 1. Both frames have the length that it declares.
/// 2. The records fill the record headers' frame exactly, and their number is the declared one.
/// 3. Their ranges take all bytes of the data.
/// 4. No record in it is a pack, a summary or a footer.
package struct PackReader: ~Copyable {
    private var decompressor: Decompressor?
    private var heads: [UInt8] = []
    private var data: [UInt8] = []
    /// The data of the segment's summaries, which is the prefix of its packs' data.
    private var prefix: [UInt8] = []
    private var hasData = false
    private var dataBytes = 0
    private var count = 0
    private var reference = PackFormat.Reference()
    private var headOffset = 0
    private var dataOffset = 0

    /// The number of the current record in its pack, from 0.
    package private(set) var index = -1
    package private(set) var header = RecordHeader(
        .void,
        flags: 0,
        payloadBytes: 0,
        file: .root,
        firstSequence: .none,
        time: Instant(nanoseconds: 0)
    )
    /// The current record's payload; without the bytes of its ranges when those were not wanted.
    package private(set) var payload: [UInt8] = []
    /// The bytes of the records up to and including the current one, and of all records, both uncompressed.
    var progress: (done: UInt64, of: UInt64) {
        (UInt64(headOffset + dataOffset), UInt64(heads.count + dataBytes))
    }

    package init() {}

    /// A new segment begins, without a summary so far.
    mutating func beginSegment() { prefix.removeAll(keepingCapacity: prefix.capacity <= 4 << 20) }

    /// Keeps a summary's data, which the following packs need.
    mutating func take(summary payload: RawSpan) throws(FormatError) {
        try open(summary: payload) { _ in true }
        guard prefix.count + dataBytes <= SummaryFormat.maximumDataBytes else {
            throw .malformed(at: 0, "summaries with too much data")
        }
        if hasData { prefix.append(contentsOf: data) }
    }

    /// Decompresses a summary to read its records. Its data is decompressed only if any of its files is
    /// wanted.
    package mutating func open(
        summary payload: RawSpan,
        wantsData: (FileID) -> Bool
    ) throws(FormatError) {
        _ = try SummaryFormat.following(payload)
        try open(SummaryFormat.pack(in: payload), prefix: [], wantsData)
    }

    /// Decompresses the pack with that payload.
    mutating func open(_ payload: RawSpan, wantsData: Bool) throws(FormatError) {
        try open(payload, prefix: prefix) { _ in wantsData }
    }

    private mutating func open(
        _ payload: RawSpan,
        prefix: [UInt8],
        _ wantsData: (FileID) -> Bool
    ) throws(FormatError) {
        guard payload.byteCount >= PackFormat.headerBytes else {
            throw .malformed(at: 0, "too short for a pack")
        }
        count = Int(payload.littleEndianUInt32(at: PackFormat.Offset.recordCount))
        let headBytes = Int(payload.littleEndianUInt32(at: PackFormat.Offset.headBytes))
        dataBytes = Int(payload.littleEndianUInt32(at: PackFormat.Offset.dataBytes))
        let headFrameBytes = Int(payload.littleEndianUInt32(at: PackFormat.Offset.headFrameBytes))
        guard headBytes <= PackFormat.maximumHeadBytes, dataBytes <= PackFormat.maximumDataBytes,
            headFrameBytes <= payload.byteCount - PackFormat.headerBytes
        else { throw .malformed(at: 0, "a pack that claims too much") }
        let headEnd = PackFormat.headerBytes + headFrameBytes
        guard (payload.byteCount > headEnd) == (dataBytes > 0) else {
            throw .malformed(at: headEnd, "data where there should be none, or none where it should be")
        }
        do throws(ZstandardError) {
            if decompressor == nil { decompressor = try Decompressor() }
            try decompressor!.decompress(
                payload.extracting(PackFormat.headerBytes..<headEnd),
                prefix: nil,
                exactly: headBytes,
                into: &heads
            )
        } catch {
            throw .malformed(at: 0, "a pack that cannot be unpacked (\(error))")
        }
        hasData = false
        if dataBytes > 0 { hasData = try holdsAny(wantsData) }
        if hasData { try openData(payload.extracting(headEnd..<payload.byteCount), prefix) }
        reference = PackFormat.Reference()
        (headOffset, dataOffset, index) = (0, 0, -1)
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
            throw .malformed(at: 0, "a pack whose data cannot be unpacked (\(error))")
        }
    }

    /// Whether a record in the record headers' frame is of a wanted file.
    private func holdsAny(_ isWanted: (FileID) -> Bool) throws(FormatError) -> Bool {
        let span = unsafe heads.span.bytes
        var (offset, reference) = (0, PackFormat.Reference())
        while offset < heads.count {
            let head = try PackedHead(span, at: &offset, after: &reference)
            if isWanted(head.file) { return true }
            _ = try span.take(head.payloadBytes, at: &offset)
        }
        return false
    }

    /// Moves to the next record; false when there is none.
    package mutating func next() throws(FormatError) -> Bool {
        guard index + 1 < count else {
            guard headOffset == heads.count, dataOffset == dataBytes else {
                throw .malformed(at: 0, "a pack with more than its records")
            }
            return false
        }
        let bytes = heads
        let span = unsafe bytes.span.bytes
        let head = try PackedHead(span, at: &headOffset, after: &reference)
        let start = try span.take(head.payloadBytes, at: &headOffset)
        guard !Self.outer.contains(head.type) else {
            throw .malformed(at: 0, "a pack in a pack")
        }
        let payloadSpan = span.extracting(start..<headOffset)
        payload.removeAll(keepingCapacity: payload.capacity <= 16 << 20)
        payload.append(contentsOf: payloadSpan)
        let rangeBytes = Self.rangeBytes(ofType: head.type, payloadSpan)
        guard rangeBytes <= UInt64(dataBytes - dataOffset) else {
            throw .malformed(at: 0, "a pack with fewer bytes than its ranges have")
        }
        let dataEnd = dataOffset + Int(rangeBytes)
        if hasData {
            let data = data
            payload.append(contentsOf: unsafe data.span.bytes.extracting(dataOffset..<dataEnd))
        }
        dataOffset = dataEnd
        header = RecordHeader(head, payloadBytes: payload.count)
        index += 1
        return true
    }

    /// Types of records that no pack contains.
    private static let outer = [RecordType.pack, .summary, .footer].map(\.rawValue)

    /// How many bytes of the data belong to the record.
    package static func rangeBytes(ofType type: UInt8, _ payload: RawSpan) -> UInt64 {
        guard type == RecordType.changes.rawValue, payload.byteCount >= ChangesFormat.headerBytes,
            payload.byte(at: ChangesFormat.Offset.encoding) == ChangesFormat.Encoding.byteRanges.rawValue
        else { return 0 }
        return payload.littleEndianUInt64(at: ChangesFormat.Offset.rawBytes)
    }
}
