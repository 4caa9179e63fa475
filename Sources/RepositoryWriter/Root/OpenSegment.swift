import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// The segment that a writer appends to, and where the stream continues after it.
///
/// A segment is full when it has reached its length or its number of files. Another one then follows. Two
/// kinds of full segments continue:
/// 1. One without a snapshot: its successor would have its name.
/// 2. One that ends in an unfinished snapshot, up to `unfinishedLimit`: it could never be compacted.
struct OpenSegment {
    /// The maximum length of a segment that is extended only because its last snapshot is unfinished, in
    /// bytes.
    static let unfinishedLimit: UInt64 = 64 << 20
    /// A segment with this many files is full, however short it is: compaction needs memory for each file.
    static let mostFiles = 2000

    private let root: RootDescription
    /// A segment of this length is full, in bytes.
    private let limit: UInt64
    private var succession: SegmentSuccession
    private var current: SegmentWriter?
    /// The last segment is full and ends in an unfinished snapshot.
    private var endsUnfinished: Bool
    /// The files with changes in the open segment, as far as this writer has written it.
    private var changedFiles: Set<FileID> = []

    init(
        _ root: RootDescription,
        limit: UInt64,
        _ succession: SegmentSuccession = .first,
        endsUnfinished: Bool = false
    ) {
        self.root = root
        self.limit = limit
        self.succession = succession
        self.endsUnfinished = endsUnfinished
    }

    /// The segment that was written last, by its first sequence; nil before the first flush.
    var firstSequence: SequenceNumber? { current?.firstSequence }

    /// The durable length of that segment, in bytes.
    var validBytes: UInt64 { current?.validBytes ?? 0 }

    /// Throws `RepositoryError.gone` unless readers find it by its name.
    func requireInPlace() throws { try current?.requireInPlace() }

    /// The open segment, or the next one when there is none or it is full. `last`: the last durable snapshot.
    mutating func forWriting(after last: SequenceNumber, now: Instant) throws -> SegmentWriter {
        let present = try intact(after: last, now)
        guard
            Self.isFollowed(
                hasSnapshot: last >= present.firstSequence,
                isFull: isFull(present),
                endsUnfinished: endsUnfinished,
                validBytes: present.validBytes
            )
        else { return present }
        return try follow(present, after: last, now)
    }

    /// Whether another segment follows before anything else is written.
    static func isFollowed(
        hasSnapshot: Bool,
        isFull: Bool,
        endsUnfinished: Bool,
        validBytes: UInt64
    ) -> Bool {
        guard isFull, hasSnapshot else { return false }
        return !endsUnfinished || validBytes >= unfinishedLimit
    }

    /// Ends the segment and begins the next one, unless it has no snapshot or ends in an unfinished one.
    mutating func end(after last: SequenceNumber, now: Instant, hasOpenParts: Bool) throws {
        let present = try intact(after: last, now)
        guard last >= present.firstSequence, !hasOpenParts else { return }
        _ = try follow(present, after: last, now)
    }

    /// A record with changes of the file is written to it.
    mutating func noteChanges(of file: FileID) { changedFiles.insert(file) }

    /// A flush has ended. `hasOpenParts`: within a snapshot.
    mutating func flushed(_ segment: SegmentWriter, hasOpenParts: @autoclosure () -> Bool) {
        endsUnfinished = isFull(segment) && hasOpenParts()
    }

    /// The open segment. If it could not be synchronised, it is left, and its undurable part is written again
    /// to another file.
    private mutating func intact(after last: SequenceNumber, _ now: Instant) throws -> SegmentWriter {
        let present = try current ?? open(after: last, now)
        guard present.hasFailed else { return present }
        let (first, validBytes) = (present.firstSequence, present.validBytes)
        succession =
            last >= first
            ? .follow(segment: first, validBytes: validBytes)
            : .rewrite(segment: first, validBytes: validBytes)
        current = nil
        return try open(after: last, now)
    }

    private mutating func follow(
        _ present: SegmentWriter,
        after last: SequenceNumber,
        _ now: Instant
    ) throws -> SegmentWriter {
        succession = .follow(segment: present.firstSequence, validBytes: present.validBytes)
        current = nil
        return try open(after: last, now)
    }

    private mutating func open(after last: SequenceNumber, _ now: Instant) throws -> SegmentWriter {
        let next = try succession.open(root: root, next: last.next, now: now)
        current = next
        changedFiles.removeAll(keepingCapacity: true)
        return next
    }

    private func isFull(_ segment: SegmentWriter) -> Bool {
        segment.validBytes >= limit || changedFiles.count >= Self.mostFiles
    }
}
