package import LinuxSystem
package import RepositoryFormat
package import SystemPackage

/// Reads the records of a root's segments, oldest first.
///
/// The end of a segment:
/// 1. The header of the next segment declares how much of this one is valid. Any further bytes in the file
///    are an unfinished write and are ignored.
/// 2. The last segment ends where its reader finds the end, but not before the durable mark.
/// 3. A sealed segment is valid as a whole, whatever follows it, and ends in a footer.
///
/// Anything invalid before the end is damage. It is reported and skipped; digests decide later which images
/// it affects.
///
/// Records in blocks are delivered one by one, like single ones. If segment deltas replace a segment, the
/// records in them are delivered, each segment delta after its own records. Of such a segment nothing else is
/// read but the footer.
package struct StreamReader {
    let root: RootDescription
    /// Segments before the one with this first sequence are omitted.
    let start: SequenceNumber
    /// Whether to wait until the records that are read are on the disk.
    let synchronising: Bool
    /// Whether the bytes of ranges are wanted; otherwise such changes are delivered as tables.
    let wantsData: Bool
    /// Whether changes in a block whose data cannot be decompressed are delivered too: as tables if they have
    /// data there.
    let deliversLostData: Bool
    /// Sealed segments with a last snapshot up to this one are replaced by their segment deltas, if they have
    /// any.
    let deltasUpTo: SequenceNumber
    /// The files whose data in those segment deltas is wanted; nil for all.
    let wantedFiles: Set<FileID>?
    /// Whether records that may be skipped are rejected all the same.
    let refusesUnknown: Bool
    /// A draft that is read instead of the segment.
    private let draft: (segment: SequenceNumber, path: FilePath)?
    /// Counts the bytes of the segments as they are read.
    private let progress: WorkProgress?
    /// Called with the identity of each segment's file before any of its records; nil for one that has only a
    /// name.
    private let onSegment: ((SequenceNumber, SegmentIdentity?) throws -> Void)?
    /// Called for each segment that another one replaces, and that is therefore omitted.
    private let onReplaced: ((SequenceNumber) throws -> Void)?

    package init(
        root: RootDescription,
        start: SequenceNumber = .none,
        synchronising: Bool = false,
        wantsData: Bool = false,
        deliversLostData: Bool = false,
        deltasUpTo: SequenceNumber = .none,
        wantedFiles: Set<FileID>? = nil,
        refusesUnknown: Bool = false,
        draft: (segment: SequenceNumber, path: FilePath)? = nil,
        progress: WorkProgress? = nil,
        onSegment: ((SequenceNumber, SegmentIdentity?) throws -> Void)? = nil,
        onReplaced: ((SequenceNumber) throws -> Void)? = nil
    ) {
        self.root = root
        self.start = start
        self.synchronising = synchronising
        self.wantsData = wantsData
        self.deliversLostData = deliversLostData
        self.deltasUpTo = deltasUpTo
        self.wantedFiles = wantedFiles
        self.refusesUnknown = refusesUnknown
        self.draft = draft
        self.progress = progress
        self.onSegment = onSegment
        self.onReplaced = onReplaced
    }

    /// Calls `onRecord` for every valid record, until it returns false, and `onFinding` for every finding.
    /// Returns the end of the last segment; nil when there is no segment or `onRecord` returned false. Throws
    /// `ReplacedSegmentError` if a segment of a copy was damaged, and was got anew.
    package func run(
        onFinding report: (Finding) throws -> Void,
        onRecord: (RecordType, RecordHeader, RawSpan, RecordPlace) throws -> Bool
    ) throws -> StreamEnd? {
        func onFinding(_ finding: Finding) throws {
            if finding.severity == .error, try root.baseFiles.replaceDamaged(finding.file) {
                throw ReplacedSegmentError()
            }
            try report(finding)
        }
        var blocks = BlockReader()
        var mark: DurableMark?
        do {
            mark = try root.durableMark()
        } catch let damage as DamageError {
            try onFinding(Finding(damage))
        }
        let segments = try root.segments().filter { $0 >= start }
        var previous: StreamEnd?
        for (index, first) in segments.enumerated() {
            if let previous, first <= previous.lastReplaced {
                try onReplaced?(first)
                continue
            }
            let isLast = index + 1 == segments.count
            let successor = isLast ? nil : try? header(of: segments[index + 1])
            if let finding = missingSegments(before: first, after: previous) { try onFinding(finding) }
            let segment = SegmentEvents.Listed(
                first: first,
                previous: previous,
                declaredBytes: successor?.previousFirst == first ? successor?.previousValidBytes : nil,
                durableBytes: mark?.segment == first ? mark!.validBytes : 0,
                isLast: isLast
            )
            guard let end = try read(segment, &blocks, onFinding, onRecord) else { return nil }
            previous = end
        }
        if let mark, mark.segment > previous?.segment ?? start {
            let message = "the segment is missing, with everything up to snapshot \(mark.lastSequence)"
            try onFinding(.missing(root.segmentPath(mark.segment), at: 0, message))
        }
        return previous
    }

    /// Reads a segment; returns nil when `onRecord` returned false.
    private func read(
        _ segment: SegmentEvents.Listed,
        _ blocks: inout BlockReader,
        _ onFinding: (Finding) throws -> Void,
        _ onRecord: (RecordType, RecordHeader, RawSpan, RecordPlace) throws -> Bool
    ) throws -> StreamEnd? {
        let first = segment.first
        let path = draft.flatMap { $0.segment == first ? $0.path : nil } ?? root.segmentPath(first)
        var reader: SegmentReader
        do {
            reader = try open(segment, path)
        } catch let damage as DamageError {
            try onSegment?(first, nil)
            try onFinding(Finding(damage))
            return StreamEnd(segment, path, nil, fileBytes: 0, durableBytes: segment.durableBytes)
        }
        var header: SegmentHeader?
        do {
            header = try reader.readHeader(root: root.id)
        } catch let damage as DamageError {
            try onFinding(Finding(damage))
        }
        try onSegment?(first, SegmentIdentity(reader.status, isSealed: header?.isSealed ?? false))
        blocks.beginSegment()
        var events = SegmentEvents(self, segment, reader, header)
        events.exchangeBuffers(with: &blocks)
        var counted: UInt64 = 0
        while true {
            switch try events.next() {
            case .record(let type, let place):
                count(upTo: place.end, &counted)
                do {
                    guard try onRecord(type, events.header, events.payload, place) else { return nil }
                } catch let damage as DamageError {
                    events.reject()
                    try onFinding(Finding(damage))
                }
            case .finding(let finding): try onFinding(finding)
            case .end:
                count(upTo: events.end.fileBytes, &counted)
                events.exchangeBuffers(with: &blocks)
                return events.end
            }
        }
    }

    /// Segment deltas may come in another order than they are stored.
    private func count(upTo offset: UInt64, _ counted: inout UInt64) {
        guard let progress, offset > counted else { return }
        progress.add(offset - counted)
        counted = offset
    }

    /// The verified header of a segment.
    package func header(of first: SequenceNumber) throws -> SegmentHeader {
        var reader = try SegmentReader(root.segmentPath(first), first: first)
        return try reader.readHeader(root: root.id)
    }

    /// The current identity of a segment's file.
    func identity(of first: SequenceNumber) throws -> SegmentIdentity {
        var reader = try SegmentReader(root.segmentPath(first), first: first)
        let header = try? reader.readHeader(root: root.id)
        return SegmentIdentity(reader.status, isSealed: header?.isSealed ?? false)
    }

    /// Opens a segment of the listing. Throws `ReplacedSegmentError` when a new listing no longer has it.
    /// Throws `DamageError` when a new listing has it but it cannot be found: its name leads nowhere.
    private func open(_ segment: SegmentEvents.Listed, _ path: FilePath) throws -> SegmentReader {
        for _ in 0..<2 {
            do {
                return try SegmentReader(
                    path,
                    first: segment.first,
                    durableBytes: segment.durableBytes,
                    synchronising: synchronising && segment.isLast
                )
            } catch let error as SystemError where error.isAbsent {
                guard try root.segments().contains(segment.first) else { throw ReplacedSegmentError() }
            }
        }
        throw DamageError(path, at: 0, "the segment is named and cannot be found")
    }

    /// Whether the segment's header names another segment before it than the listing has.
    private func missingSegments(before first: SequenceNumber, after previous: StreamEnd?) -> Finding? {
        let path = root.segmentPath(first)
        guard previous != nil || start == .none, let header = try? header(of: first),
            header.previousFirst != previous?.lastReplaced ?? SequenceNumber.none
        else { return nil }
        guard let previous else { return .missing(path, at: 0, "the segments before it are missing") }
        let message =
            "a segment is missing before it: it follows \(header.previousFirst), not \(previous.lastReplaced)"
        return .missing(path, at: 0, message)
    }
}

extension Finding {
    package init(_ damage: DamageError) {
        self.init(
            .error,
            damage.path,
            at: damage.offset,
            damage.message,
            isIncompleteness: damage.isIncompleteness
        )
    }

    /// A finding that something is missing.
    static func missing(_ file: FilePath, at offset: UInt64, _ message: String) -> Finding {
        Finding(.error, file, at: offset, message, isIncompleteness: true)
    }
}

extension DamageError {
    package init(_ finding: Finding) {
        self.init(
            finding.file,
            at: finding.offset,
            finding.message,
            isIncompleteness: finding.isIncompleteness
        )
    }
}
