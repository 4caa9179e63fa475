import RepositoryFormat
import RepositoryReader
import SystemPackage

/// The destination of the records of rewritten segments, in order.
protocol SegmentSink: AnyObject {
    /// Appends a record other than a changes record.
    func append(_ header: RecordHeader, _ payload: RawSpan) throws
    /// Begins a record of changes; for each entry its pages follow, then `end`.
    func begin(_ header: RecordHeader, _ changes: ChangesFormat) throws
    /// Appends a page of the current entry, before and after.
    func append(_ number: UInt32, _ old: RawSpan, _ new: RawSpan)
    /// The current entry has all its pages, and the images show it.
    func end(_ entry: ChangesFormat.Entry) throws
}

/// Reads all records of some segments, applies them to their images, and passes them to a sink if there is
/// one. Voided records are omitted.
struct SegmentReading<Sink: SegmentSink>: ~Copyable {
    private let root: RootDescription
    private let scan: SegmentScan
    private let draft: FilePath?
    private let images: CompactionImages
    private let shouldContinue: () -> Bool
    private let sink: Sink?
    private var opener: RecordOpener
    private var tracker: HistoryTracker
    private var snapshots: [RewrittenSnapshot] = []

    /// `draft`: the file to read instead of the segments; nil for the segments themselves.
    init(
        _ root: RootDescription,
        _ scan: SegmentScan,
        at draft: FilePath? = nil,
        _ images: CompactionImages,
        _ shouldContinue: @escaping () -> Bool,
        into sink: Sink? = nil
    ) throws {
        self.root = root
        self.scan = scan
        self.draft = draft
        self.images = images
        self.shouldContinue = shouldContinue
        self.sink = sink
        opener = try RecordOpener()
        tracker = scan.before
    }

    /// Returns all snapshots; each matched its digest. Throws `DamageError` when one did not, or when a
    /// record cannot be read. Also throws `RootCompaction.Interruption`, `SystemError`, or
    /// `RepositoryError.unsupported`.
    consuming func run() throws -> [RewrittenSnapshot] {
        let segments = scan.segments
        let stream = StreamReader(
            root: root,
            start: segments.lowerBound,
            wantsData: true,
            refusesUnknown: true,
            draft: draft.map { (segments.lowerBound, $0) }
        )
        var damage: DamageError?
        _ = try stream.run(
            onFinding: { finding in
                // An unfinished write at the end of a segment is no damage.
                let isDamage = finding.severity == .error && finding.segment.map(segments.contains) ?? false
                if finding.file == draft || isDamage { damage = damage ?? DamageError(finding) }
            },
            onRecord: { type, header, payload, place in
                guard segments.contains(place.location.segment), damage == nil else { return false }
                guard shouldContinue() else { throw RootCompaction.Interruption() }
                try read(type, header, payload, place)
                return true
            }
        )
        if let damage { throw damage }
        return snapshots
    }

    private mutating func read(
        _ type: RecordType,
        _ header: RecordHeader,
        _ payload: RawSpan,
        _ place: RecordPlace
    ) throws {
        try tracker.consume(type, header, payload, place) { event in
            switch event {
            case .snapshot(let record):
                snapshots.append(
                    RewrittenSnapshot(
                        file: record.file,
                        state: record.state,
                        coalesced: record.coalesced,
                        isConsistentPoint: record.isConsistentPoint
                    )
                )
            case .finding(let finding): throw DamageError(finding)
            default: break
            }
        }
        switch type {
        case .footer, .block, .segmentDelta, .removed: break
        case .changes: try readChanges(header, payload, place)
        case .base:
            guard !isVoid(header.file, place, entry: 0) else { return }
            let base = try place.reading(try BaseReference(payload))
            try images.apply(base, header.firstSequence, header.file, scan.pages[header.file]!)
            try sink?.append(header, payload)
        case .session, .file, .gap, .annotation, .attributes, .void: try sink?.append(header, payload)
        }
    }

    /// The draft has no void entries, and other places.
    private func isVoid(_ file: FileID, _ place: RecordPlace, entry: Int) -> Bool {
        sink != nil && scan.isVoid(file, place.location, entry: entry)
    }

    private mutating func readChanges(
        _ header: RecordHeader,
        _ payload: RawSpan,
        _ place: RecordPlace
    ) throws {
        let id = header.file
        guard !isVoid(id, place, entry: 0) else { return }
        try opener.decode(payload, header, place)
        try images.open(&opener, payload, place, id)
        try sink?.begin(header, opener.changes)
        for (index, entry) in opener.changes.entries.enumerated() {
            // Void entries are at the end of a record.
            if isVoid(id, place, entry: index) { break }
            try images.apply(entry, of: opener, place, id) { number, old, new in
                sink?.append(number, old, new)
            }
            try sink?.end(entry)
        }
    }
}

/// The fields of a snapshot that do not depend on where it is stored.
struct RewrittenSnapshot: Hashable {
    let file: FileID
    let state: SnapshotState
    let coalesced: UInt64
    let isConsistentPoint: Bool
}
