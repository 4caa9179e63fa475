import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import Zstandard

/// Writes one segment of a repair's kept records, as a draft. It is sealed and has no summaries. Records from
/// packs are packed again, others are copied.
final class RepairSegment {
    /// A pack is ended before it exceeds this many bytes.
    private static let fullDataBytes = 4 << 20
    private static let fullHeadBytes = 2 << 20

    let first: SequenceNumber
    /// The number of bytes written.
    private var byteCount = SegmentHeader.byteCount
    private let file: OpenFile
    private var compressor: Compressor
    private var pack = PackContent()
    private var packedCount: UInt64 = 0
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

    /// `isPacked`: the record is from a pack.
    func append(_ header: RecordHeader, _ payload: RawSpan, isPacked: Bool) throws {
        lastTime = header.time
        guard isPacked else {
            try endPack()
            var record = [UInt8](repeating: 0, count: RecordHeader.byteCount)
            record.append(contentsOf: payload)
            return try write(header, &record)
        }
        // fits: these bytes of the payload were in the data of its pack
        let dataBytes = Int(PackReader.rangeBytes(ofType: header.type, payload))
        let head = payload.extracting(0..<payload.byteCount - dataBytes)
        let isFull =
            pack.heads.count + head.byteCount > Self.fullHeadBytes
            || pack.data.count + dataBytes > Self.fullDataBytes
        if isFull { try endPack() }
        pack.append(header, head)
        pack.data.append(contentsOf: payload.extracting(head.byteCount..<payload.byteCount))
    }

    private func endPack() throws {
        guard pack.recordCount > 0 else { return }
        packedCount += UInt64(pack.recordCount)
        var record = [UInt8](repeating: 0, count: RecordHeader.byteCount)
        try pack.encode(into: &record, prefix: [], &compressor)
        pack.removeAll()
        try write(header(of: .pack, record), &record)
    }

    /// Writes the rest and the footer, and waits until everything is on the disk. `last`: the last segment
    /// that this one replaces.
    func finish(replacing last: SequenceNumber) throws {
        try endPack()
        var record = [UInt8](repeating: 0, count: RecordHeader.byteCount)
        FooterFormat(recordCount: packedCount, lastReplaced: last).encode(into: &record)
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
