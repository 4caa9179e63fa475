import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Writes the kept records of the segments from the first loss on, as drafts.
///
/// Each segment with a kept record has a draft with its name. Segments without one are replaced by the draft
/// before them. A gap record marks the place of a loss, and removed records name the lost snapshots.
final class RepairSegments {
    /// The segments that have drafts, ascending.
    private(set) var drafts: [SequenceNumber] = []
    private let root: RootDescription
    private let cut: RecordLocation
    private let now: Instant
    private var draft: RepairSegment?
    /// The segment that is read: its first sequence, that of the last segment that it replaces, and the
    /// number of bytes read.
    private var source: (first: SequenceNumber, last: SequenceNumber, byteCount: UInt64)?
    /// The last segment before the source that the next draft follows, and the number of its bytes that were
    /// read.
    private var previous: (last: SequenceNumber, byteCount: UInt64) = (.none, 0)
    private var lastSequence = SequenceNumber.none
    /// The last snapshot that was read, kept or not: its number is not used again.
    private var lastSeen = SequenceNumber.none
    private var lastTime: Instant
    /// Whether records were lost since the last kept one.
    private var isLost = false
    /// Files whose unfinished snapshots are void.
    private var voided: Set<FileID> = []

    init(_ root: RootDescription, _ cut: RecordLocation, now: Instant) {
        self.root = root
        self.cut = cut
        self.now = now
        lastTime = root.created
    }

    /// Writes all drafts and waits until they are on the disk. Throws `RepositoryError.unsupported` or
    /// `SystemError`; then there are no drafts.
    func write(_ scan: RepairScan) throws {
        do {
            try RepairReader(root, scan).run(onSegment: begin, take)
            try finish()
        } catch {
            removeDrafts()
            throw error
        }
    }

    func removeDrafts() {
        for first in drafts { try? Directory.remove(root.segmentDraftPath(first)) }
    }

    private func begin(_ segment: SequenceNumber) {
        // If the whole segment is quarantined, the draft before it replaces it, if there is one.
        if let source, source.first < cut.segment || draft != nil {
            previous = (source.last, source.byteCount)
        }
        source = (segment, segment, SegmentHeader.byteCount)
    }

    private func take(_ step: RepairReader.Step, _ payload: RawSpan) throws {
        source!.byteCount = step.place.end
        if step.type == .footer, let footer = try? FooterFormat(payload) {
            source!.last = max(source!.last, footer.lastReplaced)
        }
        isLost = isLost || step.followsLoss
        voided.formUnion(step.voided)
        if let last = step.lastSequence, last <= .lastToBuildOn { lastSeen = max(lastSeen, last) }
        guard step.isKept else { return }
        if step.place.location.segment >= cut.segment { try keep(step, payload) }
        lastTime = max(lastTime, step.header.time)
        if step.type == .removed { lastSequence = max(lastSequence, step.header.firstSequence) }
        if let last = step.lastSequence { lastSequence = last }
    }

    private func keep(_ step: RepairReader.Step, _ payload: RawSpan) throws {
        try open()
        try appendLoss(until: max(lastTime, step.header.time))
        if step.lastSequence != nil { try sayRemoved(upTo: step.header.firstSequence.previous) }
        if step.type == .removed, step.header.firstSequence < lastSequence { return }
        guard step.type == .changes else {
            return try draft!.append(step.header, payload, isInBlock: step.place.isInBlock)
        }
        let bytes = try step.place.reading(
            try ChangesFormat.rewritten(
                payload,
                time: step.header.time,
                continues: step.continues,
                maybeConsistent: step.isWhole
            )
        )
        try draft!.append(step.header, unsafe bytes.span.bytes, isInBlock: step.place.isInBlock)
    }

    /// Begins a draft for the source if it has none.
    private func open() throws {
        let first = source!.first
        guard draft?.first != first else { return }
        try finishDraft()
        let former = try? StreamReader(root: root).header(of: first)
        // Until the one before it is replaced, that one ends where it did.
        let follows = former.flatMap { $0.previousFirst == previous.last ? $0.previousValidBytes : nil }
        let header = SegmentHeader(
            root: root.id,
            firstSequence: first,
            created: former?.created ?? now,
            previousFirst: previous.last,
            previousValidBytes: follows ?? previous.byteCount
        )
        drafts.append(first)
        draft = try RepairSegment(header, at: root.segmentDraftPath(first))
    }

    private func finishDraft() throws {
        guard let draft else { return }
        try draft.finish(replacing: previous.last)
        self.draft = nil
    }

    private func finish() throws {
        guard draft != nil, let source else { return }
        previous = (source.last, source.byteCount)
        // Names up to there are in use: the next segment has a greater one.
        try sayRemoved(upTo: max(source.last, lastSeen))
        try finishDraft()
    }

    private func appendLoss(until end: Instant) throws {
        for id in voided.sorted() { try append(.void, id, .none, lastTime, []) }
        voided.removeAll()
        guard isLost else { return }
        isLost = false
        var payload: [UInt8] = []
        Gap(from: lastTime, to: end, reason: "what was written then is missing").encode(into: &payload)
        try append(.gap, .root, .none, end, payload)
    }

    private func sayRemoved(upTo last: SequenceNumber) throws {
        guard last > lastSequence else { return }
        try append(.removed, .root, last, lastTime, [])
        lastSequence = last
    }

    private func append(
        _ type: RecordType,
        _ id: FileID,
        _ sequence: SequenceNumber,
        _ time: Instant,
        _ payload: [UInt8]
    ) throws {
        let header = RecordHeader(
            type,
            flags: RecordHeader.Flag.startsFlush,
            payloadBytes: payload.count,
            file: id,
            firstSequence: sequence,
            time: time
        )
        try draft!.append(header, unsafe payload.span.bytes, isInBlock: false)
    }
}
