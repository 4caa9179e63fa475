import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import Zstandard

/// Writes one segment of a repair's kept records, as a draft. It is sealed and has no segment deltas. Records
/// from blocks are packed again, others are copied.
final class RepairSegment {
    /// A block is ended before it exceeds this many bytes.
    private static let fullDataBytes = 4 << 20
    private static let fullHeadBytes = 2 << 20

    let first: SequenceNumber
    /// The number of bytes written.
    private var byteCount = SegmentHeader.byteCount
    private let file: OpenFile
    private var compressor: Compressor
    private var block = BlockContent()
    private var inBlockCount: UInt64 = 0
    private var lastTime: Instant

    /// Begins a draft at `path`. Overwrites an existing file.
    init(_ header: SegmentHeader, at path: FilePath) throws {
        first = header.firstSequence
        lastTime = header.created
        file = try OpenFile(path, .updateOrCreate)
        compressor = try Compressor()
        var sealed = header
        sealed.isSealed = true
        let bytes = sealed.encoded()
        try file.truncate(to: 0)
        try file.write(unsafe bytes.span.bytes, at: 0)
    }

    /// `isInBlock`: the record is from a block.
    func append(_ header: RecordHeader, _ payload: RawSpan, isInBlock: Bool) throws {
        lastTime = header.time
        guard isInBlock else {
            try endBlock()
            var record = [UInt8](repeating: 0, count: RecordHeader.byteCount)
            record.append(contentsOf: payload)
            return try write(header, &record)
        }
        // fits: these bytes of the payload were in the data of its block
        let dataBytes = Int(BlockReader.rangeBytes(ofType: header.type, payload))
        let head = payload.extracting(0..<payload.byteCount - dataBytes)
        let isFull =
            block.recordHeaders.count + head.byteCount > Self.fullHeadBytes
            || block.data.count + dataBytes > Self.fullDataBytes
        if isFull { try endBlock() }
        block.append(header, head)
        block.data.append(contentsOf: payload.extracting(head.byteCount..<payload.byteCount))
    }

    private func endBlock() throws {
        guard block.recordCount > 0 else { return }
        inBlockCount += UInt64(block.recordCount)
        var record = [UInt8](repeating: 0, count: RecordHeader.byteCount)
        try block.encode(into: &record, prefix: [], &compressor)
        block.removeAll()
        try write(header(of: .block, record), &record)
    }

    /// Writes the rest and the footer, and waits until everything is on the disk. `last`: the last segment
    /// that this one replaces.
    func finish(replacing last: SequenceNumber) throws {
        try endBlock()
        var record = [UInt8](repeating: 0, count: RecordHeader.byteCount)
        FooterFormat(recordCount: inBlockCount, lastReplaced: last).encode(into: &record)
        try write(header(of: .footer, record), &record)
        try file.synchronise()
    }

    private func header(of type: RecordType, _ record: [UInt8]) -> RecordHeader {
        RecordHeader(
            type,
            flags: RecordHeader.Flag.startsFlush,
            payloadBytes: record.count - RecordHeader.byteCount,
            file: .root,
            firstSequence: .none,
            time: lastTime
        )
    }

    /// `record`: space for the header, then the payload.
    private func write(_ header: RecordHeader, _ record: inout [UInt8]) throws(SystemError) {
        header.write(into: &record, at: 0, offset: byteCount, segment: first)
        try file.write(unsafe record.span.bytes, at: byteCount)
        byteCount += UInt64(record.count)
    }
}
