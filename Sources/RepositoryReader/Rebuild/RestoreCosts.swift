import LinuxSystem
package import RepositoryFormat

/// The amount of work of restoring a whole root, in bytes.
package struct RestoreCost: Hashable, Sendable {
    /// The snapshot to restore: the last one of the root then.
    package internal(set) var sequence = SequenceNumber.none
    /// Base images and records that are read, in compressed form.
    package internal(set) var readBytes: UInt64 = 0
    /// Pages of those records, which are decompressed and applied one after the other.
    package internal(set) var pageBytes: UInt64 = 0
    /// The images that result.
    package internal(set) var imageBytes: UInt64 = 0

    package var totalBytes: UInt64 { readBytes.addingSaturated(pageBytes).addingSaturated(imageBytes) }

    package static func + (left: RestoreCost, right: RestoreCost) -> RestoreCost {
        var sum = left
        sum.readBytes.addSaturated(right.readBytes)
        sum.pageBytes.addSaturated(right.pageBytes)
        sum.imageBytes.addSaturated(right.imageBytes)
        return sum
    }

    /// The rest of a sum without one of its parts.
    package static func - (sum: RestoreCost, part: RestoreCost) -> RestoreCost {
        var rest = sum
        rest.readBytes = rest.readBytes.subtractingSaturated(part.readBytes)
        rest.pageBytes = rest.pageBytes.subtractingSaturated(part.pageBytes)
        rest.imageBytes = rest.imageBytes.subtractingSaturated(part.imageBytes)
        return rest
    }
}

/// Reads a root's history and computes the cost of restoring its latest moment, and of the most expensive
/// one.
///
/// Each file is read from its last base or fresh start on (`RebuildPlan`). Of segments that end before the
/// requested snapshot, only the segment deltas are read. A deleted file costs nothing.
package struct RestoreCosts: Sendable {
    package private(set) var latest = RestoreCost()
    package private(set) var worst = RestoreCost()

    /// The cost of each file, at its last finished snapshot; and from the start of an unfinished one.
    private var finished: [FileID: RestoreCost] = [:]
    private var begun: [FileID: RestoreCost] = [:]

    /// Passes all events of `RootHistory.visit` to `body`. Throws what `body` throws.
    package init(_ root: RootDescription, _ body: (HistoryEvent) throws -> Void) throws {
        var tracker = HistoryTracker()
        var changes = ChangesFormat()
        var segment: SegmentDeltaCosts?
        var blocks = BlockReader()
        _ = try StreamReader(root: root, synchronising: true).run(
            onFinding: { try body(.finding($0)) },
            onRecord: { type, header, payload, place in
                if let ended = segment, ended.first != place.location.segment {
                    end(ended)
                    segment = nil
                }
                try tracker.consume(type, header, payload, place, emit: body)
                switch type {
                case .segmentDelta:
                    segment = segment ?? SegmentDeltaCosts(place.location.segment, finished)
                    try segment!.add(payload, header, place, root, &blocks)
                case .session: begun.removeAll()
                case .void: begun[header.file] = nil
                case .base:
                    let path = root.basePath(header.firstSequence, header.file)
                    begun[header.file] = RestoreCost(readBytes: (try? root.baseFiles.sizeBytes(path)) ?? 0)
                case .changes:
                    try changes.decode(payload, header, place)
                    let last = tracker.ended.flatMap { tracker.files[$0]?.last }
                    add(changes, header, place, last)
                case .file, .gap, .annotation, .attributes, .footer, .block, .removed: break
                }
                return true
            }
        )
        if let segment { end(segment) }
    }

    /// To restore a later snapshot, the segment deltas are read instead of the segment.
    private mutating func end(_ segment: SegmentDeltaCosts) {
        for (file, delta) in segment.costs {
            guard let packed = finished[file], packed.imageBytes > 0 else { continue }
            var cost = delta
            cost.imageBytes = packed.imageBytes
            finished[file] = cost
            latest = latest - packed + cost
        }
    }

    private mutating func add(
        _ changes: ChangesFormat,
        _ header: RecordHeader,
        _ place: RecordPlace,
        _ last: SnapshotState?
    ) {
        let record = RestoreCost(readBytes: place.storedBytes, pageBytes: UInt64(changes.rawBytes))
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
