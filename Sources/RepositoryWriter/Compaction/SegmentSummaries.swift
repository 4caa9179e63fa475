import RepositoryFormat

/// The summaries of a segment, in the order of the files' numbers. Each file has one record of changes,
/// preceded by its base if there is one.
struct SegmentSummaries {
    /// A summary is ended when it has this many bytes. So a reader of one file reads at most this much of
    /// others.
    private static let fullDataBytes = 1 << 20
    /// With more bytes than this there are no summaries: all of them are in memory when the packs are written
    /// and read.
    private static let mostDataBytes = 8 << 20

    private(set) var packs: [PackContent] = []
    private var dataBytes = 0
    private var pageBuffer: [UInt8] = []

    /// `images`: those of the segment's end.
    init(_ net: SegmentNet, _ images: CompactionImages) throws {
        var pack = PackContent()
        for (id, file) in net.files.sorted(by: { $0.key < $1.key }) {
            try add(id, file, images, to: &pack)
            guard dataBytes + pack.data.count <= Self.mostDataBytes,
                pack.heads.count <= PackFormat.maximumHeadBytes
            else {
                packs = []
                return
            }
            if pack.data.count >= Self.fullDataBytes { end(&pack) }
        }
        end(&pack)
    }

    private mutating func end(_ pack: inout PackContent) {
        guard pack.recordCount > 0 else { return }
        dataBytes += pack.data.count
        packs.append(pack)
        pack.removeAll()
    }

    private mutating func add(
        _ id: FileID,
        _ file: SegmentNet.File,
        _ images: CompactionImages,
        to pack: inout PackContent
    ) throws {
        guard let (sequence, entry) = file.last else { return }
        if let base = file.base { pack.append(base.header, unsafe base.payload.span.bytes) }
        let header = RecordHeader(
            .changes,
            flags: 0,
            payloadBytes: 0,
            file: id,
            firstSequence: sequence,
            time: entry.time
        )
        var run = RangesRun(
            header,
            entry.shape.pageSize,
            continues: file.base != nil,
            dataStart: pack.data.count
        )
        for page in file.net.ranges(in: entry.shape) {
            try images.read(page.number, of: id, into: &pageBuffer)
            run.append(page.number, page.ranges, of: unsafe pageBuffer.span.bytes, into: &pack.data)
        }
        var whole = entry
        whole.startsFresh = file.net.startsFresh
        run.end(whole)
        let payload = run.payload(dataBytes: pack.data.count - run.dataStart)
        pack.append(run.header, unsafe payload.span.bytes)
    }
}
