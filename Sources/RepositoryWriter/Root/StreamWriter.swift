import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import Zstandard

/// Appends staged records to the stream, and waits for the disk. After an error nothing new is durable, and
/// the same records can be appended again.
struct StreamWriter: ~Copyable {
    /// Encoded records are written when there are this many bytes of them.
    private static let chunkBytes = 4 << 20

    private let root: RootDescription
    /// The program that writes, as text for the session record.
    private let program: String
    /// The file of the durable mark, once it was written to.
    private var markFile: OpenFile?
    private(set) var segment: OpenSegment
    private var encoder: FlushEncoder
    private var sessionIsWritten = false
    /// The last durable snapshot.
    private(set) var lastDurable = SequenceNumber.none

    init(_ root: RootDescription, _ options: RootWriter.Options) throws(ZstandardError) {
        self.root = root
        program = options.program
        encoder = try FlushEncoder()
        segment = OpenSegment(root, limit: options.segmentLimit)
    }

    /// Continues an existing stream in that segment.
    mutating func begin(in segment: OpenSegment, after last: SequenceNumber) {
        self.segment = segment
        lastDurable = last
    }

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

    /// Replaces the durable mark. Without a mark the stream only proves less, so a failed write does not fail
    /// the flush. There is then no mark until the next flush.
    mutating func writeMark() throws(SystemError) {
        guard let first = segment.firstSequence else { return }
        let mark = DurableMark(
            root: root.id,
            segment: first,
            validBytes: segment.validBytes,
            lastSequence: lastDurable
        )
        let bytes = mark.encoded()
        let isNew = markFile == nil
        if isNew { markFile = try OpenFile(root.durableMarkPath, .updateOrCreate) }
        do throws(SystemError) {
            try markFile!.write(unsafe bytes.span.bytes, at: 0)
            // From now on it is written in place, into an allocated block of the file.
            if isNew { try markFile!.synchronise() }
        } catch {
            try markFile.take()?.truncate(to: 0)
            throw error
        }
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
            if case .changes(let batch) = record.content {
                if batch.entryCount == 0 { continue }
                segment.noteChanges(of: batch.file)
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
