import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// The groups of consecutive segments that are rewritten together when some of a root's snapshots are
/// removed. Made in one pass over the tables of the stream.
struct PruningGroups {
    fileprivate typealias Newest = (sequence: SequenceNumber, isConsistentPoint: Bool)

    fileprivate struct Segment {
        let first: SequenceNumber
        /// Snapshots that are removed, or that are no longer moments of the root.
        var changeCount = 0
        var keptBytes: UInt64 = 0
        var isIntact = true
        var endsUnfinished = false
    }

    /// The first and last segment of each group, oldest first. Segments without a removal or a merge are in
    /// no group, nor are those before damage.
    private(set) var groups: [ClosedRange<SequenceNumber>] = []
    /// Segments that others replace, and that were not removed then.
    private(set) var replaced: [SequenceNumber] = []
    /// The kept snapshots, including all that are out of reach. Out of reach are those in the last segment,
    /// which is still written to. So are those in earlier segments in which its first snapshot began.
    let kept: KeptSnapshots

    /// `groupBytes`: the most bytes of kept snapshots in the segments of a group.
    init(_ root: RootDescription, _ kept: KeptSnapshots, groupBytes: UInt64) throws {
        var tracker = HistoryTracker()
        var segments: [Segment] = []
        var damaged: Set<SequenceNumber> = []
        var replaced: [SequenceNumber] = []
        // The newest snapshot of each file.
        var newest: [FileID: Newest] = [:]
        var untouched: (first: SequenceNumber, newest: [Newest])?
        let stream = StreamReader(
            root: root,
            refusesUnknown: true,
            onSegment: { first, _ in
                let isAmidSnapshot = segments.last?.endsUnfinished ?? false
                if !isAmidSnapshot { untouched = (first, Array(newest.values)) }
                segments.append(Segment(first: first, endsUnfinished: isAmidSnapshot))
            },
            onReplaced: { replaced.append($0) }
        )
        _ = try stream.run(
            onFinding: { finding in
                if finding.severity == .error, let first = finding.segment { damaged.insert(first) }
            },
            onRecord: { type, header, payload, place in
                let last = segments.count - 1
                try tracker.consume(type, header, payload, place) { event in
                    switch event {
                    case .finding: segments[last].isIntact = false
                    case .snapshot(let record):
                        newest[record.file] = (record.state.sequence, record.isConsistentPoint)
                        segments[last].add(record, kept)
                    default: break
                    }
                }
                segments[last].endsUnfinished = tracker.hasUnfinished
                return true
            }
        )
        for index in segments.indices where damaged.contains(segments[index].first) {
            segments[index].isIntact = false
        }
        self.replaced = replaced
        guard let untouched else {
            self.kept = kept
            return
        }
        // Snapshots that are states of their file only would not change.
        for (sequence, isConsistentPoint) in untouched.newest
        where !isConsistentPoint && kept.scope(of: sequence) == .superseded {
            if let index = segments.lastIndex(where: { $0.first <= sequence }) {
                segments[index].changeCount -= 1
            }
        }
        self.kept = kept.leaving(from: untouched.first, newest: Set(untouched.newest.map(\.sequence)))
        groups = Self.groups(segments.prefix { $0.first < untouched.first }, groupBytes)
    }

    /// A group begins and ends where no snapshot is unfinished.
    private static func groups(
        _ segments: ArraySlice<Segment>,
        _ groupBytes: UInt64
    ) -> [ClosedRange<SequenceNumber>] {
        var groups: [ClosedRange<SequenceNumber>] = []
        var (group, unit) = ([Segment](), [Segment]())
        func endGroup() {
            if group.count > 1 || group.contains(where: { $0.changeCount > 0 }) {
                groups.append(group[0].first...group[group.count - 1].first)
            }
            group = []
        }
        for segment in segments {
            unit.append(segment)
            guard !segment.endsUnfinished else { continue }
            if !unit.allSatisfy(\.isIntact) {
                // Older segments are kept too: a moment in this one needs the states in them.
                (groups, group) = ([], [])
            } else {
                if !group.isEmpty, (group + unit).reduce(0, { $0.addingSaturated($1.keptBytes) }) > groupBytes
                {
                    endGroup()
                }
                group += unit
            }
            unit = []
        }
        endGroup()
        return groups
    }
}

extension PruningGroups.Segment {
    fileprivate mutating func add(_ record: SnapshotRecord, _ kept: KeptSnapshots) {
        switch kept.scope(of: record.state.sequence) {
        case .superseded: changeCount += 1
        case .fileOnly:
            if record.isConsistentPoint { changeCount += 1 }
            keptBytes.addSaturated(record.storedBytes)
        case .consistentPoint: keptBytes.addSaturated(record.storedBytes)
        }
    }
}
