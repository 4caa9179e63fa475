import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat

@Suite("Payloads and headers: whatever is in them")
struct PayloadFuzzTests {
    private static let time = Instant(nanoseconds: 1000)

    @Test("tables of changes are refused, or make sense; never memory for what is not there")
    func changes() {
        var run = FuzzRun("changes", rounds: 150_000)
        var format = ChangesFormat()
        var accepted = 0
        while var random = run.next() {
            var bytes = ChangesFormatTests.payload(&random).bytes
            bytes.mutate(with: &random, within: Bool.random(using: &random) ? 0..<24 : nil)
            do throws(FormatError) {
                try format.decode(unsafe bytes.span.bytes, time: Self.time)
            } catch {
                // Every number and every entry has taken a byte at least.
                #expect(format.numbers.count + format.entries.count <= bytes.count, "\(random)")
                continue
            }
            accepted += 1
            #expect(format.numbers.count * format.pageSize.bytes == format.rawBytes, "\(random)")
            #expect(format.rawBytes <= ChangesFormat.maximumRawBytes, "\(random)")
            #expect(format.dataStart <= bytes.count, "\(random)")
            for entry in format.entries {
                let numbers = format.numbers[entry.pages]
                #expect(numbers.allSatisfy { entry.shape.pageCount.contains(PageNumber($0)) }, "\(random)")
                #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }, "\(random)")
            }
        }
        #expect(accepted > 100)
    }

    @Test("small payloads are refused, or come back as they are written")
    func small() throws {
        var file: [UInt8] = []
        FileFormat.encode(.plain, "a/b.txt", into: &file)
        var base: [UInt8] = []
        let shape = ImageSize(pageSize: .plain, byteCount: 9000)!
        BaseReference(shape: shape, digest: 1, indexChecksum: 2).encode(into: &base)
        var gap: [UInt8] = []
        Gap(from: Self.time, to: Self.time, reason: "why").encode(into: &gap)
        var annotation: [UInt8] = []
        let tag = Annotation(
            .tag,
            target: SequenceNumber(3),
            fields: ["name": "x", "message": "y"],
            time: Self.time
        )
        try tag.encode(into: &annotation)
        var run = FuzzRun("small payloads", rounds: 300_000)
        var accepted = 0
        while var random = run.next() {
            var bytes = [file, base, gap, annotation].randomElement(using: &random)!
            bytes.mutate(with: &random)
            for again in try Self.readings(of: bytes) {
                accepted += 1
                // Of JSON there are many forms.
                #expect(again.map { $0 == bytes } ?? true, "\(random)")
            }
        }
        #expect(accepted > 1000)
    }

    /// What each decoder that accepts the bytes makes of them, written again; nil where the form may differ.
    private static func readings(of bytes: [UInt8]) throws -> [[UInt8]?] {
        var found: [[UInt8]?] = []
        if let text = try? unsafe SessionFormat.decode(bytes.span.bytes) { found.append(Array(text.utf8)) }
        if let (kind, name) = try? unsafe FileFormat.decode(bytes.span.bytes) {
            var again: [UInt8] = []
            FileFormat.encode(kind, name, into: &again)
            // A path may have doubled slashes, which go.
            found.append(bytes.contains(UInt8(ascii: "/")) ? nil : again)
        }
        if let base = try? unsafe BaseReference(bytes.span.bytes) {
            var again: [UInt8] = []
            base.encode(into: &again)
            found.append(again)
        }
        if let gap = try? unsafe Gap(bytes.span.bytes, file: .root) {
            var again: [UInt8] = []
            gap.encode(into: &again)
            found.append(again)
        }
        if let annotation = try? unsafe Annotation(bytes.span.bytes, file: .root, time: time) {
            var again: [UInt8] = []
            try annotation.encode(into: &again)
            found.append(nil)
        }
        return found
    }

    @Test("headers of segments, bases, marks and records are refused, or come back as they are written")
    func headers() throws {
        let shape = ImageSize(pageSize: .plain, byteCount: 9 << 20)!
        let id = RootID(7)
        let segment = SegmentHeader(
            root: id,
            firstSequence: SequenceNumber(5),
            created: Self.time,
            previousFirst: SequenceNumber(1),
            previousValidBytes: 300
        ).encoded()
        let base = BaseHeader(shape: shape, root: id, file: FileID(2)).encoded()
        let mark = DurableMark(
            root: id,
            segment: SequenceNumber(5),
            validBytes: 99,
            lastSequence: SequenceNumber(9)
        )
        .encoded()
        var run = FuzzRun("headers", rounds: 300_000)
        var accepted = 0
        while var random = run.next() {
            var bytes = [segment, base, mark].randomElement(using: &random)!
            let byteCount = bytes.count
            bytes.mutate(with: &random)
            if Bool.random(using: &random) { bytes.sealHeader(byteCount) }
            let span = unsafe bytes.span.bytes
            if let header = try? SegmentHeader(span) {
                accepted += 1
                // Written anew, it has the newest version.
                var newest = Array(bytes.prefix(64))
                newest[8] = 2
                newest.sealHeader(64)
                #expect(header.encoded() == newest, "\(random)")
            }
            if let header = try? BaseHeader(span) {
                accepted += 1
                #expect(header.chunkBytes <= BaseHeader.maximumChunkBytes, "\(random)")
                #expect(header.chunkCount <= header.shape.byteCount / 512 + 1, "\(random)")
            }
            if let mark = try? DurableMark(span) {
                accepted += 1
                #expect(mark.encoded() == bytes, "\(random)")
            }
            if let record = RecordHeader(span) {
                #expect(record.payloadBytes <= RecordHeader.maximumPayloadBytes, "\(random)")
                _ = try? record.knownType()
            }
        }
        #expect(accepted > 1000)
    }
}
