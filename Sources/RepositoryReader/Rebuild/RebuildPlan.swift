import LinuxSystem
package import RepositoryFormat
package import SQLiteFiles
import SystemPackage

/// The records that make up the image of a file at one snapshot: from the last base or fresh start on,
/// without voided ones. Built in one pass over the stream that reads only tables.
package struct RebuildPlan {
    /// The snapshot that will be rebuilt: the newest not later than the wanted one.
    private(set) var snapshot: SnapshotState?
    /// The record to begin with.
    private(set) var start: RecordLocation?
    /// The last entry that belongs to it.
    private(set) var end: SnapshotAssembler.Place?
    /// The largest image on the way, in bytes.
    private(set) var largestBytes: UInt64 = 0
    /// All pages that records name. These alone are enough to decompress and apply the records.
    package private(set) var pages = PageBitmap()

    /// Begin with the first record, not with the last base or fresh start: for checks.
    private let keepsEverything: Bool
    /// Whether a removed snapshot with its changes still in the stream counts as one.
    private let countsRemoved: Bool
    private var assembler = SnapshotAssembler()
    /// The start of a removed snapshot: the next one that counts begins there.
    private var removedStart: RecordLocation?

    package init(keepingEverything: Bool = false, countingRemoved: Bool = false) {
        keepsEverything = keepingEverything
        countsRemoved = countingRemoved
    }

    /// Whether the record, or one of its entries, is to be applied.
    func includes(_ record: RecordLocation, entry: Int) -> Bool {
        guard let start, let end else { return false }
        let place = SnapshotAssembler.Place(record, entry: entry)
        return record >= start && place <= end && !assembler.isVoid(place)
    }

    mutating func sawBase(_ record: RecordLocation, _ shape: ImageSize) {
        assembler.sawBase(record)
        largestBytes = max(largestBytes, shape.byteCount)
    }

    mutating func sawVoid(_ record: RecordLocation) { assembler.sawVoid(record) }

    /// Adds the entries of a changes record with sequences up to `limit`.
    mutating func sawChanges(
        _ changes: ChangesFormat,
        _ record: RecordLocation,
        firstSequence: SequenceNumber,
        upTo limit: SequenceNumber
    ) {
        var sequence = firstSequence
        for number in changes.numbers { pages.insert(PageNumber(number)) }
        for (index, entry) in changes.entries.enumerated() {
            guard entry.event == nil || sequence <= limit else { return }
            guard let ended = assembler.saw(entry, at: .init(record, entry: index)) else { continue }
            largestBytes = max(largestBytes, entry.shape.byteCount)
            removedStart = ended.start ?? removedStart
            guard countsRemoved || entry.isSnapshot else {
                sequence = sequence.next
                continue
            }
            if let begun = removedStart.take(), start == nil || !keepsEverything {
                start = begun
                assembler.forget(before: begun)
            }
            end = ended.end
            snapshot = SnapshotState(sequence, entry)
            sequence = sequence.next
        }
    }
}

/// The plans of several files, and the damage that was found meanwhile.
package struct RebuildPlans {
    private(set) var plans: [FileID: RebuildPlan] = [:]
    private(set) var lastSequence = SequenceNumber.none
    /// Ranges of missing snapshots.
    private var holes: [(after: SequenceNumber, damage: DamageError)] = []
    private(set) var firstDamage: DamageError?
    /// The first damage after the last snapshot.
    private var damageBehind: DamageError?
    /// The segments' files; the plans' places refer to these.
    private(set) var segments: [SequenceNumber: SegmentIdentity] = [:]
    /// In segments up to this one, places refer to their segment deltas, if they have any.
    let deltasUpTo: SequenceNumber
    /// Whether any segment has segment deltas.
    private(set) var hasDeltas = false

    /// The bytes of the images that will be rebuilt.
    var imageBytes: UInt64 {
        plans.values.reduce(0) { $0.addingSaturated($1.snapshot?.shape.byteCount ?? 0) }
    }

    /// Reads the stream up to `limit`, for the files in `wanted`.
    package init(
        _ root: RootDescription,
        wanted: Set<FileID>,
        upTo limit: SequenceNumber,
        keepingEverything: Bool = false,
        countingRemoved: Bool = false
    ) throws {
        for id in wanted {
            plans[id] = RebuildPlan(keepingEverything: keepingEverything, countingRemoved: countingRemoved)
        }
        var changes = ChangesFormat()
        var segments: [SequenceNumber: SegmentIdentity] = [:]
        deltasUpTo = keepingEverything ? .none : limit
        let stream = StreamReader(root: root, deltasUpTo: deltasUpTo, onSegment: { segments[$0] = $1 })
        _ = try stream.run(
            onFinding: { finding in
                guard finding.severity == .error else { return }
                let damage = DamageError(finding)
                (firstDamage, damageBehind) = (firstDamage ?? damage, damageBehind ?? damage)
            },
            onRecord: { type, header, payload, place in
                let before = lastSequence
                defer { if lastSequence > before { damageBehind = nil } }
                if let next = Self.firstSequence(type, header, place), next > lastSequence.next {
                    let damage = place.damage("snapshots are missing before it")
                    holes.append((after: lastSequence, damage: firstDamage ?? damage))
                }
                if type == .changes, header.firstSequence > limit { return false }
                switch type {
                case .removed: lastSequence = max(lastSequence, header.firstSequence)
                case .segmentDelta where place.isInDelta:
                    hasDeltas = true
                    let following = try place.reading(try SegmentDeltaFormat.following(payload))
                    if following == 0 { lastSequence = header.firstSequence }
                case .session:
                    for id in wanted { plans[id]!.sawVoid(place.location) }
                case .void where wanted.contains(header.file):
                    plans[header.file]!.sawVoid(place.location)
                case .base where wanted.contains(header.file):
                    let base = try place.reading(try BaseReference(payload))
                    plans[header.file]!.sawBase(place.location, base.shape)
                case .changes:
                    // Of other files, only the sequences in the tables matter.
                    try changes.decode(payload, header, place)
                    if !place.isInDelta { lastSequence = changes.lastSequence(header) ?? lastSequence }
                    guard wanted.contains(header.file) else { break }
                    plans[header.file]!.sawChanges(
                        changes,
                        place.location,
                        firstSequence: header.firstSequence,
                        upTo: limit
                    )
                default: break
                }
                return true
            }
        )
        self.segments = segments
    }

    /// The sequence that follows the last one if no record is missing before this one; nil if the record has
    /// none.
    private static func firstSequence(
        _ type: RecordType,
        _ header: RecordHeader,
        _ place: RecordPlace
    ) -> SequenceNumber? {
        switch type {
        case .changes where !place.isInDelta: header.firstSequence
        case .segmentDelta where place.isInDelta: place.location.segment
        default: nil
        }
    }

    /// The file's plan, if the stream has everything up to `limit`.
    package func plan(_ id: FileID, at limit: SequenceNumber) throws -> RebuildPlan {
        guard limit <= lastSequence, let plan = plans[id], let snapshot = plan.snapshot else {
            if let damage = holes.first(where: { $0.after < limit })?.damage { throw damage }
            // The requested snapshot may have been there.
            if limit > lastSequence, let damageBehind { throw damageBehind }
            throw RepositoryError.noSnapshot(id, at: limit)
        }
        if let hole = holes.first(where: { $0.after >= snapshot.sequence && $0.after < limit }) {
            throw hole.damage
        }
        guard plan.start != nil else {
            throw firstDamage
                ?? DamageError(FilePath("."), at: 0, "no base image comes before snapshot \(limit)")
        }
        return plan
    }
}
