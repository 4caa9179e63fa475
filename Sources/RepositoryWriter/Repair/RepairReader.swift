import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Reads a stream with a loss and reports for each record whether a repair keeps it. In a segment with a
/// loss, the records of its segment deltas replace those of lost snapshots. If only the data of a block is
/// lost, its snapshots are kept as far as their digests match without it.
final class RepairReader {
    /// A record of the stream or of a segment delta, and whether it is kept.
    struct Step {
        let type: RecordType
        let header: RecordHeader
        let place: RecordPlace
        let isKept: Bool
        /// Whether it is after the first loss.
        let isBehind: Bool
        /// Whether the root as a whole can be restored as of it.
        let isWhole: Bool
        /// Whether parts of its first snapshot are kept.
        let continues: Bool
        /// The number of restorable snapshots in it.
        let snapshots: Int
        /// The last sequence in it; nil when no snapshot ends there.
        let lastSequence: SequenceNumber?
        /// Whether records were lost since the step before.
        let followsLoss: Bool
        /// Files whose unfinished snapshots are void.
        let voided: Set<FileID>
    }

    private let root: RootDescription
    private let scan: RepairScan
    private var filter: RepairFilter
    private var tracker = HistoryTracker()
    private var changes = ChangesFormat()
    private var followsLoss = false
    private var segment: SequenceNumber?
    private var isLostInSegment = false
    private var deltas = RepairDeltas()

    init(_ root: RootDescription, _ scan: RepairScan) {
        self.root = root
        self.scan = scan
        filter = RepairFilter(root, damagedBases: scan.damagedBases, proven: scan.proven)
    }

    /// `onSegment`: called for each segment before its records.
    func run(
        onSegment: (SequenceNumber) -> Void = { _ in },
        _ body: (Step, RawSpan) throws -> Void
    ) throws {
        try withoutActuallyEscaping(onSegment) { onSegment in
            try withoutActuallyEscaping(body) { body in
                // It could not write unknown records again.
                let stream = StreamReader(
                    root: root,
                    wantsData: scan.cut != nil,
                    deliversLostData: true,
                    refusesUnknown: true,
                    onSegment: { [self] first, _ in
                        try endSegment(body)
                        segment = first
                        filter.beginSegment()
                        onSegment(first)
                    }
                )
                _ = try stream.run(
                    onFinding: { [self] in try take($0, body) },
                    onRecord: { [self] in
                        try take($0, $1, $2, $3, body)
                        return true
                    }
                )
                try endSegment(body)
            }
        }
    }

    private func take(_ finding: Finding, _ body: (Step, RawSpan) throws -> Void) throws {
        tracker.lost(finding)
        guard finding.severity == .error, !scan.isOfMark(finding) else { return }
        if finding.segment == segment { isLostInSegment = true } else { try endSegment(body) }
        lose()
    }

    private func lose() {
        followsLoss = true
        filter.lose()
    }

    private func take(
        _ type: RecordType,
        _ header: RecordHeader,
        _ payload: RawSpan,
        _ place: RecordPlace,
        _ body: (Step, RawSpan) throws -> Void
    ) throws {
        if filter.isLost, type.isOfFile, header.file != .root, tracker.files[header.file] == nil {
            // Its declaration was lost before. The other files lose nothing here.
            return followsLoss = true
        }
        try tracker.consume(type, header, payload, place) { event in
            guard case .finding = event, !filter.isLost else { return }
            // The records before this segment are missing, none of its own.
            lose()
            filter.beginSegment()
        }
        if type == .segmentDelta { try deltas.take(payload, place, areAllBefore: !isLostInSegment) }
        if isLostInSegment { try fill(before: end(type, header, payload, place), body) }
        guard place.isDataLost else { return try report(type, header, payload, place, body) }
        try reportProven(header, payload, place, body)
    }

