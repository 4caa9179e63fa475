package import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// A snapshot as the history lists it.
package struct SnapshotRecord: Hashable, Sendable {
    package let file: FileID
    package let state: SnapshotState
    /// The number of pages that it changed, unfinished parts and a base image included.
    package let pageCount: UInt64
    /// The number of transactions in it, where that is known and not one; else 0.
    package let coalesced: UInt64
    /// Its share of the segments. The shares of a root add up to the size of its segments.
    package let storedBytes: UInt64
    let location: RecordLocation
    /// Whether the root as a whole can be restored as of it: retention has kept the state of all other files.
    package let isConsistentPoint: Bool
    /// Whether everything that it builds on is there.
    package var isWhole = true
    /// Whether no record is missing up to it, of any file of the root.
    package var isRootWhole = true
}

/// The place of a record.
package struct RecordLocation: Hashable, Comparable, Sendable {
    /// The segment, by its first sequence.
    package let segment: SequenceNumber
    /// The offset of the record, or of its block, in bytes from the segment's start.
    package let offset: UInt64
    /// Its number in the block; 0 outside of blocks.
    package let index: Int

    package init(segment: SequenceNumber, offset: UInt64, index: Int = 0) {
        self.segment = segment
        self.offset = offset
        self.index = index
    }

    package static func < (left: RecordLocation, right: RecordLocation) -> Bool {
        (left.segment, left.offset, left.index) < (right.segment, right.offset, right.index)
    }
}

/// An event of the history, in the order of the stream.
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

/// Reads the history of a root. Works beside a writer; opens its own files and reads no page data.
package struct RootHistory: Sendable {
    let root: RootDescription

    package init(_ root: RootDescription) { self.root = root }

    /// Reads all records, oldest first. Everything that `body` gets is durable: records that another process
    /// has written but not yet synchronised are synchronised first. Throws what `body` throws,
    /// `RepositoryError.unsupported`, or `SystemError`; damage is an event.
    package func visit(_ body: (HistoryEvent) throws -> Void) throws {
        _ = try scan(body)
    }

    /// Every declared file with its last finished snapshot, by number.
    package func files() throws -> [FileID: ProtectedFile] {
        try scan { _ in }.tracker.protectedFiles
    }

    /// The size of the root's segments, in bytes.
    package func segmentBytes() throws -> UInt64 {
        var total: UInt64 = 0
        for first in try root.segments() {
            total.addSaturated(try StoredFile.sizeBytes(root.segmentPath(first)) ?? 0)
        }
        return total
    }

    /// The same, and checks for the bases of snapshots: a missing one is an event. Throws
    /// `ReplacedSegmentError` beside a writer that has just removed one.
    ///
    /// `onStateOfRoot` is called before an event of a loss, if the newest snapshots of all files were the
    /// state of the root then.
    package func visitCheckingBases(
        onStateOfRoot: () -> Void,
        _ body: (HistoryEvent) throws -> Void
    ) throws {
        var tracker = HistoryTracker()
        var segment: (first: SequenceNumber, identity: SegmentIdentity?)?
        tracker.isBaseThere = { sequence, file, _ in
            let path = root.basePath(sequence, file)
            if try root.baseFiles.sizeBytes(path) != nil { return true }
            // A writer that removes a base has replaced the segment that names it.
            guard let segment, try StreamReader(root: root).identity(of: segment.first) == segment.identity
            else { throw ReplacedSegmentError() }
            return false
        }
        let stream = StreamReader(root: root, synchronising: true, onSegment: { segment = ($0, $1) })
        _ = try scan(stream, &tracker, onStateOfRoot: onStateOfRoot, body)
    }

    /// Reads everything and returns the resulting state; no end when there is no segment.
    package func scan(
        _ body: (HistoryEvent) throws -> Void
    ) throws -> (tracker: HistoryTracker, end: StreamEnd?) {
        var tracker = HistoryTracker()
        let end = try scan(StreamReader(root: root, synchronising: true), &tracker, body)
        return (tracker, end)
    }

    private func scan(
        _ stream: StreamReader,
        _ tracker: inout HistoryTracker,
        onStateOfRoot: () -> Void = {},
        _ body: (HistoryEvent) throws -> Void
    ) throws -> StreamEnd? {
        try stream.run(
            onFinding: { finding in
                if finding.severity == .error, tracker.isStateOfRoot { onStateOfRoot() }
                tracker.lost(finding)
                try body(.finding(finding))
            },
            onRecord: { type, header, payload, place in
                try tracker.consume(type, header, payload, place, emit: body)
                return true
            }
        )
    }
}
