import LinuxSystem
import SQLiteFiles
import SystemPackage
import Zstandard

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// Each decoder of a repository, ready for any bytes.
final class Decoders {
    nonisolated(unsafe) static let shared = try! Decoders()

    private let root: RootDescription
    private var format = ChangesFormat()
    private var blocks = BlockReader()
    private var compressor: Compressor
    private let decompressor: Decompressor

    private init() throws {
        let directory = FilePath(CurrentProcess.environment("TMPDIR") ?? "/tmp").appending("repository")
        let repository = try RepositoryDirectory.openOrCreate(at: directory)
        root = try repository.addRoot("/fuzzed", kind: .directory)
        compressor = try Compressor()
        decompressor = try Decompressor()
    }

    func changes(_ bytes: [UInt8]) {
        try? format.decode(unsafe bytes.span.bytes, time: Instant(nanoseconds: 1000))
    }

    /// The first byte says where the record headers end, in sixteenths of the rest; both parts are compressed
    /// here.
    func block(_ bytes: [UInt8]) {
        guard bytes.count > 2 else { return }
        let rest = bytes.dropFirst(2)
        let cut = rest.startIndex + rest.count * Int(bytes[0] & 15) / 16
        let (recordHeaders, data) = (Array(rest[..<cut]), Array(rest[cut...]))
        var frames: [UInt8] = []
        guard let recordHeaderFrameBytes = try? compressor.compress(recordHeaders, level: 1, into: &frames)
        else { return }
        if !data.isEmpty { _ = try? compressor.compress(data, level: 1, into: &frames) }
        var payload: [UInt8] = []
        for value in [Int(bytes[1]), recordHeaders.count, data.count, recordHeaderFrameBytes] {
            payload.append(UInt32(value))
        }
        payload += frames
        do throws(FormatError) {
            blocks.beginSegment()
            if bytes[0] & 16 != 0 {
                let delta = [UInt8](repeating: 0, count: SegmentDeltaFormat.headerBytes) + payload
                try blocks.take(delta: unsafe delta.span.bytes)
            }
            try blocks.open(unsafe payload.span.bytes, wantsData: bytes[0] & 32 != 0)
            while try blocks.next() {
                let record = blocks.payload
                try? format.decode(unsafe record.span.bytes, time: blocks.header.time)
            }
        } catch {}
    }

    func headers(_ bytes: [UInt8]) {
        for count in [Int(SegmentHeader.byteCount), DurableMark.byteCount, BaseHeader.byteCount]
        where bytes.count >= count {
            var header = Array(bytes[..<count])
            let sum = unsafe XXH64.hash(header.span.bytes.extracting(0..<count - 8), seed: 0)
            for index in 0..<8 {
                header[count - 8 + index] = UInt8(truncatingIfNeeded: sum >> UInt64(8 * index))
            }
            let span = unsafe header.span.bytes
            _ = try? SegmentHeader(span)
            _ = try? DurableMark(span)
            _ = try? BaseHeader(span).chunkCount
        }
        _ = unsafe RecordHeader(bytes.span.bytes)
        _ = try? unsafe DatabaseHeader(bytes.span.bytes)
        _ = try? unsafe WALHeader(bytes.span.bytes)
        _ = try? unsafe WALIndexHeader(bytes.span.bytes)
        _ = try? unsafe JournalHeader(bytes.span.bytes)
    }

    func payloads(_ bytes: [UInt8]) {
        let span = unsafe bytes.span.bytes
        let time = Instant(nanoseconds: 5)
        _ = try? SessionFormat.decode(span)
        _ = try? FileFormat.decode(span)
        _ = try? FooterFormat(span)
        _ = try? BaseReference(span)
        _ = try? Gap(span, file: .root)
        _ = try? Annotation(span, file: .root, time: time)
        let header = RecordHeader(
            .attributes,
            flags: 0,
            payloadBytes: bytes.count,
            file: FileID(1),
            firstSequence: SequenceNumber(1),
            time: time
        )
        _ = try? AttributesRecord(span, header)
    }

