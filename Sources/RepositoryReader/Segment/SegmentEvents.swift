import LinuxSystem
import RepositoryFormat
import SystemPackage

/// The events of one segment, front to back: its single records, and those in its blocks and segment deltas.
///
/// Segment deltas are directly behind the segment's header: all of them, or none. If they replace the
/// segment, nothing else is read but the footer.
///
/// A record's payload stays in the buffer that it was read into. It is available until the next event.
struct SegmentEvents: ~Copyable {
    enum Event {
        /// The record is in `header` and `payload`.
        case record(RecordType, RecordPlace)
        case finding(Finding)
        /// No event follows. How the segment ends is in `end`.
        case end
    }

    /// A segment of the listing, and what its neighbours tell of it.
    struct Listed {
        let first: SequenceNumber
        let previous: StreamEnd?
        /// The length that the next segment declares, in bytes; nil when none does.
        let declaredBytes: UInt64?
        /// Up to here everything was once synchronised, in bytes; 0 when it is not known.
        let durableBytes: UInt64
        let isLast: Bool
    }

    private enum State {
        case betweenRecords
        /// The reader's current record is to be delivered, or the records in it.
        case atRecord
        case inBlock
        /// The last event was a segment delta whose records were delivered, or why one cannot be opened.
        case behindDelta
        case ended
    }

    /// A block, or a segment delta that replaces its segment, whose records are delivered.
    private struct Block {
        let place: RecordPlace
        /// False when only the records without page data can be read.
        let hasData: Bool
        var shares = ProportionalShares()
    }

    private let stream: StreamReader
    private let segment: Listed
    private var reader: SegmentReader
    private var blocks = BlockReader()
    private var state = State.betweenRecords
    private var block: Block?
    private(set) var end: StreamEnd

    private let isSealed: Bool
    /// The length at which the segment ends, in bytes: the file's when it is sealed, else the declared one.
    private let endBytes: UInt64?
    private var shares: SegmentDeltaShares
    private var hasFooter = false
    /// Whether the first of the segment deltas that replace the segment was read.
    private var isBehindFirstDelta = false
    /// The number of segment deltas still to be read; 0 after damage.
    private var remainingDeltas = 0
    /// The start of the record that the end of the file cuts off.
    private var cut: UInt64?

    /// `header`: as the reader read it; nil when it is damaged.
    init(
        _ stream: StreamReader,
        _ segment: Listed,
        _ reader: consuming SegmentReader,
        _ header: SegmentHeader?
    ) {
        let isSealed = header?.isSealed ?? false
        let fileBytes = reader.status.sizeBytes
        let endBytes = isSealed ? fileBytes : segment.declaredBytes
        if let endBytes { reader.close(at: endBytes) }
        let durableBytes = reader.durableBytes
        end = StreamEnd(segment, reader.path, header, fileBytes: fileBytes, durableBytes: durableBytes)
        shares = SegmentDeltaShares(of: isSealed ? fileBytes : 0)
        self.stream = stream
        self.segment = segment
        self.reader = reader
        self.isSealed = isSealed
        self.endBytes = endBytes
    }

    /// Exchanges the buffers for blocks, which all segments of a stream use in turn. Called before the first
    /// event and after the last one.
    mutating func exchangeBuffers(with blocks: inout BlockReader) { swap(&self.blocks, &blocks) }

    /// The current record's header; only after an event that was a record.
    var header: RecordHeader { state == .inBlock ? blocks.header : reader.header }

