import RepositoryFormat
import Zstandard

/// The content of a pack or a summary before compression.
struct PackContent {
    /// The zstd level. On 3,000 transactions in one pack, level 3 took 13 percent more and level 19 took 7
    /// percent less.
    private static let level = 9
    /// For zstd; its own choice would take four times the memory for 0.3 percent.
    private static let tableLog = 20

    var heads: [UInt8] = []
    /// The bytes of all ranges.
    var data: [UInt8] = []
    var recordCount = 0
    private var reference = PackFormat.Reference()

    /// Adds a record. `payload`: without the bytes of ranges, which are the last of `data`.
    mutating func append(_ header: RecordHeader, _ payload: RawSpan) {
        PackedHead(header, payloadBytes: payload.byteCount).encode(into: &heads, after: &reference)
        heads.append(contentsOf: payload)
        recordCount += 1
    }

    mutating func removeAll() {
        heads.removeAll()
        data.removeAll()
        recordCount = 0
        reference = PackFormat.Reference()
    }

    /// Appends the payload of a pack. `prefix`: of the data.
    func encode(
        into payload: inout [UInt8],
        prefix: [UInt8],
        _ compressor: inout Compressor
    ) throws(ZstandardError) {
        // The frames are written in place, because they are large.
        let start = payload.count
        payload.append(zeros: PackFormat.headerBytes)
        let headFrameBytes = try Self.compress(heads, prefix: [], &compressor, into: &payload)
        if !data.isEmpty { _ = try Self.compress(data, prefix: prefix, &compressor, into: &payload) }
        var header: [UInt8] = []
        header.append(UInt32(recordCount))
        header.append(UInt32(heads.count))
        header.append(UInt32(data.count))
        header.append(UInt32(headFrameBytes))
        payload.replaceSubrange(start..<start + PackFormat.headerBytes, with: header)
    }

    private static func compress(
        _ content: [UInt8],
        prefix: [UInt8],
        _ compressor: inout Compressor,
        into frames: inout [UInt8]
    ) throws(ZstandardError) -> Int {
        try compressor.compress(
            unsafe content.span.bytes,
            prefix: unsafe prefix.span.bytes,
            level: level,
            tableLog: tableLog,
            into: &frames
        )
    }
}
