import LinuxFiles
import SQLiteFiles
import SystemPackage
import Zstandard

/// Writes a sealed segment: its header, packs, a footer. Changes become byte ranges, and neighbouring records of one
/// file become one.
final class PackWriter: SegmentSink {
    /// Of zstd; on 3,000 transactions, all in one pack, level 3 took an eighth more and level 19 a fifteenth less.
    private static let level = 9
    /// Of zstd; its own choice would take four times the memory for three thousandths.
    private static let tableLog = 20
    /// A pack is ended when it has so much, in bytes.
    private static let fullDataBytes = 4 << 20
    private static let fullHeadBytes = 2 << 20

    private let file: OpenFile
    private let segment: Sequence
    private var position = SegmentHeader.byteCount
    private var compressor: Compressor
    private var heads: [UInt8] = []
    private var data: [UInt8] = []
    private var recordCount = 0
    private var packedCount: UInt64 = 0
    private var reference = PackFormat.Reference()
    /// Changes that neighbours may still be added to; its bytes are the last of `data`.
    private var run: RangesRun?
    private var lastTime = Instant(nanoseconds: 0)

    /// Begins a draft at `path`, whose content before is lost. `header`: of the segment that will be replaced.
    init(_ header: SegmentHeader, at path: FilePath) throws {
        file = try OpenFile(path, .updateOrCreate)
        segment = header.firstSequence
        compressor = try Compressor()
        // Growing by doubling would take half as much again.
        data.reserveCapacity(Self.fullDataBytes)
        var sealed = header
        sealed.isSealed = true
        let bytes = sealed.encoded()
        try file.truncate(to: 0)
        try file.write(unsafe bytes.span.bytes, at: 0)
    }

    func append(_ header: RecordHeader, _ payload: RawSpan) throws {
        try endRun()
        encodeHead(header, payload)
        try endPackIfFull()
    }

    func begin(_ header: RecordHeader, _ changes: ChangesFormat) throws {
        try begin(
            header,
            changes.pageSize,
            continues: changes.continues,
            startsFresh: changes.entries.first?.startsFresh ?? true
        )
    }

    /// The same. `continues`: parts of the first snapshot are in earlier records; `startsFresh`: the first entry does.
    func begin(
        _ header: RecordHeader,
        _ pageSize: PageSize,
        continues: Bool,
        startsFresh: Bool
    ) throws {
        if !continues, !startsFresh, run?.takes(header, pageSize, dataEnd: data.count) ?? false {
            run!.join(header)
            return
        }
        try endRun()
        try endPackIfFull()
        run = RangesRun(header, pageSize, continues: continues, dataStart: data.count)
    }

    func append(_ number: UInt32, _ old: RawSpan, _ new: RawSpan) {
        run!.append(number, old, new, into: &data)
    }

    /// A page of the present entry: what of its content is to be put in.
    func append(_ number: UInt32, _ ranges: [ByteRange], of content: RawSpan) {
        run!.append(number, ranges, of: content, into: &data)
    }

    func end(_ entry: ChangesFormat.Entry) throws {
        run!.end(entry)
    }

    private func endRun() throws {
        guard let ended = run.take(), ended.entryCount > 0 else { return }
        let payload = ended.payload(dataBytes: data.count - ended.dataStart)
        encodeHead(ended.header, unsafe payload.span.bytes)
    }

    private func encodeHead(_ header: RecordHeader, _ payload: RawSpan) {
        PackedHead(header, payloadBytes: payload.byteCount).encode(into: &heads, after: &reference)
        heads.append(contentsOf: payload)
        recordCount += 1
        lastTime = max(lastTime, header.time)
    }

    private func endPackIfFull() throws {
        guard heads.count >= Self.fullHeadBytes || data.count >= Self.fullDataBytes else { return }
        try endPack()
    }

    private func endPack() throws {
        guard recordCount > 0 else { return }
        // Everything is made in its place, for it is large.
        var record = [UInt8](repeating: 0, count: RecordHeader.byteCount + PackFormat.headerBytes)
        let headFrameBytes: Int
        do {
            let heads = heads
            headFrameBytes = try compress(unsafe heads.span.bytes, into: &record)
        }
        if !data.isEmpty {
            let data = data
            _ = try compress(unsafe data.span.bytes, into: &record)
        }
        var header: [UInt8] = []
        header.append(UInt32(recordCount))
        header.append(UInt32(heads.count))
        header.append(UInt32(data.count))
        header.append(UInt32(headFrameBytes))
        let place = RecordHeader.byteCount..<RecordHeader.byteCount + PackFormat.headerBytes
        record.replaceSubrange(place, with: header)
        try write(.pack, &record)
        packedCount += UInt64(recordCount)
        self.heads.removeAll()
        self.data.removeAll()
        recordCount = 0
        reference = PackFormat.Reference()
    }

    private func compress(_ content: RawSpan, into frames: inout [UInt8]) throws(ZstandardError) -> Int {
        try compressor.compress(
            content,
            prefix: nil,
            level: Self.level,
            tableLog: Self.tableLog,
            into: &frames
        )
    }

    /// `bytes`: room for the record's header, then its payload.
    private func write(_ type: RecordType, _ bytes: inout [UInt8]) throws(SystemError) {
        let header = RecordHeader(
            type,
            flags: RecordHeader.Flag.startsFlush,
            payloadBytes: bytes.count - RecordHeader.byteCount,
            file: .root,
            firstSequence: .none,
            time: lastTime
        )
        header.write(into: &bytes, at: 0, offset: position, segment: segment)
        try file.write(unsafe bytes.span.bytes, at: position)
        position += UInt64(bytes.count)
    }

    /// Writes what is left and the footer, and waits until all is on the disk. `last`: the last segment that it is for.
    func finish(replacing last: Sequence) throws {
        try endRun()
        try endPack()
        var record = [UInt8](repeating: 0, count: RecordHeader.byteCount)
        FooterFormat(recordCount: packedCount, lastReplaced: last).encode(into: &record)
        try write(.footer, &record)
        try file.synchronise()
    }
}