    /// The current record's payload.
    var payload: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            state == .inBlock ? unsafe blocks.payload.span.bytes : reader.payload
        }
    }

    /// The current record is damaged, as its decoder found.
    mutating func reject() {
        // What comes behind damaged deltas must not be delivered in their place.
        if state == .behindDelta || block?.place.isInDelta == true { remainingDeltas = 0 }
    }

    mutating func next() throws -> Event {
        while true {
            switch state {
            case .betweenRecords: if let event = try advance() { return event }
            case .atRecord: if let event = try deliver() { return event }
            case .inBlock: if let event = try advanceInBlock() { return event }
            case .behindDelta:
                if remainingDeltas == 0 { return try finishDeltas() }
                isBehindFirstDelta = true
                state = .betweenRecords
            case .ended: return .end
            }
        }
    }

    /// Moves to the segment's next record.
    private mutating func advance() throws -> Event? {
        switch try reader.advance() {
        case .record:
            if end.tail == .clean { end.validBytes = reader.offset + UInt64(reader.header.recordBytes) }
            state = .atRecord
            hasFooter = reader.header.type == RecordType.footer.rawValue
            return hasFooter ? readFooter().map(Event.finding) : nil
        case .damage(let at, let resume):
            end.tail = .damaged
            // The record continues after the file's end: the file was once longer. Behind its footer a sealed
            // segment never was.
            let isShort = isSealed ? !hasFooter : end.fileBytes < max(end.durableBytes, endBytes ?? 0)
            if isShort, resume == end.fileBytes, try reader.isCutAmidRecord(at: at) {
                cut = at
                return nil
            }
            return .finding(Finding(.error, end.path, at: at, "\(resume - at) bytes are damaged"))
        case .end(let at):
            state = .ended
            return finish(at: cut ?? at).map(Event.finding)
        }
    }

    /// Delivers the reader's current record, or begins with the records in it.
    private mutating func deliver() throws -> Event? {
        state = .betweenRecords
        if isSealed, end.tail == .clean, replacesSegment(reader.header) { return try openDelta() }
        // A further segment delta is damaged. What comes behind it must not be delivered in its place.
        if isBehindFirstDelta { return nil }
        let place = place(storedBytes: shares.next(reader.header))
        guard let type = try stream.knownType(reader.header, place) else { return nil }
        do {
            switch type {
            case .block: return try openBlock(place)
            case .segmentDelta where stream.wantsData: try blocks.take(deltaAt: place, in: reader)
            default: break
            }
            return .record(type, place)
        } catch let damage as DamageError {
            return .finding(Finding(damage))
        }
    }

    /// Decompresses a block; the events of its records follow.
    private mutating func openBlock(_ place: RecordPlace) throws -> Event? {
        var damaged: DamageError?
        do {
            try blocks.open(blockAt: place, in: reader, wantsData: stream.wantsData)
        } catch let damage as DamageError where stream.wantsData {
            // Records without data can be delivered all the same.
            try blocks.open(blockAt: place, in: reader, wantsData: false)
            damaged = damage
        }
        block = Block(place: place, hasData: damaged == nil)
        state = .inBlock
        return damaged.map { .finding(Finding($0)) }
    }

    /// Whether the record is a segment delta that replaces its segment.
    private func replacesSegment(_ header: RecordHeader) -> Bool {
        header.type == RecordType.segmentDelta.rawValue && header.firstSequence <= stream.deltasUpTo
    }

    /// Decompresses a segment delta that replaces its segment. The events of its records follow, then the
    /// segment delta.
    private mutating func openDelta() throws -> Event? {
        state = .behindDelta
        remainingDeltas = 0
        let place = place(storedBytes: UInt64(reader.header.recordBytes), isInDelta: true)
        guard try stream.knownType(reader.header, place) != nil else { return nil }
        do {
            let (wantsData, wantedFiles) = (stream.wantsData, stream.wantedFiles)
            remainingDeltas = try blocks.open(deltaAt: place, in: reader) {
                wantsData && (wantedFiles?.contains($0) ?? true)
            }
            block = Block(place: place, hasData: true)
            state = .inBlock
            return nil
        } catch let damage as DamageError {
            return .finding(Finding(damage))
        }
    }

    /// Moves to the next record of the decompressed block or segment delta.
    private mutating func advanceInBlock() throws -> Event? {
        do {
            while try advanceBlocks() {
                var place = nextPlaceInBlock()
                guard let type = try stream.knownType(blocks.header, place) else { continue }
                if type == .changes, !block!.hasData {
                    guard stream.deliversLostData else { continue }
                    let payload = unsafe blocks.payload.span.bytes
                    place.isDataLost = BlockReader.rangeBytes(ofType: blocks.header.type, payload) > 0
                }
                return .record(type, place)
            }
            return endBlock()
        } catch let damage as DamageError {
            _ = endBlock()
            // What comes behind damaged deltas must not be delivered in their place.
            remainingDeltas = 0
            return .finding(Finding(damage))
        }
    }

    private mutating func advanceBlocks() throws -> Bool {
        do throws(FormatError) { return try blocks.next() } catch { throw block!.place.error(error) }
    }

    private mutating func nextPlaceInBlock() -> RecordPlace {
        let (done, all) = blocks.progress
        let outer = block!.place
        let share = block!.shares.next(of: outer.storedBytes, upTo: done, of: all)
        return outer.inBlock(index: blocks.index, storedBytes: share)
    }

    /// Returns the segment delta whose records were delivered; nil after a block.
    private mutating func endBlock() -> Event? {
        guard let outer = block.take()?.place, outer.isInDelta else {
            state = .betweenRecords
            return nil
        }
        state = .behindDelta
        return .record(.segmentDelta, outer)
    }

    private func place(storedBytes: UInt64, isInDelta: Bool = false) -> RecordPlace {
        RecordPlace(
            location: RecordLocation(segment: reader.firstSequence, offset: reader.offset),
            path: end.path,
            end: reader.offset + UInt64(reader.header.recordBytes),
            storedBytes: storedBytes,
            isInBlock: false,
            isInDelta: isInDelta
        )
    }

    /// Reads the footer, at the end of the file: the segment deltas replace everything before it.
    private mutating func finishDeltas() throws -> Event {
        state = .ended
        let footerBytes = UInt64(RecordHeader.byteCount + FooterFormat.byteCount)
        let offset = max(end.fileBytes, footerBytes) - footerBytes
        guard try reader.advance(from: offset) == .record, reader.header.type == RecordType.footer.rawValue
        else {
            end.tail = .damaged
            return .finding(.missing(end.path, at: offset, "the end of the sealed segment is missing"))
        }
        end.validBytes = end.fileBytes
        return readFooter().map(Event.finding) ?? .end
    }

    private mutating func readFooter() -> Finding? {
        do {
            end.lastReplaced = max(try FooterFormat(reader.payload).lastReplaced, reader.firstSequence)
            return nil
        } catch {
            end.lastReplaced = reader.firstSequence
            return Finding(.error, end.path, at: reader.offset, "\(error)")
        }
    }

    private mutating func finish(at offset: UInt64) -> Finding? {
        if isSealed, !hasFooter {
            end.tail = .damaged
            return .missing(end.path, at: offset, "the end of the sealed segment is missing")
        }
        let limit = reader.limit
        if end.fileBytes < end.durableBytes {
            end.tail = .damaged
            let message =
                "the segment ends at byte \(end.fileBytes), and the \(end.durableBytes - end.fileBytes) bytes behind are missing"
            return .missing(end.path, at: min(offset, end.fileBytes), message)
        } else if offset < limit && !segment.isLast {
            end.tail = .damaged
            return Finding(.error, end.path, at: offset, "\(limit - offset) bytes are damaged")
        } else if offset < limit {
            if end.tail == .clean { end.tail = .unfinished }
        } else if let endBytes, end.fileBytes > endBytes {
            let message = "\(end.fileBytes - endBytes) bytes of an unfinished write are set aside"
            return Finding(.warning, end.path, at: endBytes, message)
        }
        return nil
    }
}

