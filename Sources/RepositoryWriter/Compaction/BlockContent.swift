import RepositoryFormat
import Zstandard

/// The content of a block or a segment delta before compression.
struct BlockContent {
    /// The zstd level. On 3,000 transactions in one block, level 3 took 13 percent more and level 19 took 7
    /// percent less.
    private static let level = 9
    /// A block is ended when it has this many bytes, of data or of record headers.
    static let fullDataBytes = 4 << 20
    static let fullHeaderBytes = 2 << 20
    /// For zstd; its own choice would take four times the memory for 0.3 percent.
    private static let tableLog = 20

    var recordHeaders: [UInt8] = []
    /// The bytes of all ranges.
    var data: [UInt8] = []
    var recordCount = 0
    private var reference = BlockFormat.Reference()

    /// Adds a record. `payload`: without the bytes of ranges, which are the last of `data`.
    mutating func append(_ header: RecordHeader, _ payload: RawSpan) {
        header.encode(inBlock: &recordHeaders, payloadBytes: payload.byteCount, after: &reference)
        recordHeaders.append(contentsOf: payload)
        recordCount += 1
    }

    mutating func removeAll() {
        recordHeaders.removeAll()
        data.removeAll()
        recordCount = 0
        reference = BlockFormat.Reference()
    }

    /// Appends the payload of a block. `prefix`: of the data.
    func encode(
        into payload: inout [UInt8],
        prefix: [UInt8],
        _ compressor: inout Compressor
    ) throws(ZstandardError) {
        // The frames are written in place, because they are large.
        let start = payload.count
        payload.append(zeros: BlockFormat.headerBytes)
        let recordHeaderFrameBytes = try Self.compress(recordHeaders, prefix: [], &compressor, into: &payload)
        if !data.isEmpty { _ = try Self.compress(data, prefix: prefix, &compressor, into: &payload) }
        var header: [UInt8] = []
        header.append(UInt32(recordCount))
        header.append(UInt32(recordHeaders.count))
        header.append(UInt32(data.count))
        header.append(UInt32(recordHeaderFrameBytes))
        payload.replaceSubrange(start..<start + BlockFormat.headerBytes, with: header)
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
