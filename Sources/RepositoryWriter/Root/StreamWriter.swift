import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Zstandard

/// Appends staged records to the stream, and waits for the disk. After an error nothing new is durable, and
/// the same records can be appended again.
struct StreamWriter: ~Copyable {
    /// Encoded records are written when there are this many bytes of them.
    private static let chunkBytes = 4 << 20

    private let root: RootDescription
    /// The program that writes, as text for the session record.
    private let program: String
    private let durableMark: DurableMarkFile
    private(set) var segment: OpenSegment
    private var encoder: FlushEncoder
    private var sessionIsWritten = false
    /// The last durable snapshot.
    private(set) var lastDurable = SequenceNumber.none

    init(_ root: RootDescription, _ options: RootWriter.Options) throws(ZstandardError) {
        self.root = root
        program = options.program
        encoder = try FlushEncoder()
        durableMark = DurableMarkFile(root)
        segment = OpenSegment(root, limit: options.segmentLimit)
    }

    /// The stream, as it was read, continues in that segment.
    mutating func begin(in segment: OpenSegment, after last: SequenceNumber) {
        self.segment = segment
        lastDurable = last
    }

    /// The segment that was written last, by its first sequence; nil before the first flush.
    var lastSegment: SequenceNumber? { segment.firstSequence }

    /// The durable length of that segment, in bytes.
    var segmentBytes: UInt64 { segment.validBytes }

    /// Throws `RepositoryError.gone` unless readers find the segment by its name.
    func requireInPlace() throws { try segment.requireInPlace() }

    /// Makes the records durable. `hasOpenParts`: they end within a snapshot.
    mutating func append(
        _ staged: StagedRecords,
        hasOpenParts: @autoclosure () -> Bool
    ) throws {
        let file = try segment.forWriting(after: lastDurable, now: staged.lastTime)
        try file.begin()
        staged.joinMoments()
        try write(staged, to: file)
        try file.commit()

        sessionIsWritten = true
        lastDurable = staged.lastSequence
        segment.flushed(file, hasOpenParts: hasOpenParts())
    }

    /// Writes the durable mark.
    func writeMark() throws(SystemError) {
        guard let first = segment.firstSequence else { return }
        let mark = DurableMark(
            root: root.id,
            segment: first,
            validBytes: segment.validBytes,
            lastSequence: lastDurable
        )
        try durableMark.write(mark)
    }

    /// Ends the segment and begins the next one, unless it has no snapshot or ends in an unfinished one.
    mutating func endSegment(now: Instant, hasOpenParts: Bool) throws {
        try segment.end(after: lastDurable, now: now, hasOpenParts: hasOpenParts)
    }

    private mutating func write(_ staged: StagedRecords, to file: SegmentWriter) throws {
        encoder.begin(at: file.position, of: file.firstSequence)
        if !sessionIsWritten {
            let time = staged.records.first?.time ?? staged.lastTime
            try encoder.append(StagedRecord(content: .session(program: program), time: time))
        }
        for record in staged.records {
            if case .changes(let run) = record.content {
                if run.entryCount == 0 { continue }
                segment.noteChanges(of: run.file)
            }
            try encoder.append(record)
            guard encoder.bytes.count >= Self.chunkBytes else { continue }
            try writeEncoded(to: file)
        }
        try writeEncoded(to: file)
    }

    private mutating func writeEncoded(to file: SegmentWriter) throws(SystemError) {
        let bytes = encoder.bytes
        try file.append(unsafe bytes.span.bytes)
        encoder.restart(at: file.position)
    }
}
