import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage
import Zstandard

/// Writes a sealed segment: its header, segment deltas, blocks and a footer. Changes become byte ranges, and
/// adjacent records of one file become one.
///
/// The content of blocks is kept in a temporary file until all of it is known, since it is compressed with
/// the segment deltas as prefix.
final class BlockWriter: SegmentSink {
    private var draft: SealedDraft
    private let waiting: OpenFile
    private let images: CompactionImages
    /// The last one of the segment.
    private let lastSequence: SequenceNumber
    private var compressor: Compressor
    private var block = BlockContent()
    private var waitingBlocks:
        [(recordHeaderBytes: Int, dataBytes: Int, recordCount: Int, lastTime: Instant)] = []
    private var waitingBytes: UInt64 = 0
    private var inBlockCount: UInt64 = 0
    private var delta: SegmentDelta
    /// Changes to which adjacent ones may still be added. Its bytes are the last of the block's data.
    private var batch: RangesBatch?
    private var lastTime = Instant(nanoseconds: 0)

    /// Begins a draft at `path`. Overwrites it and `waiting`, the temporary file. `header`: of the segment
    /// that will be replaced. `images`: finally those at the end of all segments in `scan`.
    init(
        _ header: SegmentHeader,
        _ scan: SegmentScan,
        _ images: CompactionImages,
        at path: FilePath,
        waiting: FilePath
    ) throws {
        draft = try SealedDraft(header, at: path)
        self.waiting = try OpenFile(waiting, .updateOrCreate)
        self.images = images
        lastSequence = scan.after.lastSequence
        delta = SegmentDelta { scan.before.files[$0]?.last?.shape.byteCount ?? 0 }
        compressor = try Compressor()
        // Growing by doubling would take 50 percent more memory.
        block.data.reserveCapacity(BlockContent.fullDataBytes)
    }

    func append(_ header: RecordHeader, _ payload: RawSpan) throws {
        try endBatch()
        if header.type == RecordType.base.rawValue { try delta.begin(header, base: payload) }
        encode(header, payload)
        try endBlockIfFull()
    }

    func begin(_ header: RecordHeader, _ changes: ChangesFormat) throws {
        let startsFresh = changes.entries.first?.startsFresh ?? true
        try begin(header, changes.pageSize, continues: changes.continues, startsFresh: startsFresh)
    }

    /// The same. `continues`: parts of the first snapshot are in earlier records; `startsFresh`: the first
    /// entry does.
    func begin(_ header: RecordHeader, _ pageSize: PageSize, continues: Bool, startsFresh: Bool) throws {
        delta.begin(header, startsFresh: startsFresh)
        if !continues, !startsFresh, batch?.takes(header, pageSize, dataEnd: block.data.count) ?? false {
            batch!.join(header)
            return
        }
        try endBatch()
        try endBlockIfFull()
        batch = RangesBatch(header, pageSize, continues: continues, dataStart: block.data.count)
    }

    func append(_ number: UInt32, _ old: RawSpan, _ new: RawSpan) {
        batch!.append(number, old, new, into: &block.data)
        delta.add(number, batch!.ranges)
    }

    /// A page of the current entry, and the ranges of its content that are stored.
    func append(_ number: UInt32, _ ranges: [ByteRange], of content: RawSpan) {
        batch!.append(number, ranges, of: content, into: &block.data)
        delta.add(number, ranges)
    }

    func end(_ entry: ChangesFormat.Entry) throws {
        batch!.end(entry)
        delta.end(entry)
    }

    private func endBatch() throws {
        guard let ended = batch.take(), ended.entryCount > 0 else { return }
        let payload = ended.payload(dataBytes: block.data.count - ended.dataStart)
        encode(ended.header, unsafe payload.span.bytes)
    }

    private func encode(_ header: RecordHeader, _ payload: RawSpan) {
        block.append(header, payload)
        lastTime = max(lastTime, header.time)
    }

    private func endBlockIfFull() throws {
        let isFull =
            block.recordHeaders.count >= BlockContent.fullHeaderBytes
            || block.data.count >= BlockContent.fullDataBytes
        if isFull { try endBlock() }
    }

    private func endBlock() throws {
        guard block.recordCount > 0 else { return }
        for bytes in [block.recordHeaders, block.data] where !bytes.isEmpty {
            try waiting.write(unsafe bytes.span.bytes, at: waitingBytes)
            waitingBytes += UInt64(bytes.count)
        }
        waitingBlocks.append((block.recordHeaders.count, block.data.count, block.recordCount, lastTime))
        inBlockCount += UInt64(block.recordCount)
        block.removeAll()
    }

    /// Writes the rest and the footer, and waits until everything is on the disk. `last`: the last segment
    /// that this one replaces.
    func finish(replacing last: SequenceNumber) throws {
        try endBatch()
        try endBlock()
        let deltas = try delta.coversAll ? SegmentDeltaBlocks(delta, images).blocks : []
        for (index, part) in deltas.enumerated() {
            var record = SealedDraft.emptyRecord
            record.append(UInt32(deltas.count - 1 - index))
            try part.encode(into: &record, prefix: [], &compressor)
            try draft.write(.segmentDelta, of: lastSequence, lastTime, &record)
        }
        try writeBlocks(prefix: deltas.flatMap(\.data))
        try draft.finish(inBlockCount, replacing: last, lastTime)
    }

    private func writeBlocks(prefix: [UInt8]) throws {
        var offset: UInt64 = 0
        for waits in waitingBlocks {
            block.recordCount = waits.recordCount
            try read(waits.recordHeaderBytes, at: &offset, into: &block.recordHeaders)
            try read(waits.dataBytes, at: &offset, into: &block.data)
            var record = SealedDraft.emptyRecord
            try block.encode(into: &record, prefix: prefix, &compressor)
            try draft.write(.block, waits.lastTime, &record)
        }
    }

    private func read(_ count: Int, at offset: inout UInt64, into bytes: inout [UInt8]) throws(SystemError) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(zeros: count)
        _ = try waiting.read(into: &bytes, count: count, at: offset)
        offset += UInt64(count)
    }
}
