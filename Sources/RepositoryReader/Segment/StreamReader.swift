import LinuxSystem
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
/// Records in packs are delivered one by one, like single ones. If summaries replace a segment, the records
/// in them are delivered, each summary after its own records. Of such a segment nothing else is read but the
/// footer.
package struct StreamReader {
    let root: RootDescription
    /// Segments before the one with this first sequence are omitted.
    var start = SequenceNumber.none
    /// Whether to wait until the records that are read are on the disk.
    var synchronising = false
    /// Whether the bytes of ranges are wanted; otherwise such changes are delivered as tables.
    var wantsData = false
    /// Sealed segments with a last snapshot up to this one are replaced by their summaries, if they have any.
    package var summarisedUpTo = SequenceNumber.none
    /// The files whose data in those summaries is wanted; nil for all.
    var wantedFiles: Set<FileID>?
    /// Whether records that may be skipped are rejected all the same.
    var refusesUnknown = false
    /// A draft that is read instead of the segment.
    package var draft: (segment: SequenceNumber, path: FilePath)?
    /// Called with the identity of each segment's file before any of its records; nil for one that has only a
    /// name.
    package var onSegment: ((SequenceNumber, SegmentIdentity?) throws -> Void)?
    /// Called for each segment that another one replaces, and that is therefore omitted.
    package var onReplaced: ((SequenceNumber) throws -> Void)?

    package init(
        root: RootDescription,
        start: SequenceNumber = SequenceNumber.none,
        synchronising: Bool = false,
        wantsData: Bool = false,
        summarisedUpTo: SequenceNumber = SequenceNumber.none,
        wantedFiles: Set<FileID>? = nil,
        refusesUnknown: Bool = false,
        draft: (segment: SequenceNumber, path: FilePath)? = nil,
        onSegment: ((SequenceNumber, SegmentIdentity?) throws -> Void)? = nil,
        onReplaced: ((SequenceNumber) throws -> Void)? = nil
    ) {
        self.root = root
        self.start = start
        self.synchronising = synchronising
        self.wantsData = wantsData
        self.summarisedUpTo = summarisedUpTo
        self.wantedFiles = wantedFiles
        self.refusesUnknown = refusesUnknown
        self.draft = draft
        self.onSegment = onSegment
        self.onReplaced = onReplaced
    }

    /// Calls `onRecord` for every valid record, until it returns false, and `onFinding` for every finding.
    /// Returns the end of the last segment; nil when there is no segment or `onRecord` returned false.
    package func run(
        onFinding: (Finding) throws -> Void,
        onRecord: (RecordType, RecordHeader, RawSpan, RecordPlace) throws -> Bool
    ) throws -> StreamEnd? {
        var packs = PackReader()
        let mark = try durableMark(onFinding)
        let segments = try root.segments().filter { $0 >= start }
        var previous: StreamEnd?
        for (index, first) in segments.enumerated() {
            if let previous, first <= previous.lastReplaced {
                try onReplaced?(first)
                continue
            }
            let successor = index + 1 < segments.count ? try? header(of: segments[index + 1]) : nil
            let isLast = index + 1 == segments.count
            if let previous {
                try checkLink(from: previous, to: first, onFinding)
            } else if start == .none, let header = try? header(of: first), header.previousFirst != .none {
                try onFinding(
                    .missing(root.segmentPath(first), at: 0, "the segments before it are missing")
                )
            }
            let end = try walk(
                first,
                after: previous,
                closedAt: successor?.previousFirst == first ? successor?.previousValidBytes : nil,
                durableBytes: mark?.segment == first ? mark!.validBytes : 0,
                isLast: isLast,
                &packs,
                onFinding,
                onRecord
            )
            guard let end else { return nil }
            previous = end
        }
        if let mark, mark.segment > previous?.segment ?? start {
            let message = "the segment is missing, with everything up to snapshot \(mark.lastSequence)"
            try onFinding(.missing(root.segmentPath(mark.segment), at: 0, message))
        }
        return previous
    }

    private func durableMark(_ onFinding: (Finding) throws -> Void) throws -> DurableMark? {
        do {
            return try root.durableMark()
        } catch let damage as DamageError {
            try onFinding(Finding(damage))
            return nil
        }
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
    private func reader(
        of first: SequenceNumber,
        _ path: FilePath,
        _ durableBytes: UInt64,
        synchronising: Bool
    ) throws -> SegmentReader {
        for _ in 0..<2 {
            do {
                return try SegmentReader(
                    path,
                    first: first,
                    durableBytes: durableBytes,
                    synchronising: synchronising
                )
            } catch let error as SystemError where error.isAbsent {
                guard try root.segments().contains(first) else { throw ReplacedSegmentError() }
            }
        }
        throw DamageError(path, at: 0, "the segment is named and cannot be found")
    }

    private func checkLink(
        from previous: StreamEnd,
        to first: SequenceNumber,
        _ onFinding: (Finding) throws -> Void
    ) throws {
        guard let header = try? header(of: first), header.previousFirst != previous.lastReplaced else {
            return
        }
        let message =
            "a segment is missing before it: it follows \(header.previousFirst), not \(previous.lastReplaced)"
        try onFinding(.missing(root.segmentPath(first), at: 0, message))
    }

    private func walk(
        _ first: SequenceNumber,
        after previous: StreamEnd?,
        closedAt closing: UInt64?,
        durableBytes: UInt64,
        isLast: Bool,
        _ packs: inout PackReader,
        _ onFinding: (Finding) throws -> Void,
        _ onRecord: (RecordType, RecordHeader, RawSpan, RecordPlace) throws -> Bool
    ) throws -> StreamEnd? {
        let path = draft.flatMap { $0.segment == first ? $0.path : nil } ?? root.segmentPath(first)
        var reader: SegmentReader
        do {
            reader = try self.reader(of: first, path, durableBytes, synchronising: synchronising && isLast)
        } catch let damage as DamageError {
            try onSegment?(first, nil)
            try onFinding(Finding(damage))
            return StreamEnd(missing: first, path, durableBytes: durableBytes, after: previous)
        }
        var header: SegmentHeader?
        do {
            header = try reader.readHeader(root: root.id)
        } catch let damage as DamageError {
            try onFinding(Finding(damage))
        }
        let isSealed = header?.isSealed ?? false
        try onSegment?(first, SegmentIdentity(reader.status, isSealed: isSealed))
        let closing = isSealed ? reader.status.sizeBytes : closing
        if let closing { reader.close(at: closing) }
        var end = StreamEnd(
            segment: first,
            path: path,
            validBytes: header == nil ? 0 : SegmentHeader.byteCount,
            fileBytes: reader.status.sizeBytes,
            durableBytes: reader.durableBytes,
            tail: header == nil ? .damaged : .clean,
            lastReplaced: first,
            header: header,
            previousFirst: header?.previousFirst ?? previous?.segment ?? .none,
            previousValidBytes: header?.previousValidBytes ?? previous?.countedBytes ?? 0
        )
        packs.beginSegment()
        var shares = SummaryShares(of: isSealed ? reader.status.sizeBytes : 0)
        var (hasFooter, isSummarised) = (false, false)
        // The place where the file ends amid a record that it once had.
        var cut: UInt64?
        while true {
            switch try reader.advance() {
            case .record:
                if end.tail == .clean { end.validBytes = reader.offset + UInt64(reader.header.recordBytes) }
                hasFooter = reader.header.type == RecordType.footer.rawValue
                if hasFooter { end.lastReplaced = try lastReplaced(reader, path, onFinding) }
                if isSealed, end.tail == .clean, stands(reader.header) {
                    switch try deliverSummary(reader, path, &packs, onFinding, onRecord) {
                    case .more:
                        isSummarised = true
                        continue
                    case .last:
                        try finishSummarised(&reader, &end, onFinding)
                        return end
                    case .stopped: return nil
                    }
                }
                // A summary after the last one is damaged: no other record may replace the records in it.
                if isSummarised { continue }
                guard try deliver(reader, path, &packs, &shares, onFinding, onRecord) else { return nil }
            case .damage(let at, let resume):
                end.tail = .damaged
                // The record continues behind the file's end: the file was once longer.
                let isShort = isSealed || end.fileBytes < max(end.durableBytes, closing ?? 0)
                if isShort, resume == end.fileBytes, try reader.isCutAmidRecord(at: at) {
                    cut = at
                } else {
                    try onFinding(Finding(.error, path, at: at, "\(resume - at) bytes are damaged"))
                }
            case .end(let at):
                let at = cut ?? at
                if isSealed, !hasFooter {
                    end.tail = .damaged
                    try onFinding(.missing(path, at: at, "the end of the sealed segment is missing"))
                    return end
                }
                try finish(&end, at: at, limit: reader.limit, closing: closing, isLast: isLast, onFinding)
                return end
            }
        }
    }

    /// Reads the footer of a segment that its summaries replace.
    private func finishSummarised(
        _ reader: inout SegmentReader,
        _ end: inout StreamEnd,
        _ onFinding: (Finding) throws -> Void
    ) throws {
        let footerBytes = UInt64(RecordHeader.byteCount + FooterFormat.byteCount)
        let place = max(end.fileBytes, footerBytes) - footerBytes
        guard try reader.advance(from: place) == .record, reader.header.type == RecordType.footer.rawValue
        else {
            end.tail = .damaged
            return try onFinding(
                Finding(.error, end.path, at: place, "the end of the sealed segment is missing")
            )
        }
        end.validBytes = end.fileBytes
        end.lastReplaced = try lastReplaced(reader, end.path, onFinding)
    }

    private func lastReplaced(
        _ reader: borrowing SegmentReader,
        _ path: FilePath,
        _ onFinding: (Finding) throws -> Void
    ) throws -> SequenceNumber {
        do {
            return max(try FooterFormat(reader.payload).lastReplaced, reader.firstSequence)
        } catch {
            try onFinding(Finding(.error, path, at: reader.offset, "\(error)"))
            return reader.firstSequence
        }
    }

    private func finish(
        _ end: inout StreamEnd,
        at: UInt64,
        limit: UInt64,
        closing: UInt64?,
        isLast: Bool,
        _ onFinding: (Finding) throws -> Void
    ) throws {
        if end.fileBytes < end.durableBytes {
            end.tail = .damaged
            let message =
                "the segment ends at byte \(end.fileBytes), and the \(end.durableBytes - end.fileBytes) bytes behind are missing"
            try onFinding(.missing(end.path, at: min(at, end.fileBytes), message))
        } else if at < limit && !isLast {
            end.tail = .damaged
            try onFinding(Finding(.error, end.path, at: at, "\(limit - at) bytes are damaged"))
        } else if at < limit {
            if end.tail == .clean { end.tail = .unfinished }
        } else if let closing, end.fileBytes > closing {
            let message = "\(end.fileBytes - closing) bytes of an unfinished write are set aside"
            try onFinding(Finding(.warning, end.path, at: closing, message))
        }
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