    /// The snapshots before this one precede the record in the stream.
    private func end(
        _ type: RecordType,
        _ header: RecordHeader,
        _ payload: RawSpan,
        _ place: RecordPlace
    ) throws -> SequenceNumber {
        switch type {
        case .removed: return header.firstSequence.next
        case .annotation:
            let annotation = try place.reading(
                try Annotation(payload, file: header.file, time: header.time)
            )
            return max(header.firstSequence, annotation.target.next)
        default: return header.firstSequence
        }
    }

    /// Reports the first snapshots of changes whose data is lost, as far as they are proven without it.
    private func reportProven(
        _ header: RecordHeader,
        _ payload: RawSpan,
        _ place: RecordPlace,
        _ body: (Step, RawSpan) throws -> Void
    ) throws {
        try changes.decode(payload, header, place)
        let (all, proven) = (changes.entries.count, scan.proven[place.location, default: 0])
        let hasEnd = changes.lastSequence(header) != nil
        if proven > 0 {
            let payload = changes.withoutPages(first: proven, after: header.time)
            try report(.changes, header, unsafe payload.span.bytes, place, body)
        }
        if proven < all { filter.loseChanges(of: header.file, withEnd: hasEnd) }
    }

    /// Reports the segment deltas' records of lost snapshots before `end`.
    private func fill(before end: SequenceNumber, _ body: (Step, RawSpan) throws -> Void) throws {
        while let file = deltas.next(before: end) {
            guard try file.base.map(isIntact) ?? true, filter.mend(file) else { continue }
            for record in [file.base, file.changes].compactMap(\.self) {
                let type = try record.header.knownType()!
                try report(type, record.header, unsafe record.payload.span.bytes, file.place, body)
            }
        }
    }

    /// The record of the base may be lost.
    private func isIntact(_ base: HeldRecord) throws -> Bool {
        let path = root.basePath(base.header.firstSequence, base.header.file)
        guard !scan.damagedBases.contains(path),
            let reference = try? BaseReference(unsafe base.payload.span.bytes)
        else { return false }
        return try RepairScan.isIntact(path, root, base.header.file, reference)
    }

    /// The segment deltas have the state of each file at the end of the segment.
    private func endSegment(_ body: (Step, RawSpan) throws -> Void) throws {
        defer {
            (segment, isLostInSegment) = (nil, false)
            deltas = RepairDeltas()
        }
        guard isLostInSegment else { return }
        try fill(before: SequenceNumber(.max), body)
        filter.endSegment(deltas)
    }

    private func report(
        _ type: RecordType,
        _ header: RecordHeader,
        _ payload: RawSpan,
        _ place: RecordPlace,
        _ body: (Step, RawSpan) throws -> Void
    ) throws {
        if type == .changes { try changes.decode(payload, header, place) }
        let continues = filter.hasParts(of: header.file)
        var isKept = filter.keeps(type, header, changes, at: place.location)
        if type == .annotation {
            let annotation = try place.reading(
                try Annotation(payload, file: header.file, time: header.time)
            )
            isKept = filter.keepsAnnotation(of: annotation.target)
        }
        let step = Step(
            type: type,
            header: header,
            place: place,
            isKept: isKept,
            isBehind: scan.cut.map { place.location >= $0 } ?? false,
            isWhole: filter.isWhole,
            continues: continues,
            snapshots: type == .changes ? changes.entries.count(where: \.isSnapshot) : 0,
            lastSequence: type == .changes ? changes.lastSequence(header) : nil,
            followsLoss: followsLoss,
            voided: filter.takeVoided()
        )
        followsLoss = false
        try body(step, payload)
    }
}

extension RecordType {
    /// Whether it is about a file that must have been declared, or about the root.
    fileprivate var isOfFile: Bool {
        switch self {
        case .base, .void, .changes, .attributes: true
        case .session, .file, .gap, .annotation, .removed, .footer, .block, .segmentDelta: false
        }
    }
}
