import LinuxFiles
import SQLiteFiles
import SystemPackage

/// Follows the stream record by record: which files there are, how each stood at its last snapshot, which
/// snapshots are unfinished. Pure; `RootHistory`, the writer and the check all see the stream through it.
///
/// Sequences count up by one. A session voids the unfinished snapshots of all files, a void record that of one
/// file; their parts and bases then never happened. Bytes of the segments that belong to no snapshot are counted
/// to the next one, so that the shares of all snapshots add up to the valid length of the segments.
struct HistoryTracker {
    struct Track {
        var name: FilePath
        var kind: FileKind
        var last: SnapshotState?
        /// Pages of the unfinished snapshot so far; nil when there is none.
        var unfinishedPages: UInt64?
    }

    private(set) var files: [FileID: Track] = [:]
    /// Whether any file has an unfinished snapshot.
    var hasUnfinished: Bool { files.values.contains { $0.unfinishedPages != nil } }
    /// The file whose snapshot the last record has ended, removed ones included; nil when it has ended none.
    private(set) var ended: FileID?
    private(set) var lastSequence = Sequence.none
    /// Of the last record or snapshot, as the clock said.
    private(set) var lastTime = Instant(nanoseconds: 0)
    private var segment: Sequence?
    private var unattributedBytes: UInt64 = 0
    private var changes = ChangesFormat()

    /// Takes the next record and tells `emit` what it says. Throws `DamageError` for one that contradicts the
    /// stream, `RepositoryError.unsupported`, or what `emit` throws.
    mutating func consume(
        _ type: RecordType,
        _ header: RecordHeader,
        _ payload: RawSpan,
        _ place: RecordPlace,
        emit: (HistoryEvent) throws -> Void
    ) throws {
        countSegment(place.location.segment)
        ended = nil
        if type != .changes { unattributedBytes.addSaturated(place.storedBytes) }
        lastTime = header.time
        let lastBefore = lastSequence
        switch type {
        case .session:
            for id in files.keys { files[id]!.unfinishedPages = nil }
            let program = try place.reading { () throws(FormatError) in try SessionFormat.decode(payload) }
            try emit(.session(program: program, time: header.time))
        case .file:
            let (kind, name) = try place.reading { () throws(FormatError) in try FileFormat.decode(payload) }
            try declare(header.file, kind, name, place)
            try emit(.file(header.file, name: name, kind: kind))
        case .base:
            let base = try place.reading { () throws(FormatError) in try BaseReference(payload) }
            try track(header.file, place) { $0.unfinishedPages = UInt64(base.shape.pageCount.rawValue) }
        case .void:
            try track(header.file, place) { $0.unfinishedPages = nil }
        case .changes:
            try consumeChanges(header, payload, place, emit: emit)
        case .gap:
            let gap = try place.reading { () throws(FormatError) in try Gap(payload, file: header.file) }
            try emit(.gap(gap, time: header.time))
        case .annotation:
            let annotation = try place.reading { () throws(FormatError) in
                try Annotation(payload, file: header.file, time: header.time)
            }
            try emit(.annotation(annotation))
        case .attributes:
            let record = try place.reading { () throws(FormatError) in try AttributesRecord(payload, header) }
            if header.file != .root { try track(header.file, place) { _ in } }
            try emit(.attributes(record))
        case .removed:
            guard header.firstSequence >= lastSequence else {
                throw place.damage(
                    "snapshots up to \(header.firstSequence) were removed after \(lastSequence)"
                )
            }
            lastSequence = header.firstSequence
        case .footer, .pack, .summary: break
        }
        if lastSequence > .lastToBuildOn, lastBefore <= .lastToBuildOn {
            let message = "sequence \(lastSequence) leaves no numbers for snapshots to come"
            try emit(.finding(Finding(place.damage(message))))
        }
    }

    /// The files as callers see them.
    var protectedFiles: [FileID: ProtectedFile] {
        var result: [FileID: ProtectedFile] = [:]
        for (id, track) in files {
            result[id] = ProtectedFile(id: id, name: track.name, kind: track.kind, last: track.last)
        }
        return result
    }

    private mutating func countSegment(_ segment: Sequence) {
        guard segment != self.segment else { return }
        self.segment = segment
        unattributedBytes.addSaturated(SegmentHeader.byteCount)
    }

    private mutating func declare(
        _ id: FileID,
        _ kind: FileKind,
        _ name: FilePath,
        _ place: RecordPlace
    ) throws(DamageError) {
        guard id != .root else { throw place.damage("a declaration of file 0") }
        guard id <= .lastToBuildOn else {
            throw place.damage("file number \(id) leaves no numbers for files to come")
        }
        if files[id] == nil {
            files[id] = Track(name: name, kind: kind)
        } else {
            files[id]!.name = name
            files[id]!.kind = kind
        }
    }

