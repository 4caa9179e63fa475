import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Reads the summaries of a sealed draft and lays them over a copy of the images that its segments begin
/// with.
struct SummaryReading: ~Copyable {
    private let root: RootDescription
    private let scan: SegmentScan
    private let draft: FilePath
    private let start: CompactionImages
    private let directory: FilePath
    /// Made with the first summary.
    private var images: CompactionImages?
    private var opener: RecordOpener
    private var states: [FileID: SnapshotState] = [:]

    /// `start`: the images, which stay as they are; the copy comes into `directory`, which must not exist
    /// yet.
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

    /// Whether they say of each file what the segments say at their end, each image with its digest, or there
    /// are none. Throws `DamageError` when they cannot be read, `SystemError`, or
    /// `RepositoryError.unsupported`.
    consuming func run() throws -> Bool {
        defer { try? Directory.removeTree(directory) }
        let first = scan.segments.lowerBound
        var walk = StreamReader(root: root, start: first, wantsData: true, refusesUnknown: true)
        walk.draft = (first, draft)
        walk.summarisedUpTo = SequenceNumber(.max)
        var damage: DamageError?
        _ = try walk.run(
            onFinding: { finding in
                guard damage == nil, finding.file == draft else { return }
                damage = DamageError(finding)
            },
            onRecord: { type, header, payload, place in
                guard place.location.segment == first, place.isSummarised, damage == nil else { return false }
                let images = try images ?? start.copy(for: scan, in: directory)
                self.images = images
                switch type {
                case .base:
                    let base = try place.reading { () throws(FormatError) in try BaseReference(payload) }
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
            guard let event = entry.event else { continue }
            states[header.file] = SnapshotState(
                sequence: header.firstSequence,
                time: entry.time,
                event: event,
                shape: entry.shape,
                digest: entry.digest
            )
        }
    }
}
