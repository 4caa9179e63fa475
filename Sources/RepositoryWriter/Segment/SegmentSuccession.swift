import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// Decides where a new writer continues after the last one:
/// 1. After a clean end the same segment continues.
/// 2. After an unfinished write a new segment follows. Its header declares the length of the valid part.
/// 3. After damage a new segment follows. Its header declares the whole length, so that checks still find the
///    damage.
/// 4. If a segment of kind 2 or 3 has no snapshot, the next one would have its name. Its valid front is then
///    copied, and the original is kept beside it under another name.
/// 5. After a sealed segment a new one follows.
///
/// No valid byte is ever deleted.
enum SegmentSuccession {
    /// The segment ends cleanly at `validBytes` and continues.
    case goOn(segment: SequenceNumber, validBytes: UInt64)
    /// A new segment follows; after `SequenceNumber.none` and no bytes if it is the first.
    case follow(segment: SequenceNumber, validBytes: UInt64)
    /// The segment is replaced by its valid front.
    case replace(StreamEnd)
    /// The segment continues in another file, because this one cannot be synchronised.
    case rewrite(segment: SequenceNumber, validBytes: UInt64)

    /// The root has no segment yet.
    static let first = SegmentSuccession.follow(segment: .none, validBytes: 0)

    init(after end: StreamEnd?, mark: DurableMark?, lastSequence: SequenceNumber) {
        if let mark, mark.segment > end?.segment ?? .none, mark.segment <= lastSequence {
            // The last segment is missing, with snapshots: its place in the chain remains empty.
            self = .follow(segment: mark.segment, validBytes: mark.validBytes)
            return
        }
        guard let end else {
            self = .first
            return
        }
        switch end.tail {
        case .clean where end.header?.isSealed ?? false:
            self = .follow(segment: end.lastReplaced, validBytes: end.validBytes)
        case .clean: self = .goOn(segment: end.segment, validBytes: end.validBytes)
        case .unfinished, .damaged:
            self =
                lastSequence < end.segment
                ? .replace(end)
                : .follow(segment: end.lastReplaced, validBytes: end.countedBytes)
        }
    }

    /// Opens the segment to write to. `next`: the sequence of the next snapshot.
    func open(root: RootDescription, next: SequenceNumber, now: Instant) throws -> SegmentWriter {
        switch self {
        case .goOn(let segment, let validBytes):
            return try SegmentWriter(root.segmentPath(segment), first: segment, validBytes: validBytes)
        case .follow(let segment, let validBytes):
            let header = SegmentHeader(
                root: root.id,
                firstSequence: next,
                created: now,
                previousFirst: segment,
                previousValidBytes: validBytes
            )
            return try Self.rewrite(next, root, validBytes: SegmentHeader.byteCount, header: header)
        case .replace(let end): return try Self.replace(end, root, now)
        case .rewrite(let segment, let validBytes):
            return try Self.rewrite(segment, root, validBytes: validBytes)
        }
    }

    /// Copies the segment up to `validBytes` into another file that takes its name once it is on the disk. So
    /// an invalid header is damage. `header`: replaces the segment's header, or begins a new segment.
    static func rewrite(
        _ segment: SequenceNumber,
        _ root: RootDescription,
        validBytes: UInt64,
        header: SegmentHeader? = nil,
        beforeNaming: () throws -> Void = {}
    ) throws -> SegmentWriter {
        let path = root.segmentPath(segment)
        let draft = root.segmentDraftPath(segment)
        let copy = try OpenFile(draft, .updateOrCreate)
        try copy.truncate(to: 0)
        if let header {
            let bytes = header.encoded()
            try copy.write(unsafe bytes.span.bytes, at: 0)
        }
        try copyFront(of: path, to: copy, from: header == nil ? 0 : SegmentHeader.byteCount, upTo: validBytes)
        try copy.synchronise()
        try beforeNaming()
        try Directory.rename(draft, to: path)
        try Directory.synchronise(root.segmentsDirectory)
        return try SegmentWriter(path, first: segment, validBytes: validBytes)
    }

    private static func replace(
        _ end: StreamEnd,
        _ root: RootDescription,
        _ now: Instant
    ) throws -> SegmentWriter {
        var header =
            end.header
            ?? SegmentHeader(
                root: root.id,
                firstSequence: end.segment,
                created: now,
                previousFirst: end.previousFirst,
                previousValidBytes: end.previousValidBytes
            )
        header.isSealed = false
        let validBytes = max(end.validBytes, SegmentHeader.byteCount)
        return try rewrite(end.segment, root, validBytes: validBytes, header: header) { try quarantine(end) }
    }

    static func copyFront(
        of path: FilePath,
        to copy: borrowing OpenFile,
        from start: UInt64,
        upTo end: UInt64
    ) throws {
        guard start < end else { return }
        let original = try StoredFile.open(path)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset = start
        while offset < end {
            let wanted = Int(min(UInt64(buffer.count), end - offset))
            let got = try original.read(into: &buffer, count: wanted, at: offset)
            guard got == wanted else { throw DamageError(path, at: offset, "the segment became shorter") }
            try copy.write(unsafe buffer.span.bytes.extracting(0..<got), at: offset)
            offset += UInt64(got)
        }
    }

    /// Gives the segment a second name that is not in use.
    private static func quarantine(_ end: StreamEnd) throws {
        let ending = end.tail == .damaged ? "damaged" : "torn"
        for number in 1... {
            let suffix = number == 1 ? ending : "\(ending)-\(number)"
            let name = end.path.appending(suffix: ".\(suffix)")
            guard try FileStatus.unlessMissing(name, followingLinks: false) == nil else { continue }
            // Only a regular file can have a second name. Nothing is lost if the machine stops here.
            guard try FileStatus.of(end.path, followingLinks: false).kind == .regular else {
                return try Directory.rename(end.path, to: name)
            }
            do {
                return try SecondName.keep(end.path, as: name)
            } catch let error as SystemError where error.code == .fileExists {
                continue
            }
        }
    }
}
