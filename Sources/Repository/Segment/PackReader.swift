import LinuxFiles
import SQLiteFiles
import Zstandard

/// Opens packs and reads the records in them, front to back. Its buffers serve one pack after the other.
///
/// A pack is valid when both frames hold as many bytes as it says, the records fill the heads exactly, there are as
/// many as it says, and their ranges have all bytes of the data. No record in it is a pack or a footer.
struct PackReader: ~Copyable {
    private var decompressor: Decompressor?
    private var heads: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var dataBytes = 0
    private var count = 0
    private var reference = PackFormat.Reference()
    private var headOffset = 0
    private var dataOffset = 0

    /// The number of the present record in its pack, from 0.
    private(set) var index = -1
    private(set) var header = RecordHeader(
        .void,
        flags: 0,
        payloadBytes: 0,
        file: .root,
        firstSequence: .none,
        time: Instant(nanoseconds: 0)
    )
    /// The present record's payload; without the bytes of its ranges when those were not wanted.
    private(set) var payload: [UInt8] = []
    /// What the records up to and with the present one take, of all that they take, uncompressed and in bytes.
    var progress: (done: Int, of: Int) { (headOffset + dataOffset, heads.count + dataBytes) }

    /// Opens the pack with that payload.
    mutating func open(_ payload: RawSpan, wantsData: Bool) throws(FormatError) {
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
            hasData = wantsData && dataBytes > 0
            if hasData {
                let frame = payload.extracting(headEnd..<payload.byteCount)
                try decompressor!.decompress(frame, prefix: nil, exactly: dataBytes, into: &data)
            }
        } catch {
            throw .malformed(at: 0, "a pack that cannot be unpacked (\(error))")
        }
        reference = PackFormat.Reference()
        (headOffset, dataOffset, index) = (0, 0, -1)
    }

    /// Moves to the next record; false when there is none.
    mutating func next() throws(FormatError) -> Bool {
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
        guard head.type != RecordType.pack.rawValue, head.type != RecordType.footer.rawValue else {
            throw .malformed(at: 0, "a pack in a pack")
        }
        let payloadSpan = span.extracting(start..<headOffset)
        payload.removeAll(keepingCapacity: payload.capacity <= 16 << 20)
        payload.append(contentsOf: payloadSpan)
        let rangeBytes = Self.rangeBytes(of: head, payloadSpan)
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

    /// How many bytes of the data are the record's.
    private static func rangeBytes(of head: PackedHead, _ payload: RawSpan) -> UInt64 {
        guard head.type == RecordType.changes.rawValue, payload.byteCount >= ChangesFormat.headerBytes,
            payload.byte(at: ChangesFormat.Offset.encoding) == ChangesFormat.Encoding.byteRanges.rawValue
        else { return 0 }
        return payload.littleEndianUInt64(at: ChangesFormat.Offset.rawBytes)
    }
}
