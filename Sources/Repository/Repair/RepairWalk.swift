import LinuxFiles
import SystemPackage

/// Walks over a stream that has a loss, and tells of each record whether a repair keeps it.
struct RepairWalk {
    let root: RootDescription
    let scan: RepairScan

    /// A record of the stream, and what becomes of it.
    struct Step {
        let type: RecordType
        let header: RecordHeader
        let place: RecordPlace
        let isKept: Bool
        /// It lies behind the first loss.
        let isBehind: Bool
        /// Whether the root as a whole can be restored as of it.
        let isWhole: Bool
        /// How many snapshots in it can be asked for.
        let snapshots: Int
        /// The last sequence in it; nil when no snapshot ends there.
        let lastSequence: Sequence?
        /// Something of the stream was lost since the step before.
        let followsLoss: Bool
        /// Files whose unfinished snapshots never were.
        let voided: Set<FileID>
    }

    /// `onSegment`: told of each segment before its records.
    func run(
        onSegment: @escaping (Sequence) -> Void = { _ in },
        _ body: (Step, RawSpan) throws -> Void
    ) throws {
        var filter = RepairFilter(root, unsoundBases: scan.unsoundBases, proven: scan.proven)
        var tracker = HistoryTracker()
        var changes = ChangesFormat()
        var followsLoss = false
        func lose() {
            followsLoss = true
            filter.lose()
        }
        // What it does not know it could not write again.
        var walk = StreamWalk(root: root, wantsData: true, refusesUnknown: true)
        walk.onSegment = { first, _ in onSegment(first) }
        _ = try walk.run(
            onFinding: { finding in
                tracker.lost(finding)
                if finding.severity == .error, !scan.isOfMark(finding) { lose() }
            },
            onRecord: { type, header, payload, place in
                let isBehind = scan.cut.map { place.location >= $0 } ?? false
                try tracker.consume(type, header, payload, place) { event in
                    if case .finding = event, !filter.isLost { lose() }
                }
                if type == .changes { try changes.decode(payload, header, place) }
                let isKept = filter.keeps(type, header, changes, at: place.location)
                let step = Step(
                    type: type,
                    header: header,
                    place: place,
                    isKept: isKept,
                    isBehind: isBehind,
                    isWhole: filter.isWhole,
                    snapshots: type == .changes ? changes.entries.count(where: \.isSnapshot) : 0,
                    lastSequence: type == .changes ? changes.lastSequence(header) : nil,
                    followsLoss: followsLoss,
                    voided: filter.takeVoided()
                )
                followsLoss = false
                try body(step, payload)
                return true
            }
        )
    }
}

extension ChangesFormat {
    /// The last sequence of its snapshots; nil when none ends in it.
    fileprivate func lastSequence(_ header: RecordHeader) -> Sequence? {
        finishedCount > 0 ? header.firstSequence.advanced(by: finishedCount).previous : nil
    }
}
