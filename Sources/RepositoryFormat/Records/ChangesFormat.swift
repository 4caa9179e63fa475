package import LinuxSystem
package import SQLiteFiles

/// A changes payload without its page data: header and table (docs/FORMAT.md, "Changes").
///
/// A payload is accepted if and only if it is consistent in itself:
/// 1. Encoding and flags are known.
/// 2. The page numbers of each entry ascend and are within its image.
/// 3. The table names exactly as many bytes as the header declares raw bytes.
/// 4. Only the first entry is a fresh start, and only without a prefix.
/// 5. The last entry is a part if and only if the flags say that its snapshot is unfinished.
///
/// No count is trusted before its bytes are found, so memory is bounded by a small multiple of the payload.
package struct ChangesFormat {
    package static let headerBytes = 24
    static let maximumRawBytes = 64 << 20

    /// What is stored of a page.
    package enum Encoding: UInt8 {
        /// Whole pages, zstd with a prefix.
        case wholePages = 1
        /// The bytes that differ from the page before the entry; `ChangesFormat+Ranges`.
        case byteRanges = 2
    }

    package enum Offset {
        package static let encoding = 0
        static let flags = 1
        static let reserved = 2
        static let pageSize = 4
        static let entryCount = 8
        static let tableBytes = 12
        package static let rawBytes = 16
    }

    package enum Flag {
        /// Earlier records have parts of the first snapshot.
        package static let continues: UInt8 = 0x01
        /// The last entry is a part: its snapshot ends in a later record.
        package static let isUnfinished: UInt8 = 0x02
        /// The frame was made without a prefix.
        package static let noPrefix: UInt8 = 0x04
        static let known: UInt8 = 0x07
    }

    package enum EntryFlag {
        /// The image before this entry is dropped; its length is 0.
        static let startsFresh: UInt8 = 0x01
        /// The bits of a `Scope`.
        package static let scope: UInt8 = 0x06
    }

    /// How much of a snapshot retention has left.
    package enum Scope: UInt8 {
        /// Complete: the root as a whole can be restored as of it.
        case consistentPoint = 0
        /// A state of its file only. The snapshots of other files at that point were removed, or the rest of
        /// its transaction follows it.
        case fileOnly = 0x02
        /// No longer a snapshot. Later ones need its changes.
        case superseded = 0x04
    }

    /// One snapshot, or one part of an unfinished one.
    package struct Entry: Hashable {
        package var time: Instant
        /// Nil for a part.
        package var event: SnapshotEvent?
        package var startsFresh: Bool
        package var shape: ImageSize
        package var coalesced: UInt64
        /// 0 for a part.
        package var digest: UInt64
        /// Its pages, as indices of `numbers` and of the pages in the frame.
        package var pages: Range<Int>
        /// A part has that of its snapshot.
        package var scope = Scope.consistentPoint

        package init(
            time: Instant,
            event: SnapshotEvent? = nil,
            startsFresh: Bool = false,
            shape: ImageSize,
            coalesced: UInt64 = 0,
            digest: UInt64 = 0,
            pages: Range<Int> = 0..<0,
            scope: Scope = .consistentPoint
        ) {
            self.time = time
            self.event = event
            self.startsFresh = startsFresh
            self.shape = shape
            self.coalesced = coalesced
            self.digest = digest
            self.pages = pages
            self.scope = scope
        }

        /// Whether it ends a snapshot that can be restored.
        package var isSnapshot: Bool { event != nil && scope != .superseded }
    }

    package private(set) var encoding = Encoding.wholePages
    private(set) var flags: UInt8 = 0
    package private(set) var pageSize = PageSize.plain
    package private(set) var entries: [Entry] = []
    package private(set) var numbers: [UInt32] = []
    package private(set) var rawBytes = 0
    /// Where the page data starts in the payload; it continues to the end. It is a zstd frame, or the bytes
    /// of the ranges. Empty without pages.
    package private(set) var dataStart = 0
    /// The payload has no page data: its reader asked for tables only.
    private(set) var isTableOnly = false
    /// The byte ranges of all pages; `ranges(of:)` returns those of one page.
    private var ranges: [ByteRange] = []
    /// Where each page's ranges end among them, and where their bytes end.
    private var rangeEnds: [(ranges: UInt32, data: UInt32)] = []

    package init() {}

    package var continues: Bool { flags & Flag.continues != 0 }
    package var hasPrefix: Bool { flags & Flag.noPrefix == 0 }
    package var finishedCount: Int { entries.count { $0.event != nil } }

    /// The last sequence of its snapshots; nil when none ends in it.
    package func lastSequence(_ header: RecordHeader) -> SequenceNumber? {
        let count = finishedCount
        return count > 0 ? header.firstSequence.advanced(by: count).previous : nil
    }

    /// Replaces the content by that of `payload`; reuses its memory.
    package mutating func decode(_ payload: RawSpan, time: Instant) throws(FormatError) {
        entries.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        rangeEnds.removeAll(keepingCapacity: true)
        ranges.removeAll(keepingCapacity: true)
        let (entryCount, tableEnd) = try decodeHeader(payload)
        let table = payload.extracting(0..<tableEnd)
        var offset = Self.headerBytes
        var previous = time
        for _ in 0..<entryCount {
            let entry = try decodeEntry(table, at: &offset, after: previous)
            previous = entry.time
            entries.append(entry)
        }
        guard offset == tableEnd else { throw .malformed(at: offset, "bytes behind the last entry") }
        guard namedBytes == rawBytes else {
            throw .malformed(
                at: Offset.rawBytes,
                "the table names \(namedBytes) bytes of pages, raw bytes are \(rawBytes)"
            )
        }
        guard !entries.dropFirst().contains(where: \.startsFresh),
            !(entries.first?.startsFresh ?? false) || !hasPrefix
        else { throw .malformed(at: Offset.flags, "a fresh start behind other entries, or with a prefix") }
        let isUnfinished = flags & Flag.isUnfinished != 0
        guard let last = entries.last, isUnfinished == (last.event == nil) else {
            throw .malformed(at: Offset.flags, "the last entry contradicts the flags")
        }
        dataStart = tableEnd
        let dataBytes = payload.byteCount - tableEnd
        isTableOnly = encoding == .byteRanges && dataBytes == 0 && rawBytes > 0
        let isRight = encoding == .byteRanges ? dataBytes == rawBytes : (dataBytes > 0) == (rawBytes > 0)
        guard isRight || isTableOnly else {
            throw .malformed(at: tableEnd, "page data where there should be none, or none where it should be")
        }
    }

    /// The same payload for another stream. `continues`: whether parts precede it there. `maybeConsistent`:
    /// if false, each of its snapshots becomes a state of its file only.
    package static func rewritten(
        _ payload: RawSpan,
        time: Instant,
        continues: Bool,
        maybeConsistent: Bool
    ) throws(FormatError) -> [UInt8] {
        var bytes = payload.bytes(0..<payload.byteCount)
        var format = Self()
        let (entryCount, tableEnd) = try format.decodeHeader(payload)
        bytes[Offset.flags] = format.flags & ~Flag.continues | (continues ? Flag.continues : 0)
        guard !maybeConsistent else { return bytes }
        let table = payload.extracting(0..<tableEnd)
        var (offset, previous) = (headerBytes, time)
        for _ in 0..<entryCount {
            var place = offset
            _ = try table.varint(at: &place, upTo: UInt64(Int64.max), "time step")
            let codes = try table.take(2, at: &place)
            let entry = try format.decodeEntry(table, at: &offset, after: previous)
            previous = entry.time
            if entry.scope == .consistentPoint { bytes[codes + 1] |= Scope.fileOnly.rawValue }
        }
        return bytes
    }

    /// How many bytes of page data the table names.
    private var namedBytes: Int {
        encoding == .wholePages ? numbers.count * pageSize.bytes : rangeBytes
    }

    private mutating func decodeHeader(_ payload: RawSpan) throws(FormatError) -> (UInt32, tableEnd: Int) {
        guard payload.byteCount >= Self.headerBytes else { throw .malformed(at: 0, "too short for changes") }
        let code = payload.byte(at: Offset.encoding)
        flags = payload.byte(at: Offset.flags)
        guard let encoding = Encoding(rawValue: code), flags & ~Flag.known == 0,
            payload.littleEndianUInt16(at: Offset.reserved) == 0
        else { throw .unsupported("changes encoding \(code), flags \(flags)") }
        guard encoding == .wholePages || !hasPrefix else {
            throw .malformed(at: Offset.flags, "byte ranges with a prefix")
        }
        self.encoding = encoding
        let size = payload.littleEndianUInt32(at: Offset.pageSize)
        guard let pageSize = PageSize(bytes: Int(size)) else {
            throw .malformed(at: Offset.pageSize, "page size \(size)")
        }
        self.pageSize = pageSize
        let tableBytes = Int(payload.littleEndianUInt32(at: Offset.tableBytes))
        guard tableBytes <= payload.byteCount - Self.headerBytes else {
            throw .malformed(at: Offset.tableBytes, "the table is longer than the payload")
        }
        let raw = payload.littleEndianUInt64(at: Offset.rawBytes)
        guard raw <= UInt64(Self.maximumRawBytes) else {
            throw .malformed(at: Offset.rawBytes, "\(raw) raw bytes are too many")
        }
        rawBytes = Int(raw)
        return (payload.littleEndianUInt32(at: Offset.entryCount), Self.headerBytes + tableBytes)
    }

    private mutating func decodeEntry(
        _ table: RawSpan,
        at offset: inout Int,
        after previous: Instant
    ) throws(FormatError) -> Entry {
        let start = offset
        let delta = try table.varint(at: &offset, upTo: UInt64(Int64.max), "time step")
        let (time, overflow) = previous.nanoseconds.addingReportingOverflow(Int64(delta))
        let codes = try table.take(2, at: &offset)
        let (code, entryFlags) = (table.byte(at: codes), table.byte(at: codes + 1))
        guard !overflow else { throw .malformed(at: start, "time out of range") }
        let event = SnapshotEvent(rawValue: code)
        guard code == 0 || event != nil, let scope = Scope(rawValue: entryFlags & EntryFlag.scope),
            entryFlags & ~(EntryFlag.startsFresh | EntryFlag.scope) == 0
        else { throw .unsupported("snapshot event \(code), flags \(entryFlags)") }
        guard let shape = ImageSize(pageSize: pageSize, byteCount: try table.varint(at: &offset)) else {
            throw .malformed(at: start, "the image has more pages than can be numbered")
        }
        let coalesced = try table.varint(at: &offset)
        let digest = event == nil ? 0 : table.littleEndianUInt64(at: try table.take(8, at: &offset))
        let pages = try decodeNumbers(table, at: &offset, pageCount: shape.pageCount)
        if encoding == .byteRanges { try decodeRanges(of: pages, shape, table, at: &offset) }
        return Entry(
            time: Instant(nanoseconds: time),
            event: event,
            startsFresh: entryFlags & EntryFlag.startsFresh != 0,
            shape: shape,
            coalesced: coalesced,
            digest: digest,
            pages: pages,
            scope: scope
        )
    }

    private mutating func decodeNumbers(
        _ table: RawSpan,
        at offset: inout Int,
        pageCount: PageCount
    ) throws(FormatError) -> Range<Int> {
        let first = numbers.count
        // Each page has its whole content among the raw bytes, or takes at least one byte of the table.
        let most = encoding == .wholePages ? rawBytes / pageSize.bytes - first : table.byteCount - offset
        let limit = UInt64(max(0, most))
        let count = try table.varint(at: &offset, upTo: limit, "page count")
        var number: UInt64 = 0
        for _ in 0..<count {
            let start = offset
            let step = try table.varint(at: &offset, upTo: UInt64(UInt32.max), "page step")
            number += step
            guard step > 0, number <= UInt64(pageCount.rawValue) else {
                throw .malformed(at: start, "page \(number) is out of order or beyond the image")
            }
            numbers.append(UInt32(number))
        }
        return first..<numbers.count
    }

    /// Reads the ranges of an entry's pages, which follow its page numbers.
    private mutating func decodeRanges(
        of pages: Range<Int>,
        _ shape: ImageSize,
        _ table: RawSpan,
        at offset: inout Int
    ) throws(FormatError) {
        for page in pages {
            let valid = shape.validBytes(of: PageNumber(numbers[page]))
            let dataBytes = try table.ranges(at: &offset, upTo: valid, into: &ranges)
            guard dataBytes <= rawBytes - rangeBytes else {
                throw .malformed(at: offset, "more bytes of ranges than raw bytes")
            }
            rangeEnds.append((UInt32(ranges.count), UInt32(rangeBytes + dataBytes)))
        }
    }

    private var rangeBytes: Int { Int(rangeEnds.last?.data ?? 0) }

    /// The byte ranges of a page, an index of `numbers`, and where their bytes are among the record's data.
    package func ranges(of page: Int) -> (ranges: ArraySlice<ByteRange>, data: Int) {
        let start = page == 0 ? (ranges: 0, data: 0) : rangeEnds[page - 1]
        return (ranges[Int(start.ranges)..<Int(rangeEnds[page].ranges)], Int(start.data))
    }
}

