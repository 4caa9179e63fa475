import LinuxFiles
import SQLiteFiles
import SystemPackage

/// Reads all records of one segment, lays them over its images, and hands them to a writer of packs if there is one.
/// What never was, because it was voided, is left out.
struct SegmentReading: ~Copyable {
    /// What a snapshot says, wherever it is stored.
    struct Snapshot: Hashable {
        let file: FileID
        let state: SnapshotState
        let pageCount: UInt64
        let coalesced: UInt64
    }

    private let root: RootDescription
    private let scan: SegmentScan
    private let path: FilePath
    private let images: SealingImages
    private let goesOn: () -> Bool
    private let writer: PackWriter?
    private var opener: RecordOpener
    private var tracker: HistoryTracker
    private var snapshots: [Snapshot] = []

    /// `path`: the segment, or its draft.
    init(
        _ root: RootDescription,
        _ scan: SegmentScan,
        at path: FilePath,
        _ images: SealingImages,
        _ goesOn: @escaping () -> Bool,
        into writer: PackWriter? = nil
    ) throws {
        self.root = root
        self.scan = scan
        self.path = path
        self.images = images
        self.goesOn = goesOn
        self.writer = writer
        opener = try RecordOpener()
        tracker = scan.before
    }

    /// Returns all snapshots of the segment; each had its digest. Throws `DamageError` when one had not or a record
    /// cannot be read, `RootSealing.Interruption`, `SystemError`, or `RepositoryError.unsupported`.
    consuming func run() throws -> [Snapshot] {
        let segment = scan.segment
        var walk = StreamWalk(root: root, start: segment, wantsData: true, refusesUnknown: true)
        walk.draft = (segment, path)
        var damage: DamageError?
        _ = try walk.run(
            onFinding: { finding in
                guard finding.file == path, damage == nil else { return }
                damage = DamageError(finding.file, at: finding.offset, finding.message)
            },
            onRecord: { type, header, payload, place in
                guard place.location.segment == segment, damage == nil else { return false }
                guard goesOn() else { throw RootSealing.Interruption() }
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
            case .snapshot(let record): snapshots.append(Snapshot(record))
            case .finding(let finding): throw DamageError(finding.file, at: finding.offset, finding.message)
            default: break
            }
        }
        switch type {
        case .footer, .pack: break
        case .changes: try readChanges(header, payload, place)
        case .base:
            guard !isVoid(header.file, place, entry: 0) else { return }
            let base = try place.reading { () throws(FormatError) in try BaseReference(payload) }
            try images.apply(base, header.firstSequence, header.file, scan.pages[header.file]!)
            try writer?.append(header, payload)
        case .session, .file, .gap, .annotation, .void: try writer?.append(header, payload)
        }
    }

    /// In the draft there is nothing of that any more, and places are others.
    private func isVoid(_ file: FileID, _ place: RecordPlace, entry: Int) -> Bool {
        writer != nil && scan.isVoid(file, place.location, entry: entry)
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
        try writer?.begin(header, opener.changes)
        for (index, entry) in opener.changes.entries.enumerated() {
            // What is void stands at the end of a record.
            if isVoid(id, place, entry: index) { break }
            try images.apply(entry, of: opener, place, id) { number, old, new in
                writer?.append(number, old, new)
            }
            try writer?.end(entry)
        }
    }
}

extension SegmentReading.Snapshot {
    init(_ record: SnapshotRecord) {
        self.init(
            file: record.file,
            state: record.state,
            pageCount: record.pageCount,
            coalesced: record.coalesced
        )
    }
}
