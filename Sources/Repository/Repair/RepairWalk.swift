import LinuxFiles
import SystemPackage

/// Walks over a stream that has a loss, and tells of each record whether a repair keeps it.
struct RepairWalk {
    let root: RootDescription
    let scan: RepairScan
    /// Whether the bytes of the records are wanted, or only their tables.
    var wantsData = false

    /// A record that a repair keeps, or one of changes that it does not.
    struct Step {
        let type: RecordType
        let header: RecordHeader
        let place: RecordPlace
        let isKept: Bool
        /// It lies behind the first loss.
        let isBehind: Bool
        /// Whether the root as a whole can be restored as of it.
        let isWhole: Bool
        /// Snapshots in it that can be asked for, and all that have a sequence.
        let snapshots: Int
        let finished: Int
        /// Something was lost since the step before, where these files had unfinished snapshots.
        let voided: [FileID]?
    }

    func run(_ body: (Step, RawSpan) throws -> Void) throws {
        var filter = RepairFilter(root, unsoundBases: scan.unsoundBases, proven: scan.proven)
        var tracker = HistoryTracker()
        var changes = ChangesFormat()
        var voided: [FileID]?
        func lose() {
            voided = (voided ?? []) + filter.unfinished.sorted()
            filter.lose()
        }
        var walk = StreamWalk(root: root)
        walk.wantsData = wantsData
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
                    finished: type == .changes ? changes.finishedCount : 0,
                    voided: voided
                )
                voided = nil
                try body(step, payload)
                return true
            }
        )
    }
}
