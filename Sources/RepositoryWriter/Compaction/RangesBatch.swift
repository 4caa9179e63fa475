import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// Adjacent changes of one file that become one record of byte ranges.
struct RangesBatch {
    /// Nothing is added to a longer record, in bytes of its table and of its ranges.
    private static let fullTableBytes = 128 << 10
    private static let fullDataBytes = 1 << 20

    private var first: RecordHeader
    private let flags: UInt8
    private let pageSize: PageSize
    /// The start of its ranges' bytes in the block's data.
    let dataStart: Int
    private var table: [UInt8] = []
    private(set) var entryCount = 0
    private var finishedCount = 0
    private var sequence: SequenceNumber
    private var lastTime: Instant
    private var endsUnfinished = false
    /// The page numbers of the current entry.
    private var numbers: [UInt32] = []
    private var rangeTable: [UInt8] = []
    /// The ranges of the page that was added last, when it was added by its contents.
    private(set) var ranges: [ByteRange] = []

    init(_ header: RecordHeader, _ pageSize: PageSize, continues: Bool, dataStart: Int) {
        first = header
        sequence = header.firstSequence
        flags = continues ? ChangesFormat.Flag.continues : 0
        self.pageSize = pageSize
        self.dataStart = dataStart
        lastTime = header.time
    }

    /// Whether the entries of a record can be added without a change of meaning. It must be the next record
    /// and need none before it.
    func takes(_ header: RecordHeader, _ pageSize: PageSize, dataEnd: Int) -> Bool {
        let isNext =
            header.firstSequence == .none || sequence == .none
            || header.firstSequence == sequence.advanced(by: finishedCount)
        return entryCount > 0 && header.file == first.file && pageSize == self.pageSize && isNext
            && !endsUnfinished && header.time >= lastTime && table.count < Self.fullTableBytes
            && dataEnd - dataStart < Self.fullDataBytes
    }

    mutating func join(_ header: RecordHeader) {
        if sequence == .none { sequence = header.firstSequence }
    }

    /// Adds a page of the current entry. The bytes that differ are appended to `data`.
    mutating func append(_ number: UInt32, _ old: RawSpan, _ new: RawSpan, into data: inout [UInt8]) {
        ranges.removeAll(keepingCapacity: true)
        ranges.append(differencesOf: old, and: new)
        append(number, ranges, of: new, into: &data)
    }

    /// Adds a page of the current entry. The bytes of the ranges are appended to `data`.
    mutating func append(
        _ number: UInt32,
        _ ranges: [ByteRange],
        of content: RawSpan,
        into data: inout [UInt8]
    ) {
        for range in ranges { data.append(contentsOf: content.extracting(range.start..<range.end)) }
        numbers.append(number)
        rangeTable.append(ranges: ranges[...])
    }

    mutating func end(_ entry: ChangesFormat.Entry) {
        table.append(entry: entry, numbers: numbers[...], after: lastTime)
        table.append(contentsOf: rangeTable)
        lastTime = entry.time
        entryCount += 1
        if entry.event != nil { finishedCount += 1 }
        endsUnfinished = entry.event == nil
        numbers.removeAll(keepingCapacity: true)
        rangeTable.removeAll(keepingCapacity: true)
    }

    /// The record's header. The length of its payload is stored elsewhere.
    var header: RecordHeader {
        RecordHeader(
            .changes,
            flags: first.flags,
            file: first.file,
            firstSequence: finishedCount > 0 ? sequence : .none,
            time: first.time
        )
    }

    /// The record's payload without the bytes of its ranges.
    func payload(dataBytes: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendChangesHeader(
            .byteRanges,
            flags: flags | ChangesFormat.Flag.noPrefix
                | (endsUnfinished ? ChangesFormat.Flag.isUnfinished : 0),
            pageSize: pageSize,
            entryCount: entryCount,
            tableBytes: table.count,
            rawBytes: dataBytes
        )
        return bytes + table
    }
}
