import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage

/// What has to be known of segments before they are rewritten. Made by one walk over the tables of the stream
/// up to their end, or of them alone when it is known what comes before.
struct SegmentScan {
    /// The first and the last of neighbouring segments.
    let segments: ClosedRange<SequenceNumber>
    /// Nothing stands against rewriting them.
    private(set) var isFit = true
    /// The first damage that was found in them.
    private(set) var damage: DamageError?
    /// How far each file was cut, and from what length, in bytes.
    private var cuts: [FileID: Range<UInt64>] = [:]
    /// All that the stream says before them.
    private(set) var before = HistoryTracker()
    /// The same and they themselves.
    private(set) var after = HistoryTracker()
    /// Of each file, the pages that they change or cut off.
    private(set) var pages: [FileID: PageBitmap] = [:]
    /// Files that begin anew in them before anything else: what they were before is not needed.
    private(set) var anew: Set<FileID> = []
    /// Of each file, its last snapshot in them.
    private(set) var last: [FileID: SequenceNumber] = [:]

    private var shapes: [FileID: ImageSize] = [:]
    private var assemblers: [FileID: SnapshotAssembler] = [:]
    /// Files of which they have something that was not voided so far.
    private var seen: Set<FileID> = []

    /// Nil when the segments are not in the stream. `known`: all that the stream says before them.
    init?(
        _ root: RootDescription,
        _ segments: ClosedRange<SequenceNumber>,
        after known: HistoryTracker?
    ) throws {
        var tracker = known ?? HistoryTracker()
        var (changes, isReached, scan) = (ChangesFormat(), false, Self(segments))
        let start = known == nil ? SequenceNumber.none : segments.lowerBound
        _ = try StreamReader(root: root, start: start, refusesUnknown: true).run(
            onFinding: { finding in
                guard segments.contain(finding) else { return }
                scan.isFit = false
                if finding.severity == .error { scan.damage = scan.damage ?? DamageError(finding) }
            },
            onRecord: { type, header, payload, place in
                guard place.location.segment <= segments.upperBound else { return false }
                if place.location.segment >= segments.lowerBound, !isReached {
                    isReached = true
                    scan.begin(tracker)
                }
                try tracker.consume(type, header, payload, place) { event in
                    if isReached, case .finding = event { scan.isFit = false }
                }
                guard isReached else { return true }
                switch type {
                case .base:
                    let base = try place.reading { () throws(FormatError) in try BaseReference(payload) }
                    scan.saw(base, header.file, place.location)
                case .changes:
                    try changes.decode(payload, header, place)
                    scan.saw(changes, header, place.location)
                case .session:
                    for id in Array(scan.assemblers.keys) { scan.sawVoid(id, tracker, place.location) }
                case .void: scan.sawVoid(header.file, tracker, place.location)
                default: break
                }
                return true
            }
        )
        guard isReached else { return nil }
        if tracker.hasUnfinished { scan.isFit = false }
        scan.after = tracker
        self = scan
    }

    private init(_ segments: ClosedRange<SequenceNumber>) { self.segments = segments }

    /// Whether the entry, or base, never was.
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
        if changes.finishedCount > 0 {
            last[file] = header.firstSequence.advanced(by: changes.finishedCount).previous
        }
        if seen.insert(file).inserted, changes.entries.first?.startsFresh ?? false { anew.insert(file) }
        var bitmap = pages.removeValue(forKey: file) ?? PageBitmap()
        for (index, entry) in changes.entries.enumerated() {
            let place = SnapshotAssembler.Place(record, entry: index)
            assemblers[file, default: SnapshotAssembler()].saw(entry, at: place)
            if let old = shapes[file], !entry.startsFresh, old.byteCount != entry.shape.byteCount {
                // The digest takes them out: what is cut off, and the page that the end went through.
                let kept = UInt32(min(old.byteCount, entry.shape.byteCount) / UInt64(old.pageSize.bytes))
                bitmap.insert(old.pageCount.pages(behind: PageCount(kept)))
                sawResize(file, from: old.byteCount, to: entry.shape.byteCount)
            }
            for index in entry.pages { bitmap.insert(PageNumber(changes.numbers[index])) }
            shapes[file] = entry.shape
        }
        pages[file] = bitmap
    }

    /// Of what was cut off and came back each page is named, so there must not be too much of it.
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

    /// The most that may come back after it was cut off, in bytes.
    private static let returningBytes: UInt64 = 4 << 30

    /// `tracker`: as it is behind the record that voids.
    private mutating func sawVoid(_ file: FileID, _ tracker: HistoryTracker, _ record: RecordLocation) {
        guard assemblers[file]?.sawVoid(record) ?? false else { return }
        let last = tracker.files[file]?.last
        shapes[file] = last?.shape
        guard last?.sequence == before.files[file]?.last?.sequence else { return }
        // Nothing of it has been so far.
        seen.remove(file)
        anew.remove(file)
    }
}

extension ClosedRange<SequenceNumber> {
    /// Whether the finding is about one of the segments with these first sequences.
    func contain(_ finding: Finding) -> Bool {
        finding.file.lastComponent.flatMap(SegmentName.parse).map(contains) ?? false
    }
}