extension [UInt8] {
    /// Appends a table entry. `previous`: the time of the entry before it, or of the record. Returns the
    /// position of its flags.
    @discardableResult
    package mutating func append(
        entry: ChangesFormat.Entry,
        numbers: ArraySlice<UInt32>,
        after previous: Instant
    ) -> Int {
        // Records from elsewhere may have any time. An entry with a wrong step is rejected when it is read
        // back.
        let (step, isBeyond) = entry.time.nanoseconds.subtractingReportingOverflow(previous.nanoseconds)
        append(varint: UInt64(isBeyond ? 0 : Swift.max(0, step)))
        append(entry.event?.rawValue ?? 0)
        let flags = count
        append((entry.startsFresh ? ChangesFormat.EntryFlag.startsFresh : 0) | entry.scope.rawValue)
        append(varint: entry.shape.byteCount)
        append(varint: entry.coalesced)
        if entry.event != nil { append(entry.digest) }
        append(varint: UInt64(numbers.count))
        var last: UInt32 = 0
        for number in numbers {
            append(varint: UInt64(number - last))
            last = number
        }
        return flags
    }

    /// Appends the 24 bytes before the table.
    package mutating func appendChangesHeader(
        _ encoding: ChangesFormat.Encoding = .wholePages,
        flags: UInt8,
        pageSize: PageSize,
        entryCount: Int,
        tableBytes: Int,
        rawBytes: Int
    ) {
        append(encoding.rawValue)
        append(flags)
        append(UInt16(0))
        append(UInt32(pageSize.bytes))
        append(UInt32(entryCount))
        append(UInt32(tableBytes))
        append(UInt64(rawBytes))
    }
}

extension SnapshotState {
    /// The state at the snapshot that the entry ends; nil for a part of one.
    package init?(_ sequence: SequenceNumber, _ entry: ChangesFormat.Entry) {
        guard let event = entry.event else { return nil }
        self.init(
            sequence: sequence,
            time: entry.time,
            event: event,
            shape: entry.shape,
            digest: entry.digest
        )
    }
}
