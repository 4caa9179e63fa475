import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage

/// Reads the records of one segment, front to back.
///
/// A record is valid if and only if:
/// 1. It starts with the magic.
/// 2. Its payload has at most 64 MiB, and it ends before the limit.
/// 3. Its checksum, which covers header, payload and place, matches.
///
/// Records follow each other without space. The bytes at a place without a valid record are one of these:
/// 1. Before the durable length of the segment, they are damage. Reading resumes at the next valid record, or
///    at that length.
/// 2. After it, the rest is searched for valid records. If one of them starts a flush, everything before it
///    had been synchronised. The bytes are then damage, and reading resumes at the first valid record.
/// 3. Otherwise the rest is an unfinished write, as a crash leaves it.
///
/// Beside a writer, a record may become valid during the search. The place is therefore read again
/// afterwards.
struct SegmentReader: ~Copyable {
    enum Step: Hashable {
        /// The next record is in `header`, `payload` and `offset`.
        case record
        /// The bytes between the two offsets are damaged. Reading resumes at the second one.
        case damage(at: UInt64, resumingAt: UInt64)
        /// No valid record follows. The valid part ends at the offset, which is the limit after a clean end.
        case end(at: UInt64)
    }

    private static let chunkBytes = 256 << 10

    let path: FilePath
    let firstSequence: SequenceNumber
    /// The file's status when it was opened.
    let status: FileStatus
    /// Bytes after it, from the start of the file, are not read.
    private(set) var limit: UInt64
    /// The durable length: all bytes before it were once synchronised. 0 when it is not known.
    private(set) var durableBytes: UInt64
    private let file: OpenFile
    private var buffer: [UInt8] = []
    private var bufferStart: UInt64 = 0
    private var bufferedBytes = 0
    private var next = SegmentHeader.byteCount

    /// The offset of the current record, in bytes from the start of the segment.
    private(set) var offset: UInt64 = 0
    private var current: RecordHeader?

    /// Opens a segment. With `synchronising`, waits until its current content is on the disk; throws when
    /// that fails. Throws `DamageError` if it is not a regular file, and `SystemError`.
    init(
        _ path: FilePath,
        first: SequenceNumber,
        durableBytes: UInt64 = 0,
        synchronising: Bool = false
    ) throws {
        let file = try StoredFile.open(path)
        let status = try file.status()
        if synchronising { try Self.synchronise(file) }
        self.path = path
        self.status = status
        self.file = file
        firstSequence = first
        self.durableBytes = durableBytes
        limit = status.sizeBytes
    }

    private static func synchronise(_ file: borrowing OpenFile) throws(SystemError) {
        do {
            try file.synchroniseData()
        } catch {
            // Not every file system lets a reader do that. Such a file has no fresh content either.
            guard [.readOnlyFileSystem, .invalidArgument].contains(error.code) else { throw error }
        }
    }

    /// Sets the end of the segment, as its successor or its own seal defines it. All bytes before it were
    /// once synchronised.
    mutating func close(at end: UInt64) {
        durableBytes = end
        limit = min(status.sizeBytes, end)
    }

    /// Reads and verifies the segment's header.
    mutating func readHeader(root: RootID) throws -> SegmentHeader {
        _ = try load(0, Int(min(limit, SegmentHeader.byteCount)))
        let header: SegmentHeader
        do throws(FormatError) {
            header = try SegmentHeader(bytes(0, Int(min(limit, SegmentHeader.byteCount))))
        } catch {
            throw error.inFile(path, at: 0)
        }
        guard header.root == root, header.firstSequence == firstSequence else {
            throw DamageError(path, at: 0, "a segment of another root, or under a wrong name")
        }
        return header
    }

    /// Moves to the next record.
    mutating func advance(from place: UInt64? = nil) throws(SystemError) -> Step {
        let at = place ?? next
        guard at < limit else { return .end(at: at) }
        if try verify(at) { return .record }
        // The buffer may be older than the file is now.
        bufferedBytes = 0
        if try verify(at) { return .record }
        let durable = at < durableBytes ? min(durableBytes, limit) : nil
        guard let resume = try search(after: at) ?? durable else { return .end(at: at) }
        bufferedBytes = 0
        if try verify(at) { return .record }
        next = resume
        return .damage(at: at, resumingAt: resume)
    }

    /// The current record's header; only after a step that was a record.
    var header: RecordHeader { current! }

