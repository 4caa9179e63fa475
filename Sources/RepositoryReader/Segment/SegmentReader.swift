import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage

/// Reads the records of one segment, front to back.
///
/// A record is valid when its magic stands there, its length is at most 64 MiB and ends before the limit, and
/// its checksum, which covers header, payload and place, is right. Records follow each other without space.
///
/// At the first place without a valid record the rest is searched for one. If none is found, or only records
/// that do not start a flush, the rest is an unfinished write: that is what a crash leaves. If one that
/// starts a flush is found, everything before it had been synchronised, so the invalid bytes are damage;
/// reading goes on behind them. Beside a writer a record may become valid while the rest is searched: the
/// place is then looked at again. Before the length up to which the segment is known to have been
/// synchronised, everything invalid is damage.
struct SegmentReader: ~Copyable {
    enum Step: Hashable {
        /// `header`, `payload` and `offset` are those of the next record.
        case record
        /// From the offset on nothing is valid up to the other one, where reading goes on.
        case damage(at: UInt64, resumingAt: UInt64)
        /// Nothing valid comes any more; the valid part ends at the offset, which is the limit after a clean
        /// end.
        case end(at: UInt64)
    }

    private static let chunkBytes = 256 << 10

    let path: FilePath
    let firstSequence: SequenceNumber
    /// The file when it was opened.
    let status: FileStatus
    /// What lies behind, in bytes from the start, is not looked at.
    private(set) var limit: UInt64
    /// Up to there everything was once synchronised, in bytes from the start; 0 when that is not known.
    private(set) var durableBytes: UInt64
    private let file: OpenFile
    private var buffer: [UInt8] = []
    private var bufferStart: UInt64 = 0
    private var bufferedBytes = 0
    private var next = SegmentHeader.byteCount

    /// Where the present record starts, in bytes from the start of the segment.
    private(set) var offset: UInt64 = 0
    private var current: RecordHeader?

    /// Opens a segment. With `synchronising`, waits until what is there now is on the disk; throws when it
    /// cannot be brought there. Throws `DamageError` for what is no regular file, and `SystemError`.
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
            // Not every file system lets a reader do that; then nothing there is fresh either.
            guard [.readOnlyFileSystem, .invalidArgument].contains(error.code) else { throw error }
        }
    }

    /// From elsewhere it is known that the segment ends there, and that all before it was once synchronised.
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
        // What was read ahead may be older than the file is now.
        bufferedBytes = 0
        if try verify(at) { return .record }
        let durable = at < durableBytes ? min(durableBytes, limit) : nil
        guard let resume = try search(after: at) ?? durable else { return .end(at: at) }
        bufferedBytes = 0
        if try verify(at) { return .record }
        next = resume
        return .damage(at: at, resumingAt: resume)
    }

    /// The present record's header; only after a step that was a record.
    var header: RecordHeader { current! }

    /// The present record's payload.
    var payload: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            bytes(offset + UInt64(RecordHeader.byteCount), header.payloadBytes)
        }
    }

    /// Whether a valid record starts at the place; if so, it is the present one.
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
        // The bytes may have been loaded a second time: the header must be what was hashed.
        return record.littleEndianUInt64(at: RecordHeader.Offset.checksum) == sum
            && RecordHeader(record) == header
    }

    /// Whether the file ends amid the record at the place: what is there of it is the front of one that goes
    /// on.
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

    /// The first valid record behind `at`, if that proves that the bytes at `at` were once valid.
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

    /// Where the magic of a record stands next.
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

    /// Where data follows when these loaded bytes are zeros and a hole goes on behind them: nobody can read
    /// through a hole of a million terabytes. Nil when they are not, or the hole ends right there.
    private func dataBehindHole(_ at: UInt64, _ count: Int) -> UInt64? {
        guard count == Self.chunkBytes, bytes(at, count).isZero else { return nil }
        let next = at + UInt64(count)
        // The magic may begin with the last bytes of the hole only if those are not zeros.
        let data = file.nextData(from: next)?.lowerBound ?? limit
        return data > next ? min(data, limit) : nil
    }

    /// Makes bytes of the file available; false when the file has become shorter.
    private mutating func load(_ at: UInt64, _ count: Int) throws(SystemError) -> Bool {
        if at >= bufferStart, at + UInt64(count) <= bufferStart + UInt64(bufferedBytes) { return true }
        let wanted = Int(min(limit - at, UInt64(max(count, Self.chunkBytes))))
        if buffer.count < wanted { buffer.append(zeros: wanted - buffer.count) }
        bufferedBytes = 0
        bufferedBytes = try file.read(into: &buffer, count: wanted, at: at)
        bufferStart = at
        return bufferedBytes >= count
    }

    /// Bytes that were made available before.
    @_lifetime(borrow self)
    private borrowing func bytes(_ at: UInt64, _ count: Int) -> RawSpan {
        let start = Int(at - bufferStart)
        return unsafe buffer.span.bytes.extracting(start..<start + count)
    }
}
