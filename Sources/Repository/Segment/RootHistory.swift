package import LinuxFiles
package import SystemPackage

/// A snapshot as the history lists it.
package struct SnapshotRecord: Hashable, Sendable {
    package let file: FileID
    package let state: SnapshotState
    /// Pages that it changed, unfinished parts and a base image included.
    package let pageCount: UInt64
    /// Transactions in it where that is known and not one; else 0.
    package let coalesced: UInt64
    /// Its share of the segments; the shares of a root add up to what its segments hold.
    package let storedBytes: UInt64
    package let location: RecordLocation
    /// Whether the root as a whole can be restored as of it: retention has kept what stood beside it.
    package let isMoment: Bool
}

/// Where a record lies.
package struct RecordLocation: Hashable, Comparable, Sendable {
    /// The segment, by its first sequence.
    package let segment: Sequence
    /// Of the record, or of the pack that it is in; in bytes from the segment's start.
    package let offset: UInt64
    /// Its number in the pack; 0 outside of packs.
    package let index: Int

    init(segment: Sequence, offset: UInt64, index: Int = 0) {
        self.segment = segment
        self.offset = offset
        self.index = index
    }

    package static func < (left: RecordLocation, right: RecordLocation) -> Bool {
        (left.segment, left.offset, left.index) < (right.segment, right.offset, right.index)
    }
}

/// What a walk over the history meets, in the order of the stream.
package enum HistoryEvent: Sendable {
    case session(program: String, time: Instant)
    /// A declaration; later ones of the same number replace it.
    case file(FileID, name: FilePath, kind: FileKind)
    case snapshot(SnapshotRecord)
    case gap(Gap, time: Instant)
    case annotation(Annotation)
    case attributes(AttributesRecord)
    case finding(Finding)
}

/// Reads what happened to a root. Works beside a writer; opens its own files and reads no page data.
package struct RootHistory: Sendable {
    package let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// Walks over all records, oldest first. Everything that `body` sees is durable: what another process has
    /// written but not yet synchronised is synchronised first.
    /// Throws what `body` throws, `RepositoryError.unsupported`, or `SystemError`; damage is an event.
    package func visit(_ body: (HistoryEvent) throws -> Void) throws {
        _ = try scan(body)
    }

    /// Every declared file with its last finished snapshot, by number.
    package func files() throws -> [FileID: ProtectedFile] {
        try scan { _ in }.tracker.protectedFiles
    }

    /// What the root's segments hold, in bytes.
    package func segmentBytes() throws -> UInt64 {
        var total: UInt64 = 0
        for first in try root.segments() {
            total.addSaturated(try StoredFile.sizeBytes(root.segmentPath(first)) ?? 0)
        }
        return total
    }

    /// Walks over everything and returns where that leads to; no end when there is no segment.
    func scan(_ body: (HistoryEvent) throws -> Void) throws -> (tracker: HistoryTracker, end: StreamEnd?) {
        var tracker = HistoryTracker()
        let walk = StreamWalk(root: root, synchronising: true)
        let end = try walk.run(
            onFinding: { try body(.finding($0)) },
            onRecord: { type, header, payload, place in
                try tracker.consume(type, header, payload, place, emit: body)
                return true
            }
        )
        return (tracker, end)
    }
}
