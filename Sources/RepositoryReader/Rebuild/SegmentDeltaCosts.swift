import LinuxSystem
import RepositoryFormat

/// The cost of restoring each file as of the end of a segment, if its segment deltas are used.
struct SegmentDeltaCosts {
    let first: SequenceNumber
    private(set) var costs: [FileID: RestoreCost] = [:]
    /// The costs before the segment.
    private let former: [FileID: RestoreCost]
    private var changes = ChangesFormat()

    init(_ first: SequenceNumber, _ former: [FileID: RestoreCost]) {
        (self.first, self.former) = (first, former)
    }

    /// Adds the files of a segment delta with that header and payload.
    mutating func add(
        _ payload: RawSpan,
        _ header: RecordHeader,
        _ place: RecordPlace,
        _ root: RootDescription,
        _ blocks: inout BlockReader
    ) throws {
        try place.reading(try blocks.open(delta: payload) { _ in false })
        var shares = ProportionalShares()
        while try place.reading(try blocks.next()) {
            let (done, all) = blocks.progress
            let (record, bytes) = (blocks.header, blocks.payload)
            let share = shares.next(of: UInt64(header.recordBytes), upTo: done, of: all)
            var cost = RestoreCost(readBytes: share)
            if record.type == RecordType.base.rawValue {
                let base = root.basePath(record.firstSequence, record.file)
                cost.readBytes.addSaturated((try? root.baseFiles.sizeBytes(base)) ?? 0)
                costs[record.file] = cost
            } else {
                try changes.decode(unsafe bytes.span.bytes, record, place)
                cost.pageBytes = UInt64(changes.rawBytes)
                let startsFresh = changes.entries.first?.startsFresh ?? true
                let before = costs[record.file] ?? (startsFresh ? nil : former[record.file])
                costs[record.file] = (before ?? RestoreCost()) + cost
            }
        }
    }
}
