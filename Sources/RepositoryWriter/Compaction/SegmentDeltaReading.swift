import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Reads the segment deltas of a compacted draft and applies them to a copy of the images at the start of its
/// segments.
struct SegmentDeltaReading: ~Copyable {
    private let root: RootDescription
    private let scan: SegmentScan
    private let draft: FilePath
    private let start: CompactionImages
    private let directory: FilePath
    /// Made with the first segment delta.
    private var images: CompactionImages?
    private var opener: RecordOpener
    private var states: [FileID: SnapshotState] = [:]

    /// `start`: the images, which are not changed. The copy is made in `directory`, which must not exist yet.
    init(
        _ root: RootDescription,
        _ scan: SegmentScan,
        at draft: FilePath,
        _ start: CompactionImages,
        in directory: FilePath
    ) throws {
        self.root = root
        self.scan = scan
        self.draft = draft
        self.start = start
        self.directory = directory
        opener = try RecordOpener()
    }

    /// Whether there are no segment deltas, or they give each file its state at the end of the segments, with
    /// a matching digest. Throws `DamageError` when they cannot be read, `SystemError`, or
    /// `RepositoryError.unsupported`.
    consuming func run() throws -> Bool {
        defer { try? Directory.removeTree(directory) }
        let first = scan.segments.lowerBound
        let stream = StreamReader(
            root: root,
            start: first,
            wantsData: true,
            deltasUpTo: SequenceNumber(.max),
            refusesUnknown: true,
            draft: (first, draft)
        )
        var damage: DamageError?
        _ = try stream.run(
            onFinding: { finding in
                if finding.file == draft { damage = damage ?? DamageError(finding) }
            },
            onRecord: { type, header, payload, place in
                guard place.location.segment == first, place.isInDelta, damage == nil else { return false }
                let images = try images ?? start.copy(for: scan, in: directory)
                self.images = images
                switch type {
                case .base:
                    let base = try place.reading(try BaseReference(payload))
                    try images.apply(base, header.firstSequence, header.file, scan.pages[header.file]!)
                case .changes: try readChanges(header, payload, place, images)
                default: break
                }
                return true
            }
        )
        if let damage { throw damage }
        return images == nil
            || states == scan.last.keys.reduce(into: [:]) { $0[$1] = scan.after.files[$1]?.last }
    }

    private mutating func readChanges(
        _ header: RecordHeader,
        _ payload: RawSpan,
        _ place: RecordPlace,
        _ images: CompactionImages
    ) throws {
        try opener.decode(payload, header, place)
        try images.open(&opener, payload, place, header.file)
        for entry in opener.changes.entries {
            try images.apply(entry, of: opener, place, header.file) { _, _, _ in }
            states[header.file] = SnapshotState(header.firstSequence, entry) ?? states[header.file]
        }
    }
}
