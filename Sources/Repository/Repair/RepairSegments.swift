import LinuxFiles
import SystemPackage

/// Writes what a repair keeps behind the first loss to new segments, as drafts. They are sealed, with records
/// as they stand in other segments. What was lost between is a gap record; the sequences of what is left out
/// count as removed.
final class RepairSegments {
    /// The new segments by their first sequences, ascending.
    private(set) var drafts: [Sequence] = []
    private let root: RootDescription
    private let cut: RecordLocation
    private let created: Instant
    private var file: OpenFile?
    /// The segment that what is in the file was read from.
    private var source: Sequence?
    private var position: UInt64 = 0
    /// The segment that the next one follows, and how much of it counts, in bytes.
    private var previous: (first: Sequence, validBytes: UInt64) = (.none, 0)
    private var lastSequence = Sequence.none
    private var lastTime: Instant

    init(_ root: RootDescription, _ cut: RecordLocation, now: Instant) {
        self.root = root
        self.cut = cut
        created = now
        lastTime = root.created
    }

    /// Gives the drafts their names, which no segment has any more.
    func giveNames() throws {
        for first in drafts { try Directory.rename(draftPath(first), to: root.segmentPath(first)) }
        try Directory.synchronise(root.segmentsDirectory)
    }

    private func draftPath(_ first: Sequence) -> FilePath {
        root.segmentsDirectory.appending("\(SegmentName.make(first).string).new")
    }

    /// Writes them all. Throws `DamageError` or `SystemError`.
    func write(_ scan: RepairScan, now: Instant) throws {
        var voided: Set<FileID> = []
        var isLost = false
        try RepairWalk(root: root, scan: scan, wantsData: true).run { step, payload in
            if let files = step.voided {
                isLost = true
                voided.formUnion(files)
            }
            guard step.isBehind else {
                noteFront(step, payload)
                return
            }
            guard step.isKept else { return }
            try self.open(step.place.location.segment)
            if isLost {
                for id in voided.sorted() { try append(.void, id, .none, lastTime, []) }
                try appendGap(upTo: max(lastTime, step.header.time))
                (isLost, voided) = (false, [])
            }
            try append(step, payload)
        }
        try finish()
    }

    private func noteFront(_ step: RepairWalk.Step, _ payload: RawSpan) {
        let segment = step.place.location.segment
        previous = (segment, step.place.end)
        if step.type == .footer, segment != cut.segment, let footer = try? FooterFormat(payload) {
            previous.first = max(segment, footer.lastReplaced)
        }
        count(step)
    }

    private func count(_ step: RepairWalk.Step) {
        lastTime = max(lastTime, step.header.time)
        if step.type == .removed { lastSequence = max(lastSequence, step.header.firstSequence) }
        guard step.finished > 0 else { return }
        lastSequence = step.header.firstSequence.advanced(by: step.finished).previous
    }

    /// Begins a new segment if what follows is of another one.
    private func open(_ segment: Sequence) throws {
        guard segment != source else { return }
        source = segment
        // What is left of the segment with the loss has no name of its own.
        let first = max(segment == cut.segment ? lastSequence.next : segment, lastSequence.next)
        if file != nil, let current = drafts.last, first <= current { return }
        try finish()
        if drafts.isEmpty, cut.offset > 0, previous.first != cut.segment {
            // Nothing but the header is left of it.
            previous = (cut.segment, SegmentHeader.byteCount)
        }
        var header = SegmentHeader(
            root: root.id,
            firstSequence: first,
            created: created,
            previousFirst: previous.first,
            previousValidBytes: previous.validBytes
        )
        header.isSealed = true
        let draft = try OpenFile(draftPath(first), .updateOrCreate)
        try draft.truncate(to: 0)
        let bytes = header.encoded()
        try draft.write(unsafe bytes.span.bytes, at: 0)
        position = SegmentHeader.byteCount
        file = consume draft
        drafts.append(first)
        if first > lastSequence.next { try sayRemoved(upTo: first.previous) }
    }

    private func sayRemoved(upTo last: Sequence) throws {
        guard last > lastSequence else { return }
        try append(.removed, .root, last, lastTime, [])
        lastSequence = last
    }

    private func appendGap(upTo end: Instant) throws {
        let gap = Gap(from: lastTime, to: end, reason: "what was written then is missing")
        var payload: [UInt8] = []
        gap.encode(into: &payload)
        try append(.gap, .root, .none, end, payload)
    }

    private func append(_ step: RepairWalk.Step, _ payload: RawSpan) throws {
        if step.finished > 0 { try sayRemoved(upTo: step.header.firstSequence.previous) }
        if step.type == .removed, step.header.firstSequence < lastSequence { return }
        var bytes: [UInt8] = []
        bytes.append(contentsOf: payload)
        if step.type == .changes, !step.isWhole {
            bytes = try step.place.reading { () throws(FormatError) in
                try ChangesFormat.leavingAlone(payload, time: step.header.time)
            }
        }
        try append(step.type, step.header.file, step.header.firstSequence, step.header.time, bytes)
        count(step)
    }

    private func append(
        _ type: RecordType,
        _ id: FileID,
        _ sequence: Sequence,
        _ time: Instant,
        _ payload: [UInt8]
    ) throws {
        var record = [UInt8](repeating: 0, count: RecordHeader.byteCount)
        record += payload
        let header = RecordHeader(
            type,
            flags: RecordHeader.Flag.startsFlush,
            payloadBytes: payload.count,
            file: id,
            firstSequence: sequence,
            time: time
        )
        header.write(into: &record, at: 0, offset: position, segment: drafts[drafts.count - 1])
        try file!.write(unsafe record.span.bytes, at: position)
        position += UInt64(record.count)
    }

    /// Ends the present segment and waits until it is on the disk.
    private func finish() throws {
        guard file != nil, let first = drafts.last else { return }
        var payload: [UInt8] = []
        FooterFormat(recordCount: 0, lastReplaced: first).encode(into: &payload)
        try append(.footer, .root, .none, lastTime, payload)
        try file!.synchronise()
        previous = (first, position)
        file = nil
    }
}
