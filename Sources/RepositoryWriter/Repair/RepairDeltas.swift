import RepositoryFormat
import RepositoryReader

/// The segment deltas of a segment (docs/FORMAT.md, "Segment deltas"). They can replace lost records.
struct RepairDeltas {
    struct File {
        let id: FileID
        /// Its last snapshot in the segment.
        let sequence: SequenceNumber
        let base: HeldRecord?
        let changes: HeldRecord
        let place: RecordPlace
        /// Whether its state before the segment is not needed.
        let beginsAnew: Bool
    }

    /// By the sequences of their snapshots, ascending.
    private(set) var files: [File] = []
    /// The number of files that `next` has passed.
    private var passed = 0
    /// The number of segment deltas that follow; nil before the first.
    private var following: Int?
    private var isBroken = false

    /// Whether files without a segment delta record were not changed in the segment.
    var isComplete: Bool { following == 0 && !isBroken }

    /// `areAllBefore`: no record of the segment before it is lost. Throws `DamageError`.
    mutating func take(_ payload: RawSpan, _ place: RecordPlace, areAllBefore: Bool) throws {
        let following = try place.reading(try SegmentDeltaFormat.following(payload))
        if !areAllBefore { isBroken = true }
        self.following = following
        var blocks = BlockReader()
        var base: HeldRecord?
        var changes = ChangesFormat()
        try place.reading(try blocks.open(delta: payload) { _ in true })
        while try place.reading(try blocks.next()) {
            let record = HeldRecord(header: blocks.header, payload: blocks.payload)
            if blocks.header.type == RecordType.base.rawValue {
                base = record
                continue
            }
            guard blocks.header.type == RecordType.changes.rawValue else { continue }
            try changes.decode(unsafe record.payload.span.bytes, record.header, place)
            guard let sequence = changes.lastSequence(record.header) else { continue }
            let own = base.flatMap { $0.header.file == record.header.file ? $0 : nil }
            let file = File(
                id: record.header.file,
                sequence: sequence,
                base: own,
                changes: record,
                place: place.inBlock(index: 0, storedBytes: 0),
                beginsAnew: own != nil || changes.entries.first?.startsFresh ?? false
            )
            files.append(file)
        }
        files.sort { $0.sequence < $1.sequence }
    }

    /// The next file whose snapshot comes before `end`.
    mutating func next(before end: SequenceNumber) -> File? {
        guard passed < files.count, files[passed].sequence < end else { return nil }
        defer { passed += 1 }
        return files[passed]
    }
}