    /// A whole segment in the only root: everything that walks over it, with and without data.
    func segment(_ bytes: [UInt8]) {
        let header = SegmentHeader(
            root: root.id,
            firstSequence: SequenceNumber(1),
            created: Instant(nanoseconds: 1),
            previousFirst: .none,
            previousValidBytes: 0
        )
        var segment = header.encoded()
        segment[12] = (bytes.first ?? 0) & 1
        seal(&segment, 64)
        segment += bytes.dropFirst()
        sealRecords(&segment)
        write(segment, to: root.segmentPath(SequenceNumber(1)))
        _ = try? RestoreCosts(root) { _ in }
        _ = try? RootCheck(root).run(readingData: false) { _ in }
        _ = try? RepairPlan(root)
        let wanted: Set<FileID> = [FileID(1), FileID(2)]
        guard let plans = try? RebuildPlans(root, wanted: wanted, upTo: SequenceNumber(.max)),
            plans.plans.values.allSatisfy({ $0.largestBytes <= 1 << 20 })
        else { return }
        _ = try? RootCheck(root).run(readingData: true) { _ in }
    }

    func base(_ bytes: [UInt8]) {
        guard bytes.count > 100 else { return }
        var base = bytes
        seal(&base, 64)
        guard let reference = reference(to: base) else { return }
        let sum = reference.indexChecksum
        let trailer = base.count - BaseTrailer.byteCount
        for index in 0..<8 { base[trailer + 8 + index] = UInt8(truncatingIfNeeded: sum >> UInt64(8 * index)) }
        let path = root.directory.appending("fuzzed.base")
        write(base, to: path)
        guard let header = try? unsafe BaseHeader(base.span.bytes),
            var reader = try? BaseReader(path, root: header.root, file: header.file, reference: reference)
        else { return }
        _ = try? reader.forEachChunk { _, _ in }
    }

    /// What a record would say of the base; nil when that is too short for its index.
    private func reference(to base: [UInt8]) -> BaseReference? {
        let bytes = unsafe base.span.bytes
        guard let header = try? BaseHeader(bytes) else { return nil }
        let lines = Int(min(header.chunkCount, 1 << 20)) * BaseIndexEntry.byteCount
        let end = base.count - BaseTrailer.byteCount
        guard end - lines >= 64 else { return nil }
        return BaseReference(
            shape: header.shape,
            digest: bytes.littleEndianUInt64(at: end + BaseTrailer.Offset.digest),
            indexChecksum: XXH64.hash(bytes.extracting(end - lines..<end), seed: 0)
        )
    }

    func frame(_ bytes: [UInt8]) {
        var content: [UInt8] = []
        let count = Int(bytes[0]) << 4
        try? decompressor.decompress(
            unsafe bytes.span.bytes.extracting(1..<bytes.count),
            prefix: nil,
            exactly: count,
            into: &content
        )
    }

    private func write(_ bytes: [UInt8], to path: FilePath) {
        guard let file = try? OpenFile(path, .updateOrCreate) else { return }
        try? file.truncate(to: 0)
        try? file.write(unsafe bytes.span.bytes, at: 0)
    }

    private func seal(_ bytes: inout [UInt8], _ count: Int) {
        let sum = unsafe XXH64.hash(bytes.span.bytes.extracting(0..<count - 8), seed: 0)
        for index in 0..<8 { bytes[count - 8 + index] = UInt8(truncatingIfNeeded: sum >> UInt64(8 * index)) }
    }

    private func sealRecords(_ bytes: inout [UInt8]) {
        var at = 64
        while at + RecordHeader.byteCount <= bytes.count {
            guard let (end, sum) = checksum(of: bytes, at) else {
                at += 1
                continue
            }
            for index in 0..<8 {
                bytes[at + RecordHeader.Offset.checksum + index] = UInt8(
                    truncatingIfNeeded: sum >> UInt64(8 * index)
                )
            }
            at = end
        }
    }

    /// Where the record ends that begins there, and the checksum that it should have; nil when there is none.
    private func checksum(of bytes: [UInt8], _ start: Int) -> (end: Int, sum: UInt64)? {
        let rest = unsafe bytes.span.bytes.extracting(start..<bytes.count)
        guard let header = RecordHeader(rest), header.recordBytes <= rest.byteCount else { return nil }
        let sum = RecordHeader.checksum(
            header: rest,
            payload: rest.extracting(RecordHeader.byteCount..<header.recordBytes),
            offset: UInt64(start),
            segment: SequenceNumber(1)
        )
        return (start + header.recordBytes, sum)
    }
}
