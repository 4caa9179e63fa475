import LinuxSystem
import RepositoryFormat
import SystemPackage

/// The file of a sealed segment that is being written: a header, the records that its owner makes, a footer.
struct SealedDraft: ~Copyable {
    /// Space for a record's header; its payload follows.
    static let emptyRecord = [UInt8](repeating: 0, count: RecordHeader.byteCount)

    let firstSequence: SequenceNumber
    private let file: OpenFile
    private var byteCount = SegmentHeader.byteCount

    /// Begins the draft at `path`. Overwrites an existing file.
    init(_ header: SegmentHeader, at path: FilePath) throws(SystemError) {
        let file = try OpenFile(path, .updateOrCreate)
        var sealed = header
        sealed.isSealed = true
        let bytes = sealed.encoded()
        try file.truncate(to: 0)
        try file.write(unsafe bytes.span.bytes, at: 0)
        self.file = file
        firstSequence = header.firstSequence
    }

    /// Writes a record. `record`: space for the header, then the payload.
    mutating func write(_ header: RecordHeader, _ record: inout [UInt8]) throws(SystemError) {
        header.write(into: &record, at: 0, offset: byteCount, segment: firstSequence)
        try file.write(unsafe record.span.bytes, at: byteCount)
        byteCount += UInt64(record.count)
    }

    /// The same for a record of the segment itself.
    mutating func write(
        _ type: RecordType,
        of sequence: SequenceNumber = .none,
        _ time: Instant,
        _ record: inout [UInt8]
    ) throws(SystemError) {
        let header = RecordHeader(
            type,
            flags: RecordHeader.Flag.startsFlush,
            payloadBytes: record.count - RecordHeader.byteCount,
            firstSequence: sequence,
            time: time
        )
        try write(header, &record)
    }

    /// Writes the footer, and waits until everything is on the disk. `inBlockCount`: of records in blocks.
    /// `last`: the last segment that this one replaces.
    mutating func finish(_ inBlockCount: UInt64, replacing last: SequenceNumber, _ time: Instant) throws {
        var record = Self.emptyRecord
        FooterFormat(recordCount: inBlockCount, lastReplaced: last).encode(into: &record)
        try write(.footer, time, &record)
        try file.synchronise()
    }
}
