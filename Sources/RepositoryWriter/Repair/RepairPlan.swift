import LinuxSystem
package import RepositoryFormat
package import RepositoryReader
package import SystemPackage

/// The parts of a root that a repair would keep and quarantine. Made by reading only.
///
/// Everything before the first damaged segment is kept unchanged. From that segment on, all segments are
/// quarantined, and their kept records are written to new ones. Kept are the valid front of the damaged one,
/// and the records that `RepairFilter` keeps. A damaged base that a snapshot needs is damage at the record
/// that refers to it.
package struct RepairPlan: Sendable {
    /// A file that is quarantined, damaged from that byte on. The part of a segment before it is kept as
    /// well.
    package struct Item: Hashable, Sendable {
        package let path: FilePath
        package let offset: UInt64
    }

    /// In the order in which they are quarantined.
    package internal(set) var items: [Item] = []
    package internal(set) var snapshotsKept: UInt64 = 0
    /// The number of those that could still be read.
    package internal(set) var snapshotsQuarantined: UInt64 = 0
    package internal(set) var lastKept = SequenceNumber.none
    /// The time of the last kept record; nil when there is none.
    var lastKeptTime: Instant?
    /// The places of the losses.
    private(set) var scan: RepairScan?

    /// Nothing is damaged.
    package var isEmpty: Bool { items.isEmpty }
}

extension RepairPlan {
    /// Throws `RepositoryError.unsupported` if only a newer version can read the root, or `SystemError`.
    package init(_ root: RootDescription) throws {
        let scan = try RepairScan(root)
        let cut = scan.cut
        var keptBases: Set<FilePath> = []
        var frontEnd: UInt64 = 0
        try RepairReader(root, scan).run { step, _ in
            if step.isKept {
                lastKeptTime = max(lastKeptTime ?? step.header.time, step.header.time)
                snapshotsKept += UInt64(step.snapshots)
                lastKept = step.lastSequence ?? lastKept
                if step.type == .base {
                    keptBases.insert(root.basePath(step.header.firstSequence, step.header.file))
                }
            } else {
                snapshotsQuarantined += UInt64(step.snapshots)
            }
            if !step.isBehind, step.place.location.segment == cut?.segment { frontEnd = step.place.end }
        }
        self.scan = scan
        if cut != nil || scan.isMarkWrong { items = try Self.bases(of: root, without: keptBases) }
        if let cut {
            items += try root.segments().filter { $0 >= cut.segment }.reversed().map {
                Item(path: root.segmentPath($0), offset: $0 == cut.segment ? frontEnd : 0)
            }
        }
        items += scan.oldDamage.map { Item(path: $0, offset: 0) }
        let known = Set(items.map(\.path))
        items += try root.namesOfNoBases().filter { !known.contains($0) }.map { Item(path: $0, offset: 0) }
        if try root.lockPath.isNoRegularFile() { items.append(Item(path: root.lockPath, offset: 0)) }
        // Last: as long as the mark exists, the records that it covers are reported as missing.
        if cut != nil || scan.isMarkWrong,
            try FileStatus.unlessMissing(root.durableMarkPath, followingLinks: false) != nil
        {
            items.append(Item(path: root.durableMarkPath, offset: 0))
        }
    }

    /// Bases that no kept record names. Their sequences will be used again, and the bases would be
    /// overwritten.
    private static func bases(of root: RootDescription, without kept: Set<FilePath>) throws -> [Item] {
        try Directory.names(in: root.basesDirectory).filter(BaseName.isBase).map(
            root.basesDirectory.appending
        )
        .filter { !kept.contains($0) }.sorted { $0.string < $1.string }.map { Item(path: $0, offset: 0) }
    }
}

/// The first damage of a root's stream, and the records after it that are proven.
struct RepairScan: Sendable {
    private(set) var cut: RecordLocation?
    /// Bases that snapshots need, and that are damaged or missing.
    private(set) var damagedBases: Set<FilePath> = []
    private var segments: Set<SequenceNumber> = []
    /// Of records of changes after the first loss, the number of snapshots whose digests match.
    private(set) var proven: [RecordLocation: Int] = [:]
    /// The durable mark is damaged, or covers records that are missing.
    private(set) var isMarkWrong = false
    /// Segments that a writer has kept beside their valid fronts.
    private(set) var oldDamage: [FilePath] = []

    init(_ root: RootDescription) throws {
        segments = Set(try root.segments())
        var tracker = HistoryTracker()
        _ = try StreamReader(root: root).run(
            onFinding: { finding in
                tracker.lost(finding)
                guard finding.severity == .error else { return }
                if let segment = finding.segment, segments.contains(segment) {
                    note(RecordLocation(segment: segment, offset: finding.offset))
                } else {
                    isMarkWrong = true
                }
            },
            onRecord: { type, header, payload, place in
                do {
                    try tracker.consume(type, header, payload, place) { event in
                        if case .finding = event { note(place.location) }
                    }
                    if let base = tracker.endedBase {
                        let path = root.basePath(base.sequence, header.file)
                        if try !Self.isIntact(path, root, header.file, base.reference) {
                            damagedBases.insert(path)
                            note(base.location)
                        }
                    }
                } catch let damage as DamageError {
                    note(place.location)
                    throw damage
                }
                return true
            }
        )
        if let cut { proven = try Self.proven(root, behind: cut) }
        oldDamage = try Directory.names(in: root.segmentsDirectory)
            .filter { $0.extension?.hasPrefix("damaged") ?? false }.map(root.segmentsDirectory.appending)
    }

    /// Something is lost there. A block is kept as a whole or not at all.
    private mutating func note(_ location: RecordLocation) {
        let location = RecordLocation(segment: location.segment, offset: location.offset)
        cut = min(cut ?? location, location)
    }

    private static func proven(
        _ root: RootDescription,
        behind first: RecordLocation
    ) throws -> [RecordLocation: Int] {
        var counts: [RecordLocation: Int] = [:]
        let images = try HistoryCheck(root) { _ in }.largestImages
        var data = DataCheck(root: root, scratch: root.directory)
        data.onProven = { place in
            if place.location >= first { counts[place.location, default: 0] += 1 }
        }
        _ = try data.run(images) { _ in }
        return counts
    }

    /// Whether the finding is about the durable mark, or records that only the mark covers, and not about the
    /// stream.
    func isOfMark(_ finding: Finding) -> Bool {
        !(finding.segment.map(segments.contains) ?? false)
    }

    static func isIntact(
        _ path: FilePath,
        _ root: RootDescription,
        _ file: FileID,
        _ reference: BaseReference
    ) throws -> Bool {
        do {
            var reader = try BaseReader(path, root: root.id, file: file, reference: reference)
            try reader.forEachChunk(opening: false) { _, _ in }
            return true
        } catch is DamageError {
            return false
        }
    }
}
