import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import Zstandard

/// Writes one segment of a repair's kept records, as a draft. It is sealed and has no segment deltas. Records
/// from blocks are packed again, others are copied.
final class RepairSegment {
    var first: SequenceNumber { draft.firstSequence }
    private var draft: SealedDraft
    private var compressor: Compressor
    private var block = BlockContent()
    private var inBlockCount: UInt64 = 0
    private var lastTime: Instant

    /// Begins a draft at `path`. Overwrites an existing file.
    init(_ header: SegmentHeader, at path: FilePath) throws {
        lastTime = header.created
        draft = try SealedDraft(header, at: path)
        compressor = try Compressor()
    }

    /// `isInBlock`: the record is from a block.
    func append(_ header: RecordHeader, _ payload: RawSpan, isInBlock: Bool) throws {
        lastTime = header.time
        guard isInBlock else {
            try endBlock()
            var record = SealedDraft.emptyRecord
            record.append(contentsOf: payload)
            return try draft.write(header, &record)
        }
        // fits: these bytes of the payload were in the data of its block
        let dataBytes = Int(BlockReader.rangeBytes(ofType: header.type, payload))
        let table = payload.extracting(0..<payload.byteCount - dataBytes)
        // It is ended before it would be longer.
        let isFull =
            block.recordHeaders.count + table.byteCount > BlockContent.fullHeaderBytes
            || block.data.count + dataBytes > BlockContent.fullDataBytes
        if isFull { try endBlock() }
        block.append(header, table)
        block.data.append(contentsOf: payload.extracting(table.byteCount..<payload.byteCount))
    }

    private func endBlock() throws {
        guard block.recordCount > 0 else { return }
        inBlockCount += UInt64(block.recordCount)
        var record = SealedDraft.emptyRecord
        try block.encode(into: &record, prefix: [], &compressor)
        block.removeAll()
        try draft.write(.block, lastTime, &record)
    }

    /// Writes the rest and the footer, and waits until everything is on the disk. `last`: the last segment
    /// that this one replaces.
    func finish(replacing last: SequenceNumber) throws {
        try endBlock()
        try draft.finish(inBlockCount, replacing: last, lastTime)
    }
}