    /// The current record's payload.
    var payload: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            bytes(offset + UInt64(RecordHeader.byteCount), header.payloadBytes)
        }
    }

    /// Whether a valid record starts at the place. If so, it becomes the current one.
    private mutating func verify(_ at: UInt64) throws(SystemError) -> Bool {
        guard limit - at >= UInt64(RecordHeader.byteCount), try load(at, RecordHeader.byteCount),
            let header = RecordHeader(bytes(at, RecordHeader.byteCount)),
            UInt64(header.recordBytes) <= limit - at, try load(at, header.recordBytes)
        else { return false }
        guard isValid(header, at) else { return false }
        current = header
        offset = at
        next = at + UInt64(header.recordBytes)
        return true
    }

    private func isValid(_ header: RecordHeader, _ at: UInt64) -> Bool {
        let record = bytes(at, header.recordBytes)
        let sum = RecordHeader.checksum(
            header: record,
            payload: record.extracting(RecordHeader.byteCount..<header.recordBytes),
            offset: at,
            segment: firstSequence
        )
        // The bytes may have been read a second time: the header must be the one that was hashed.
        return record.littleEndianUInt64(at: RecordHeader.Offset.checksum) == sum
            && RecordHeader(record) == header
    }

    /// Whether the file ends amid the record at the place: the existing bytes are the start of a longer
    /// record.
    mutating func isCutAmidRecord(at: UInt64) throws(SystemError) -> Bool {
        guard limit == status.sizeBytes, at < limit else { return false }
        let count = Int(min(limit - at, UInt64(RecordHeader.byteCount)))
        guard try load(at, count) else { return false }
        let front = bytes(at, count)
        guard count == RecordHeader.byteCount else {
            return (0..<min(count, 4)).allSatisfy {
                front.byte(at: $0) == UInt8(truncatingIfNeeded: RecordHeader.magic >> (8 * $0))
            }
        }
        guard let header = RecordHeader(front) else { return false }
        return UInt64(header.recordBytes) > limit - at
    }

    /// The first valid record after `at`, if it proves that the bytes at `at` were once valid.
    private mutating func search(after at: UInt64) throws(SystemError) -> UInt64? {
        var first: UInt64?
        var candidate = at + 1
        while let found = try findMagic(from: candidate) {
            candidate = found + 1
            guard try verify(found) else { continue }
            first = first ?? found
            if at < durableBytes || header.startsFlush { return first }
            candidate = next
        }
        return nil
    }

    /// The next position of a record's magic.
    private mutating func findMagic(from start: UInt64) throws(SystemError) -> UInt64? {
        var at = start
        while limit >= UInt64(RecordHeader.byteCount), at <= limit - UInt64(RecordHeader.byteCount) {
            let count = Int(min(UInt64(Self.chunkBytes), limit - at))
            guard try load(at, count) else { return nil }
            if let data = dataBehindHole(at, count) {
                at = data
                continue
            }
            let chunk = bytes(at, count)
            for index in 0...(count - 4) {
                let word = unsafe chunk.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt32.self)
                if UInt32(littleEndian: word) == RecordHeader.magic { return at + UInt64(index) }
            }
            at += UInt64(count - 3)
        }
        return nil
    }

    /// The next data after a hole, if these bytes are zeros and a hole follows them. A hole may have a
    /// million terabytes, which nobody can read. Nil when they are not zeros, or no hole follows.
    private func dataBehindHole(_ at: UInt64, _ count: Int) -> UInt64? {
        guard count == Self.chunkBytes, bytes(at, count).isZero else { return nil }
        let next = at + UInt64(count)
        // The last bytes of the hole are zeros, so the magic cannot begin there.
        let data = file.nextData(from: next)?.lowerBound ?? limit
        return data > next ? min(data, limit) : nil
    }

    /// Reads bytes of the file into the buffer; false when the file has become shorter.
    private mutating func load(_ at: UInt64, _ count: Int) throws(SystemError) -> Bool {
        if at >= bufferStart, at + UInt64(count) <= bufferStart + UInt64(bufferedBytes) { return true }
        let wanted = Int(min(limit - at, UInt64(max(count, Self.chunkBytes))))
        if buffer.count < wanted { buffer.append(zeros: wanted - buffer.count) }
        bufferedBytes = 0
        bufferedBytes = try file.read(into: &buffer, count: wanted, at: at)
        bufferStart = at
        return bufferedBytes >= count
    }

    /// Bytes that are in the buffer.
    @_lifetime(borrow self)
    private borrowing func bytes(_ at: UInt64, _ count: Int) -> RawSpan {
        let start = Int(at - bufferStart)
        return unsafe buffer.span.bytes.extracting(start..<start + count)
    }
}
