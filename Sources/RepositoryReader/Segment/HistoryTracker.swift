package import LinuxSystem
package import RepositoryFormat
import SQLiteFiles
import SystemPackage

/// Follows the stream record by record: the files, the state of each at its last snapshot, and unfinished
/// snapshots. It does no I/O. `RootHistory`, the writer and the check all read the stream through it.
///
/// Sequences count up by one. A session voids the unfinished snapshots of all files, a void record that of
/// one file. Their parts and bases then never happened. Bytes of the segments that belong to no snapshot are
/// counted to the next one. So the shares of all snapshots add up to the valid length of the segments.
package struct HistoryTracker {
    package struct Track {
        var name: FilePath
        var kind: FileKind
        package var last: SnapshotState?
        /// The number of losses before its last base or fresh start.
        fileprivate var lossesBefore = 0
        /// Its base is missing.
        fileprivate var lacksBase = false
    }

    /// The base that a snapshot begins with.
    package struct SnapshotBase {
        package let sequence: SequenceNumber
        package let reference: BaseReference
        /// Of its record.
        package let location: RecordLocation
        /// Records are lost since: it does not make the file complete again.
        fileprivate var isBeforeLoss = false
    }

    package private(set) var files: [FileID: Track] = [:]
    /// For each file with an unfinished snapshot, the number of its pages so far. Separate from the files,
    /// which are many: after each record the tracker checks whether there is any.
    private var unfinishedPages: [FileID: UInt64] = [:]
    /// Whether any file has an unfinished snapshot.
    package var hasUnfinished: Bool { !unfinishedPages.isEmpty }
    /// Returns whether the base of a snapshot exists; nil if the caller does not need that.
    var isBaseThere: ((SequenceNumber, FileID, RecordPlace) throws -> Bool)?
    /// Bases that no finished snapshot needs yet.
    private var openBases: [FileID: SnapshotBase] = [:]
    /// Files whose base is missing.
    private var filesWithoutBase: Set<FileID> = []
    /// The number of places where records were lost.
    private var losses = 0
    /// At one of them records are missing, and not because of damage.
    private var isIncomplete = false
    /// Files whose last changes are no longer a snapshot.
    private var superseded: Set<FileID> = []
    /// The last record was the end of a sealed segment.
    private var isAtFooter = false
    /// Whether the last snapshots of all files are the state of the root here, at the end of a sealed
    /// segment. Retention keeps the state of each file there.
    var isStateOfRoot: Bool {
        isAtFooter && losses == 0 && filesWithoutBase.isEmpty && superseded.isEmpty
    }
    /// Files whose declaration is lost.
    private var undeclared: Set<FileID> = []
    /// The file whose snapshot the last record ended, removed ones included; nil when it ended none.
    package private(set) var ended: FileID?
    /// The base that this snapshot began with, if any.
    package private(set) var endedBase: SnapshotBase?
    package private(set) var lastSequence = SequenceNumber.none

    package init() {}
    /// The time of the last record or snapshot, by the clock.
    package private(set) var lastTime = Instant(nanoseconds: 0)
    private var segment: SequenceNumber?
    private var unattributedBytes: UInt64 = 0
    private var changes = ChangesFormat()

    /// Records are lost here. A file is complete again from its next base or fresh start on.
    package mutating func lost(_ finding: Finding) {
        guard finding.severity == .error else { return }
        losses += 1
        for file in Array(openBases.keys) { openBases[file]!.isBeforeLoss = true }
        if finding.isIncompleteness { isIncomplete = true }
    }

    /// Takes the next record and passes its events to `emit`. Throws `DamageError` for one that contradicts
    /// the stream, `RepositoryError.unsupported`, or what `emit` throws.
    package mutating func consume(
        _ type: RecordType,
        _ header: RecordHeader,
        _ payload: RawSpan,
        _ place: RecordPlace,
        emit: (HistoryEvent) throws -> Void
    ) throws {
        if segment != place.location.segment {
            segment = place.location.segment
            unattributedBytes.addSaturated(SegmentHeader.byteCount)
        }
        (ended, endedBase) = (nil, nil)
        isAtFooter = type == .footer
        if type != .changes { unattributedBytes.addSaturated(place.storedBytes) }
        lastTime = header.time
        let lastBefore = lastSequence
        switch type {
        case .session:
            unfinishedPages.removeAll()
            openBases.removeAll()
            let program = try place.reading(try SessionFormat.decode(payload))
            try emit(.session(program: program, time: header.time))
        case .file:
            let (kind, name) = try place.reading(try FileFormat.decode(payload))
            try declare(header.file, kind, name, place)
            try emit(.file(header.file, name: name, kind: kind))
        case .base:
            let base = try place.reading(try BaseReference(payload))
            guard try isDeclared(header.file, place, emit) else { break }
            unfinishedPages[header.file] = UInt64(base.shape.pageCount.rawValue)
            openBases[header.file] = SnapshotBase(
                sequence: header.firstSequence,
                reference: base,
                location: place.location
            )
        case .void:
            guard try isDeclared(header.file, place, emit) else { break }
            unfinishedPages[header.file] = nil
            openBases[header.file] = nil
        case .changes:
            try consumeChanges(header, payload, place, emit: emit)
        case .gap:
            let gap = try place.reading(try Gap(payload, file: header.file))
            try emit(.gap(gap, time: header.time))
        case .annotation:
            let annotation = try place.reading(
                try Annotation(payload, file: header.file, time: header.time)
            )
            try emit(.annotation(annotation))
        case .attributes:
            let record = try place.reading(try AttributesRecord(payload, header))
            guard try header.file == .root || isDeclared(header.file, place, emit) else { break }
            try emit(.attributes(record))
        case .removed:
            guard header.firstSequence >= lastSequence else {
                throw place.damage(
                    "snapshots up to \(header.firstSequence) were removed after \(lastSequence)"
                )
            }
            lastSequence = header.firstSequence
        case .footer, .block, .segmentDelta: break
        }
        if lastSequence > .lastToBuildOn, lastBefore <= .lastToBuildOn {
            let message = "sequence \(lastSequence) leaves no numbers for snapshots to come"
            try emit(.finding(Finding(place.damage(message))))
        }
    }

    /// The files as callers see them.
    package var protectedFiles: [FileID: ProtectedFile] {
        files.reduce(into: [:]) { result, file in
            let (id, track) = file
            result[id] = ProtectedFile(id: id, name: track.name, kind: track.kind, last: track.last)
        }
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
            files[id] = Track(name: name, kind: kind, lossesBefore: losses)
            undeclared.remove(id)
        } else {
            files[id]!.name = name
            files[id]!.kind = kind
        }
    }

    /// False when the declaration may be among missing records. Throws `DamageError` if none are missing.
    private mutating func isDeclared(
        _ id: FileID,
        _ place: RecordPlace,
        _ emit: (HistoryEvent) throws -> Void
    ) throws -> Bool {
        if files[id] != nil { return true }
        guard isIncomplete else { throw place.damage("file \(id) was never declared") }
        if undeclared.insert(id).inserted {
            try emit(.finding(consequence("file \(id) was declared in what is missing", place)))
        }
        return false
    }

    /// A contradiction to the earlier stream, which may be a consequence of missing records.
    private func consequence(_ message: String, _ place: RecordPlace) -> Finding {
        let damage = place.damage(message)
        return Finding(.error, damage.path, at: damage.offset, message, isIncompleteness: isIncomplete)
    }

    private mutating func consumeChanges(
        _ header: RecordHeader,
        _ payload: RawSpan,
        _ place: RecordPlace,
        emit: (HistoryEvent) throws -> Void
    ) throws {
        let isKnown: Bool
        do {
            try changes.decode(payload, header, place)
            isKnown = try isDeclared(header.file, place, emit)
        } catch {
            unattributedBytes.addSaturated(place.storedBytes)
            throw error
        }
        if !isKnown { unattributedBytes.addSaturated(place.storedBytes) }
        try checkSequence(header, place, emit: emit)
        guard isKnown else { return lastSequence = changes.lastSequence(header) ?? lastSequence }
        var track = files[header.file]!
        if changes.entries.first?.startsFresh ?? false {
            openBases[header.file] = nil
            rebase(header.file, &track, isThere: true)
        }
        var unfinished = unfinishedPages[header.file]
        if changes.continues != (unfinished != nil) {
            let message =
                changes.continues ? "the parts before it are missing" : "it forgets the parts before it"
            try emit(.finding(consequence(message, place)))
        }
        if changes.finishedCount > 0 { endedBase = openBases.removeValue(forKey: header.file) }
        if let endedBase, !endedBase.isBeforeLoss {
            let base = endedBase.sequence
            let isThere = try isBaseThere?(base, header.file, place) ?? true
            rebase(header.file, &track, isThere: isThere)
            if !isThere {
                let message = "the base \(base) of file \(header.file) is missing"
                isIncomplete = true
                try emit(.finding(consequence(message, place)))
            }
        }
        // fits: so many pages are named in one payload
        let totalWeight = changes.entries.reduce(0) { $0 + $1.weight }
        var (shares, weight) = (ProportionalShares(), UInt64(0))
        var sequence = header.firstSequence
        for entry in changes.entries {
            weight += entry.weight
            unattributedBytes.addSaturated(shares.next(of: place.storedBytes, upTo: weight, of: totalWeight))
            let pageCount = (unfinished ?? 0).addingSaturated(UInt64(entry.pages.count))
            guard let state = SnapshotState(sequence, entry) else {
                unfinished = pageCount
                continue
            }
            let record = SnapshotRecord(
                file: header.file,
                state: state,
                pageCount: pageCount,
                coalesced: entry.coalesced,
                storedBytes: unattributedBytes,
                location: place.location,
                isConsistentPoint: entry.scope == .consistentPoint,
                isWhole: track.lossesBefore == losses && !track.lacksBase,
                isRootWhole: losses == 0 && filesWithoutBase.isEmpty
            )
            track.last = state
            ended = header.file
            unfinished = nil
            lastTime = entry.time
            lastSequence = sequence
            sequence = sequence.next
            // Bytes of removed snapshots are counted to the next one.
            guard entry.isSnapshot else {
                superseded.insert(header.file)
                continue
            }
            superseded.remove(header.file)
            unattributedBytes = 0
            try emit(.snapshot(record))
        }
        files[header.file] = track
        unfinishedPages[header.file] = unfinished
    }

    /// The file has a new base or a fresh start.
    private mutating func rebase(_ id: FileID, _ track: inout Track, isThere: Bool) {
        track.lossesBefore = losses
        track.lacksBase = !isThere
        if isThere { filesWithoutBase.remove(id) } else { filesWithoutBase.insert(id) }
    }

    private mutating func checkSequence(
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
            losses += 1
            try emit(.finding(consequence(message, place)))
        }
    }
}

extension RecordPlace {
    /// What a decoder of the record's payload returns. Adds the place to its errors.
    package func reading<Value>(_ value: @autoclosure () throws(FormatError) -> Value) throws -> Value {
        do throws(FormatError) { return try value() } catch { throw self.error(error) }
    }
}

extension ChangesFormat {
    /// Decodes the payload of a record and adds the place to errors.
    package mutating func decode(_ payload: RawSpan, _ header: RecordHeader, _ place: RecordPlace) throws {
        do throws(FormatError) { try decode(payload, time: header.time) } catch { throw place.error(error) }
        // fits: the last sequence is far above the entries of one payload
        guard header.firstSequence.rawValue <= SequenceNumber.last.rawValue - UInt64(finishedCount) else {
            throw place.damage("sequence \(header.firstSequence) leaves no room for its snapshots")
        }
    }
}

extension ChangesFormat.Entry {
    /// What its share of the record's bytes is in proportion to.
    fileprivate var weight: UInt64 { UInt64(max(1, pages.count)) }
}
