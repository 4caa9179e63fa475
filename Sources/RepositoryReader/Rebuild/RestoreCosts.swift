import LinuxSystem
package import RepositoryFormat

/// What a restore of a whole root has to do, in bytes.
package struct RestoreCost: Hashable, Sendable {
    /// As of this snapshot, the last one of the root then.
    package internal(set) var sequence = SequenceNumber.none
    /// Base images and records that are read, compressed as they are.
    package internal(set) var readBytes: UInt64 = 0
    /// Pages of those records, which are unpacked and put in one after the other.
    package internal(set) var pageBytes: UInt64 = 0
    /// The images that come of it.
    package internal(set) var imageBytes: UInt64 = 0

    package var totalBytes: UInt64 { readBytes.addingSaturated(pageBytes).addingSaturated(imageBytes) }

    package static func + (left: RestoreCost, right: RestoreCost) -> RestoreCost {
        var sum = left
        sum.readBytes.addSaturated(right.readBytes)
        sum.pageBytes.addSaturated(right.pageBytes)
        sum.imageBytes.addSaturated(right.imageBytes)
        return sum
    }

    /// What is left of a sum without one of its parts.
    package static func - (sum: RestoreCost, part: RestoreCost) -> RestoreCost {
        var rest = sum
        rest.readBytes = rest.readBytes.subtractingSaturated(part.readBytes)
        rest.pageBytes = rest.pageBytes.subtractingSaturated(part.pageBytes)
        rest.imageBytes = rest.imageBytes.subtractingSaturated(part.imageBytes)
        return rest
    }
}

/// Walks over a root's history and says what the restore of its latest moment costs, and that of the dearest.
///
/// Each file is read from its last base or fresh start on (`RebuildPlan`), of segments that end before what
/// is asked for only their summaries; a deleted one costs nothing.
package struct RestoreCosts: Sendable {
    package private(set) var latest = RestoreCost()
    package private(set) var worst = RestoreCost()

    /// Of each file, at its last finished snapshot; and from the start that an unfinished one has.
    private var finished: [FileID: RestoreCost] = [:]
    private var begun: [FileID: RestoreCost] = [:]

    /// Tells `body` all that `RootHistory.visit` tells. Throws what that throws.
    package init(_ root: RootDescription, _ body: (HistoryEvent) throws -> Void) throws {
        var tracker = HistoryTracker()
        var changes = ChangesFormat()
        var costs = Self()
        var segment: SummarisedSegment?
        var packs = PackReader()
        _ = try StreamReader(root: root, synchronising: true).run(
            onFinding: { try body(.finding($0)) },
            onRecord: { type, header, payload, place in
                if let ended = segment, ended.first != place.location.segment {
                    costs.end(ended)
                    segment = nil
                }
                try tracker.consume(type, header, payload, place, emit: body)
                switch type {
                case .summary:
                    segment = segment ?? SummarisedSegment(place.location.segment, costs.finished)
                    try segment!.add(payload, header, place, root, &packs)
                case .session: costs.begun.removeAll()
                case .void: costs.begun[header.file] = nil
                case .base:
                    let path = root.basePath(header.firstSequence, header.file)
                    var base = RestoreCost()
                    base.readBytes = (try? StoredFile.sizeBytes(path)) ?? 0
                    costs.begun[header.file] = base
                case .changes:
                    try changes.decode(payload, header, place)
                    let last = tracker.ended.flatMap { tracker.files[$0]?.last }
                    costs.add(changes, header, place, last)
                case .file, .gap, .annotation, .attributes, .footer, .pack, .removed: break
                }
                return true
            }
        )
        if let segment { costs.end(segment) }
        self = costs
    }

    private init() {}

    /// Whoever wants what is newer reads the segment's summaries.
    private mutating func end(_ segment: SummarisedSegment) {
        for (file, cost) in segment.costs {
            guard let packed = finished[file], packed.imageBytes > 0 else { continue }
            var told = cost
            told.imageBytes = packed.imageBytes
            finished[file] = told
            latest = latest - packed + told
        }
    }

    private mutating func add(
        _ changes: ChangesFormat,
        _ header: RecordHeader,
        _ place: RecordPlace,
        _ last: SnapshotState?
    ) {
        var record = RestoreCost()
        record.readBytes = place.storedBytes
        record.pageBytes = UInt64(changes.rawBytes)
        if changes.entries.first?.startsFresh == true { begun[header.file] = RestoreCost() }
        let before = finished[header.file] ?? RestoreCost()
        var cost = (begun[header.file] ?? before) + record
        guard let last else {
            begun[header.file] = cost
            return
        }
        begun[header.file] = nil
        cost.imageBytes = last.shape.byteCount
        if last.event == .deleted { cost = RestoreCost() }
        finished[header.file] = cost
        latest = latest - before + cost
        latest.sequence = last.sequence
        if latest.totalBytes > worst.totalBytes { worst = latest }
    }
}
