import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// The state that is needed before segments are rewritten. Made in one pass over the tables of the stream up
/// to their end. If the state before them is known, only these segments are read.
struct SegmentScan {
    /// The first and the last of consecutive segments.
    let segments: ClosedRange<SequenceNumber>
    /// Whether they can be rewritten.
    private(set) var isFit = true
    /// Whether an unfinished write is at the end of one of them. It has no record.
    private(set) var endsTorn = false
    /// The first damage that was found in them.
    private(set) var damage: DamageError?
    /// The lowest length to which each file was cut, and the greatest length before, in bytes.
    private var cuts: [FileID: Range<UInt64>] = [:]
    /// The state of the stream before them.
    private(set) var before = HistoryTracker()
    /// The state of the stream at their end.
    private(set) var after = HistoryTracker()
    /// For each file, the pages that they change or cut off.
    private(set) var pages: [FileID: PageBitmap] = [:]
    /// Files that start anew in them before any other change: their earlier content is not needed.
    private(set) var anew: Set<FileID> = []
    /// The last snapshot of each file in them.
    private(set) var last: [FileID: SequenceNumber] = [:]

    private var shapes: [FileID: ImageSize] = [:]
    private var assemblers: [FileID: SnapshotAssembler] = [:]
    /// Files of which they have something that was not voided so far.
    private var seen: Set<FileID> = []

    /// Nil when the segments are not in the stream. `known`: the state of the stream before them.
    init?(
        _ root: RootDescription,
        _ segments: ClosedRange<SequenceNumber>,
        after known: HistoryTracker?
    ) throws {
        var tracker = known ?? HistoryTracker()
        var (changes, isReached) = (ChangesFormat(), false)
        self.segments = segments
        let start = known == nil ? SequenceNumber.none : segments.lowerBound
        _ = try StreamReader(root: root, start: start, refusesUnknown: true).run(
            onFinding: { finding in
                guard finding.segment.map(segments.contains) ?? false else { return }
                guard finding.severity == .error else { return endsTorn = true }
                isFit = false
                damage = damage ?? DamageError(finding)
            },
            onRecord: { type, header, payload, place in
                guard place.location.segment <= segments.upperBound else { return false }
                if place.location.segment >= segments.lowerBound, !isReached {
                    isReached = true
                    begin(tracker)
                }
                try tracker.consume(type, header, payload, place) { event in
                    if isReached, case .finding = event { isFit = false }
                }
                guard isReached else { return true }
                switch type {
                case .base:
                    let base = try place.reading(try BaseReference(payload))
                    saw(base, header.file, place.location)
                case .changes:
                    try changes.decode(payload, header, place)
                    saw(changes, header, place.location)
                case .session:
                    for id in Array(assemblers.keys) { sawVoid(id, tracker, place.location) }
                case .void: sawVoid(header.file, tracker, place.location)
                default: break
                }
                return true
            }
        )
        guard isReached else { return nil }
        if tracker.hasUnfinished { isFit = false }
        after = tracker
    }

    /// Whether the entry, or base, is void.
    func isVoid(_ file: FileID, _ record: RecordLocation, entry: Int) -> Bool {
        assemblers[file]?.isVoid(SnapshotAssembler.Place(record, entry: entry)) ?? false
    }

    private mutating func begin(_ tracker: HistoryTracker) {
        before = tracker
        if tracker.hasUnfinished { isFit = false }
        for (id, track) in tracker.files { shapes[id] = track.last?.shape }
    }

    private mutating func saw(_ base: BaseReference, _ file: FileID, _ record: RecordLocation) {
        if seen.insert(file).inserted { anew.insert(file) }
        assemblers[file, default: SnapshotAssembler()].sawBase(record)
        if pages[file] == nil { pages[file] = PageBitmap() }
        shapes[file] = base.shape
    }

    private mutating func saw(_ changes: ChangesFormat, _ header: RecordHeader, _ record: RecordLocation) {
        let file = header.file
        last[file] = changes.lastSequence(header) ?? last[file]
        if seen.insert(file).inserted, changes.entries.first?.startsFresh ?? false { anew.insert(file) }
        var bitmap = pages.removeValue(forKey: file) ?? PageBitmap()
        for (index, entry) in changes.entries.enumerated() {
            let place = SnapshotAssembler.Place(record, entry: index)
            assemblers[file, default: SnapshotAssembler()].saw(entry, at: place)
            if let old = shapes[file], !entry.startsFresh, old.byteCount != entry.shape.byteCount {
                // The digest excludes the pages that are cut off, and the one in which the image now ends.
                let kept = UInt32(min(old.byteCount, entry.shape.byteCount) / UInt64(old.pageSize.bytes))
                bitmap.insert(old.pageCount.pages(behind: PageCount(kept)))
                sawResize(file, from: old.byteCount, to: entry.shape.byteCount)
            }
            for index in entry.pages { bitmap.insert(PageNumber(changes.numbers[index])) }
            shapes[file] = entry.shape
        }
        pages[file] = bitmap
    }

    /// Pages that were cut off and added again are all named, so there must not be too many.
    private mutating func sawResize(_ file: FileID, from old: UInt64, to new: UInt64) {
        let cut = cuts[file]
        if new < old {
            cuts[file] = min(new, cut?.lowerBound ?? new)..<max(old, cut?.upperBound ?? old)
        } else if let cut, new > cut.lowerBound,
            min(new, cut.upperBound) - cut.lowerBound > Self.returningBytes
        {
            isFit = false
        }
    }

    /// The most bytes that may be added again after they were cut off.
    private static let returningBytes: UInt64 = 4 << 30

    /// `tracker`: its state after the record that voids.
    private mutating func sawVoid(_ file: FileID, _ tracker: HistoryTracker, _ record: RecordLocation) {
        guard assemblers[file]?.sawVoid(record) ?? false else { return }
        let last = tracker.files[file]?.last
        shapes[file] = last?.shape
        guard last?.sequence == before.files[file]?.last?.sequence else { return }
        // All of its changes so far are void.
        seen.remove(file)
        anew.remove(file)
    }
}
