import LinuxSystem
import RepositoryFormat
import RepositoryReader

/// Writes the rest of some segments when only some of their snapshots are kept. The changes of removed
/// snapshots become part of the file's next one. If none follows in these segments, the last removed one
/// remains as changes without a snapshot: later segments build on it.
final class PruningWriter: SegmentSink {
    /// A part of a snapshot has at most this many bytes of pages.
    private static let partBytes = 1 << 20

    private let blocks: BlockWriter
    private let images: CompactionImages
    private let scan: SegmentScan
    private let kept: KeptSnapshots

    /// The remaining snapshots, in the order of the stream.
    private(set) var snapshots: [RewrittenSnapshot] = []
    private(set) var removedCount = 0
    /// Bases on which nothing builds any more.
    private(set) var unusedBases: [(sequence: SequenceNumber, file: FileID)] = []
    /// Bases that were made instead.
    private(set) var newBases: [(sequence: SequenceNumber, file: FileID)] = []

    private var netChanges: [FileID: NetChange] = [:]
    /// Bases with which the next snapshot of the file begins.
    private var bases: [FileID: HeldRecord] = [:]
    /// Gaps that no snapshot has followed so far.
    private var gaps: [FileID: [HeldRecord]] = [:]
    /// The last start of a writer that no remaining snapshot has followed so far. Readers ask only whether
    /// there is one between two snapshots.
    private var session: HeldRecord?
    private var attributes: PendingAttributes
    /// All snapshots up to this one are written, or are recorded as removed.
    private var lastSaid: SequenceNumber
    private var lastTime = Instant(nanoseconds: 0)
    private var pageBuffer: [UInt8] = []

    // Of the current record.
    private var file = FileID.root
    private var netChange = NetChange.fresh
    private var sequence = SequenceNumber.none

    init(_ blocks: BlockWriter, _ images: CompactionImages, _ scan: SegmentScan, _ kept: KeptSnapshots) {
        self.blocks = blocks
        self.images = images
        self.scan = scan
        self.kept = kept
        lastSaid = scan.before.lastSequence
        attributes = PendingAttributes(after: scan.before.lastSequence)
    }

    func append(_ header: RecordHeader, _ payload: RawSpan) throws {
        lastTime = max(lastTime, header.time)
        switch RecordType(rawValue: header.type) {
        case .void: break
        case .session: session = HeldRecord(header, payload)
        case .base:
            forgetBase(of: header.file)
            bases[header.file] = HeldRecord(header, payload)
            netChanges[header.file] = NetChange(after: try BaseReference(payload).shape.byteCount)
        case .gap: gaps[header.file, default: []].append(HeldRecord(header, payload))
        case .annotation:
            let target = try Annotation(payload, file: header.file, time: header.time).target
            if target == .none || kept.scope(of: target) != .superseded { try blocks.append(header, payload) }
        case .attributes:
            let subject = try AttributesRecord(payload, header).subject
            if let record = attributes.add(HeldRecord(header, payload), of: subject) { try write([record]) }
        default: try blocks.append(header, payload)
        }
    }

    func begin(_ header: RecordHeader, _ changes: ChangesFormat) {
        file = header.file
        sequence = header.firstSequence
        if changes.entries.first?.startsFresh ?? false {
            forgetBase(of: file)
            netChange = .fresh
        } else {
            let before = scan.before.files[file]?.last?.shape.byteCount ?? 0
            netChange = netChanges[file] ?? NetChange(after: before)
        }
    }

    func append(_ number: UInt32, _ old: RawSpan, _ new: RawSpan) {
        netChange.add(number, old, new)
    }

    func end(_ entry: ChangesFormat.Entry) throws {
        netChange.resized(to: entry.shape.byteCount)
        defer { netChanges[file] = netChange }
        lastTime = max(lastTime, entry.time)
        guard entry.event != nil else { return }
        defer { sequence = sequence.next }
        let scope = entry.scope == .superseded ? .superseded : kept.scope(of: sequence)
        if scope == .superseded {
            if entry.isSnapshot { removedCount += 1 }
            // The gap is among removed snapshots.
            gaps[file] = nil
            gaps[.root] = nil
            guard scan.last[file] == sequence else { return }
        } else {
            try writeGaps(of: .root)
            try writeGaps(of: file)
        }
        try write(entry, entry.scope == .fileOnly && scope == .consistentPoint ? .fileOnly : scope)
        netChange = NetChange(after: entry.shape.byteCount)
    }

