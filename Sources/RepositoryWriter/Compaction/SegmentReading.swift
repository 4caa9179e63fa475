import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Where the records of segments go that are rewritten, in order.
protocol SegmentSink: AnyObject {
    /// A record that is no changes record.
    func append(_ header: RecordHeader, _ payload: RawSpan) throws
    /// A record of changes; for each entry its pages follow, then `end`.
    func begin(_ header: RecordHeader, _ changes: ChangesFormat) throws
    /// A page of the present entry, before and after.
    func append(_ number: UInt32, _ old: RawSpan, _ new: RawSpan)
    /// The present entry has all its pages, and the images show it.
    func end(_ entry: ChangesFormat.Entry) throws
}

/// Reads all records of some segments, lays them over their images, and hands them to a sink if there is one.
/// What never was, because it was voided, is left out.
struct SegmentReading<Sink: SegmentSink>: ~Copyable {
    private let root: RootDescription
    private let scan: SegmentScan
    private let draft: FilePath?
    private let images: CompactionImages
    private let goesOn: () -> Bool
    private let sink: Sink?
    private var opener: RecordOpener
    private var tracker: HistoryTracker
    private var snapshots: [RewrittenSnapshot] = []

    /// `draft`: is read in place of all the segments; nil for them themselves.
    init(
        _ root: RootDescription,
        _ scan: SegmentScan,
        at draft: FilePath? = nil,
        _ images: CompactionImages,
        _ goesOn: @escaping () -> Bool,
        into sink: Sink? = nil
    ) throws {
        self.root = root
        self.scan = scan
        self.draft = draft
        self.images = images
        self.goesOn = goesOn
        self.sink = sink
        opener = try RecordOpener()
        tracker = scan.before
    }

    /// Returns all snapshots that are in it; each had its digest. Throws `DamageError` when one had not or a
    /// record cannot be read, `RootCompaction.Interruption`, `SystemError`, or `RepositoryError.unsupported`.
    consuming func run() throws -> [RewrittenSnapshot] {
        let segments = scan.segments
        var walk = StreamReader(root: root, start: segments.lowerBound, wantsData: true, refusesUnknown: true)
        walk.draft = draft.map { (segments.lowerBound, $0) }
        var damage: DamageError?
        _ = try walk.run(
            onFinding: { finding in
                guard damage == nil, finding.file == draft || segments.contain(finding) else { return }
                damage = DamageError(finding)
            },
            onRecord: { type, header, payload, place in
                guard segments.contains(place.location.segment), damage == nil else { return false }
                guard goesOn() else { throw RootCompaction.Interruption() }
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
            case .snapshot(let record): snapshots.append(RewrittenSnapshot(record))
            case .finding(let finding): throw DamageError(finding)
            default: break
            }
        }
        switch type {
        case .footer, .pack, .summary, .removed: break
        case .changes: try readChanges(header, payload, place)
        case .base:
            guard !isVoid(header.file, place, entry: 0) else { return }
            let base = try place.reading { () throws(FormatError) in try BaseReference(payload) }
            try images.apply(base, header.firstSequence, header.file, scan.pages[header.file]!)
            try sink?.append(header, payload)
        case .session, .file, .gap, .annotation, .attributes, .void: try sink?.append(header, payload)
        }
    }

    /// In the draft there is nothing of that any more, and places are others.
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
            // What is void stands at the end of a record.
            if isVoid(id, place, entry: index) { break }
            try images.apply(entry, of: opener, place, id) { number, old, new in
                sink?.append(number, old, new)
            }
            try sink?.end(entry)
        }
    }
}

/// What a snapshot says, wherever it is stored.
struct RewrittenSnapshot: Hashable {
    let file: FileID
    let state: SnapshotState
    let coalesced: UInt64
    let isMoment: Bool
}

extension RewrittenSnapshot {
    init(_ record: SnapshotRecord) {
        self.init(
            file: record.file,
            state: record.state,
            coalesced: record.coalesced,
            isMoment: record.isMoment
        )
    }
}
