import RepositoryFormat

/// The segment deltas of a segment, in the order of the files' numbers. Each file has one record of changes,
/// preceded by its base if there is one.
struct SegmentDeltaBlocks {
    /// A segment delta is ended when it has this many bytes. So a reader of one file reads at most this much
    /// of others.
    private static let fullDataBytes = 1 << 20
    /// With more bytes than this there are no segment deltas: all of them are in memory when the blocks are
    /// written and read.
    private static let mostDataBytes = 8 << 20

    private(set) var blocks: [BlockContent] = []
    private var dataBytes = 0
    private var pageBuffer: [UInt8] = []

    /// `images`: those of the segment's end.
    init(_ delta: SegmentDelta, _ images: CompactionImages) throws {
        var block = BlockContent()
        for (id, file) in delta.files.sorted(by: { $0.key < $1.key }) {
            try add(id, file, images, to: &block)
            guard dataBytes + block.data.count <= Self.mostDataBytes,
                block.recordHeaders.count <= BlockFormat.maximumRecordHeaderBytes
            else {
                blocks = []
                return
            }
            if block.data.count >= Self.fullDataBytes { end(&block) }
        }
        end(&block)
    }

    private mutating func end(_ block: inout BlockContent) {
        guard block.recordCount > 0 else { return }
        dataBytes += block.data.count
        blocks.append(block)
        block.removeAll()
    }

    private mutating func add(
        _ id: FileID,
        _ file: SegmentDelta.File,
        _ images: CompactionImages,
        to block: inout BlockContent
    ) throws {
        guard let (sequence, entry) = file.last else { return }
        if let base = file.base { block.append(base.header, unsafe base.payload.span.bytes) }
        let header = RecordHeader(.changes, file: id, firstSequence: sequence, time: entry.time)
        var batch = RangesBatch(
            header,
            entry.shape.pageSize,
            continues: file.base != nil,
            dataStart: block.data.count
        )
        for page in file.change.ranges(in: entry.shape) {
            try images.read(page.number, of: id, into: &pageBuffer)
            batch.append(page.number, page.ranges, of: unsafe pageBuffer.span.bytes, into: &block.data)
        }
        var whole = entry
        whole.startsFresh = file.change.startsFresh
        batch.end(whole)
        let payload = batch.payload(dataBytes: block.data.count - batch.dataStart)
        block.append(batch.header, unsafe payload.span.bytes)
    }
}