    private func forgetBase(of file: FileID) {
        guard let base = bases.removeValue(forKey: file) else { return }
        unusedBases.append((base.header.firstSequence, file))
    }

    private func write(_ records: [HeldRecord]) throws {
        for record in records { try blocks.append(record.header, unsafe record.payload.span.bytes) }
    }

    private func writeGaps(of file: FileID) throws {
        try write(gaps.removeValue(forKey: file) ?? [])
    }

    private func writeSession() throws {
        try write([session.take()].compactMap(\.self))
    }

    /// Records that the snapshots in between were removed.
    private func sayRemoved(upTo last: SequenceNumber) throws {
        guard last > lastSaid else { return }
        try blocks.append(RecordHeader(.removed, firstSequence: last, time: lastTime), RawSpan())
        lastSaid = last
    }

    /// Writes the current snapshot, in parts: all changes since the last one that was written.
    private func write(_ entry: ChangesFormat.Entry, _ scope: ChangesFormat.Scope) throws {
        try writeSession()
        try sayRemoved(upTo: sequence.previous)
        var pages = netChange.ranges(in: entry.shape)
        var continues = false
        if let base = bases.removeValue(forKey: file) {
            let byteCount = pages.reduce(0) { $1.ranges.reduce($0) { $0 + $1.byteCount } }
            if base.header.firstSequence < sequence, UInt64(byteCount) > entry.shape.byteCount / 2 {
                unusedBases.append((base.header.firstSequence, file))
                try writeBase(entry)
                pages = []
            } else {
                try write([base])
            }
            continues = true
        }
        var next = 0
        repeat {
            var (end, byteCount) = (next, 0)
            while end < pages.count, byteCount < Self.partBytes {
                byteCount += pages[end].ranges.reduce(0) { $0 + $1.byteCount }
                end += 1
            }
            let isLast = end == pages.count
            let isFresh = netChange.startsFresh && next == 0
            let header = RecordHeader(
                .changes,
                file: file,
                firstSequence: isLast ? sequence : .none,
                time: entry.time
            )
            try blocks.begin(header, entry.shape.pageSize, continues: continues, startsFresh: isFresh)
            for page in pages[next..<end] {
                try images.read(page.number, of: file, into: &pageBuffer)
                blocks.append(page.number, page.ranges, of: unsafe pageBuffer.span.bytes)
            }
            var part = entry
            part.startsFresh = isFresh
            part.scope = scope
            if !isLast { (part.event, part.digest, part.coalesced) = (nil, 0, 0) }
            try blocks.end(part)
            continues = true
            next = end
        } while next < pages.count
        lastSaid = sequence
        try write(attributes.keep(sequence))
        guard scope != .superseded, let state = SnapshotState(sequence, entry) else { return }
        snapshots.append(
            RewrittenSnapshot(
                file: file,
                state: state,
                coalesced: entry.coalesced,
                isConsistentPoint: scope == .consistentPoint
            )
        )
    }

    /// Replaces the base: the changes since the old one would take as much space as a new one.
    private func writeBase(_ entry: ChangesFormat.Entry) throws {
        newBases.append((sequence, file))
        let reference = try images.makeBase(of: file, named: sequence)
        guard reference.digest == entry.digest else {
            throw CompactionError(segment: scan.segments.lowerBound)
        }
        var payload: [UInt8] = []
        reference.encode(into: &payload)
        let header = RecordHeader(
            .base,
            payloadBytes: payload.count,
            file: file,
            firstSequence: sequence,
            time: entry.time
        )
        try blocks.append(header, unsafe payload.span.bytes)
    }

    /// Ends the segment and waits until everything is on the disk. `last`: the last segment that it replaces.
    func finish(replacing last: SequenceNumber) throws {
        for file in gaps.keys.sorted() { try writeGaps(of: file) }
        try writeSession()
        try write(attributes.takeAll())
        try sayRemoved(upTo: scan.after.lastSequence)
        try blocks.finish(replacing: last)
    }
}