    private mutating func track(
        _ id: FileID,
        _ place: RecordPlace,
        _ change: (inout Track) -> Void
    ) throws(DamageError) {
        guard files[id] != nil else { throw place.damage("file \(id) was never declared") }
        change(&files[id]!)
    }

    private mutating func consumeChanges(
        _ header: RecordHeader,
        _ payload: RawSpan,
        _ place: RecordPlace,
        emit: (HistoryEvent) throws -> Void
    ) throws {
        do {
            try changes.decode(payload, header, place)
        } catch {
            unattributedBytes.addSaturated(place.storedBytes)
            throw error
        }
        guard var track = files[header.file] else {
            unattributedBytes.addSaturated(place.storedBytes)
            throw place.damage("file \(header.file) was never declared")
        }
        try checkSequence(header, place, emit: emit)
        if changes.continues != (track.unfinishedPages != nil) {
            let message =
                changes.continues ? "the parts before it are missing" : "it forgets the parts before it"
            try emit(.finding(Finding(place.damage(message))))
        }
        var shares = Shares(of: place.storedBytes, among: changes.entries)
        var sequence = header.firstSequence
        for entry in changes.entries {
            unattributedBytes.addSaturated(shares.next(entry))
            let pageCount = (track.unfinishedPages ?? 0).addingSaturated(UInt64(entry.pages.count))
            guard let event = entry.event else {
                track.unfinishedPages = pageCount
                continue
            }
            let state = SnapshotState(
                sequence: sequence,
                time: entry.time,
                event: event,
                shape: entry.shape,
                digest: entry.digest
            )
            let record = SnapshotRecord(
                file: header.file,
                state: state,
                pageCount: pageCount,
                coalesced: entry.coalesced,
                storedBytes: unattributedBytes,
                location: place.location,
                isMoment: entry.standing == .moment
            )
            track.last = state
            ended = header.file
            track.unfinishedPages = nil
            lastTime = entry.time
            lastSequence = sequence
            sequence = sequence.next
            // What is no snapshot any more is counted to the next one.
            guard entry.isSnapshot else { continue }
            unattributedBytes = 0
            try emit(.snapshot(record))
        }
        files[header.file] = track
    }

    private func checkSequence(
        _ header: RecordHeader,
        _ place: RecordPlace,
        emit: (HistoryEvent) throws -> Void
    ) throws {
        guard changes.finishedCount > 0 else {
            guard header.firstSequence == .none else { throw place.damage("a sequence without a snapshot") }
            return
        }
        guard header.firstSequence > lastSequence else {
            throw place.damage("sequence \(header.firstSequence) comes after \(lastSequence)")
        }
        if header.firstSequence > lastSequence.next {
            let last = header.firstSequence.previous
            let message = "snapshots \(lastSequence.next) to \(last) are missing before it"
            try emit(.finding(Finding(place.damage(message))))
        }
    }
}

extension RecordPlace {
    /// Runs a decoder of the record's payload and gives its errors their place.
    func reading<Value>(_ body: () throws(FormatError) -> Value) throws -> Value {
        do throws(FormatError) { return try body() } catch { throw self.error(error) }
    }
}

extension ChangesFormat {
    /// Decodes the payload of a record and gives errors their place.
    mutating func decode(_ payload: RawSpan, _ header: RecordHeader, _ place: RecordPlace) throws {
        do throws(FormatError) { try decode(payload, time: header.time) } catch { throw place.error(error) }
        // fits: the last sequence is far above the entries of one payload
        guard header.firstSequence.rawValue <= Sequence.last.rawValue - UInt64(finishedCount) else {
            throw place.damage("sequence \(header.firstSequence) leaves no room for its snapshots")
        }
    }
}

/// Cuts a record's bytes among its entries in proportion to their pages; the last takes what rounding leaves.
private struct Shares {
    private let recordBytes: UInt64
    private let totalWeight: UInt64
    private var weight: UInt64 = 0
    private var given: UInt64 = 0

    init(of recordBytes: UInt64, among entries: [ChangesFormat.Entry]) {
        self.recordBytes = recordBytes
        // fits: so many pages are named in one payload
        totalWeight = entries.reduce(0) { $0 + Self.weight($1) }
    }

    mutating func next(_ entry: ChangesFormat.Entry) -> UInt64 {
        weight += Self.weight(entry)
        // The weight is a part of the total, so it fits. A sparse file's record may seem to have any number
        // of bytes.
        let product = recordBytes.multipliedFullWidth(by: weight)
        let upToHere = totalWeight.dividingFullWidth(product).quotient
        defer { given = upToHere }
        return upToHere - given
    }

    private static func weight(_ entry: ChangesFormat.Entry) -> UInt64 { UInt64(max(1, entry.pages.count)) }
}