/// Decompresses the current record of a segment's reader; errors name its place.
extension BlockReader {
    fileprivate mutating func take(deltaAt place: RecordPlace, in reader: borrowing SegmentReader) throws {
        let payload = reader.payload
        try place.reading(try take(delta: payload))
    }

    fileprivate mutating func open(
        blockAt place: RecordPlace,
        in reader: borrowing SegmentReader,
        wantsData: Bool
    ) throws {
        let payload = reader.payload
        try place.reading(try open(payload, wantsData: wantsData))
    }

    /// Returns how many of the segment deltas follow this one.
    fileprivate mutating func open(
        deltaAt place: RecordPlace,
        in reader: borrowing SegmentReader,
        wantsData: (FileID) -> Bool
    ) throws -> Int {
        let payload = reader.payload
        try place.reading(try open(delta: payload, wantsData: wantsData))
        return try place.reading(try SegmentDeltaFormat.following(payload))
    }
}

extension StreamReader {
    /// Nil for a record that is to be skipped.
    fileprivate func knownType(_ header: RecordHeader, _ place: RecordPlace) throws -> RecordType? {
        do throws(FormatError) {
            guard let type = try header.knownType() else {
                if refusesUnknown { throw .unsupported("record type \(header.type)") }
                return nil
            }
            return type
        } catch {
            throw place.error(error)
        }
    }
}
