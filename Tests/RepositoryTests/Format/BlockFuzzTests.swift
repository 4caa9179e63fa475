import LinuxSystem
import SQLiteFiles
import TestSupport
import Testing
import Zstandard

@testable import RepositoryFormat
@testable import RepositoryReader

@Suite("Blocks: whatever is in them")
struct BlockFuzzTests {
    private static let time = Instant(nanoseconds: 1000)
    private static let pageBytes = 512

    /// Of a changes record in byte ranges: all before the bytes of the ranges, and how many bytes those are.
    private static func ranges(_ random: inout SeededRandom) -> (payload: [UInt8], dataBytes: Int) {
        let size = PageSize(bytes: pageBytes)!
        let entryCount = Int.random(in: 1...3, using: &random)
        var (table, dataBytes, last) = ([UInt8](), 0, time)
        for _ in 0..<entryCount {
            let numbers = (1...20 as ClosedRange<UInt32>).filter { _ in
                Int.random(in: 0..<6, using: &random) == 0
            }
            let entry = ChangesFormat.Entry(
                time: Instant(nanoseconds: last.nanoseconds + 7),
                event: .commit,
                shape: ImageSize(pageSize: size, byteCount: UInt64(20 * pageBytes))!,
                digest: random.next(),
                pages: 0..<numbers.count
            )
            table.append(entry: entry, numbers: numbers[...], after: last)
            last = entry.time
            for _ in numbers {
                var ranges: [ByteRange] = []
                var start = Int.random(in: 0...40, using: &random)
                while start < pageBytes, ranges.count < 4 {
                    let end = Int.random(in: start + 1...pageBytes, using: &random)
                    ranges.append(ByteRange(start: start, end: end))
                    dataBytes += end - start
                    start = end + Int.random(in: 1...100, using: &random)
                }
                table.append(ranges: ranges[...])
            }
        }
        var bytes: [UInt8] = []
        bytes.appendChangesHeader(
            .byteRanges,
            flags: ChangesFormat.Flag.noPrefix,
            pageSize: size,
            entryCount: entryCount,
            tableBytes: table.count,
            rawBytes: dataBytes
        )
        return (bytes + table, dataBytes)
    }

    @Test("tables of byte ranges are refused, or make sense")
    func tables() {
        var run = FuzzRun("byte ranges", rounds: 120_000)
        var format = ChangesFormat()
        var accepted = 0
        while var random = run.next() {
            let (payload, dataBytes) = Self.ranges(&random)
            var bytes = payload + [UInt8](repeating: 1, count: dataBytes)
            bytes.mutate(with: &random, within: 0..<payload.count)
            do throws(FormatError) {
                try format.decode(unsafe bytes.span.bytes, time: Self.time)
            } catch {
                continue
            }
            guard format.encoding == .byteRanges else { continue }
            accepted += 1
            var total = 0
            for entry in format.entries {
                for page in entry.pages {
                    let valid = entry.shape.validBytes(of: PageNumber(format.numbers[page]))
                    let (ranges, data) = format.ranges(of: page)
                    #expect(data == total, "\(random)")
                    #expect(ranges.allSatisfy { $0.byteCount > 0 && $0.end <= valid }, "\(random)")
                    #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.end < $1.start }, "\(random)")
                    total += ranges.reduce(0) { $0 + $1.byteCount }
                }
            }
            #expect(total == format.rawBytes && format.dataStart + total <= bytes.count, "\(random)")
        }
        #expect(accepted > 1000)
    }

    @Test("blocks whose recordHeaders and data are anything are refused, or give no more than is in them")
    func blocks() throws {
        var run = FuzzRun("blocks", rounds: 30_000)
        var compressor = try Compressor()
        var reader = BlockReader()
        var (records, whole) = (0, 0)
        while var random = run.next() {
            let (recordHeaders, data, count) = Self.block(&random)
            let payload = try Self.payload(recordHeaders, data, count: count, &compressor, &random)
            do throws(FormatError) {
                let wantsData = Bool.random(using: &random)
                reader.beginSegment()
                if Bool.random(using: &random) {
                    let delta = [UInt8](repeating: 0, count: SegmentDeltaFormat.headerBytes) + payload
                    try reader.take(delta: unsafe delta.span.bytes)
                }
                try reader.open(unsafe payload.span.bytes, wantsData: wantsData)
                var byteCount = 0
                while try reader.next() {
                    byteCount += reader.payload.count
                    records += 1
                }
                #expect(byteCount <= recordHeaders.count + data.count, "\(random)")
                whole += 1
            } catch {}
        }
        #expect(records > 1000 && whole > 1000)
    }

    /// The record headers and the data of some records, mutated in one of two cases.
    private static func block(
        _ random: inout SeededRandom
    ) -> (recordHeaders: [UInt8], data: [UInt8], count: Int) {
        var (recordHeaders, data) = ([UInt8](), [UInt8]())
        var reference = BlockFormat.Reference()
        let count = Int.random(in: 1...6, using: &random)
        for index in 0..<count {
            let isChanges = Bool.random(using: &random)
            let (payload, dataBytes) = isChanges ? ranges(&random) : (Array("test".utf8), 0)
            let header = RecordHeader(
                isChanges ? .changes : .session,
                flags: 0,
                payloadBytes: 0,
                file: isChanges ? FileID(1) : .root,
                firstSequence: isChanges ? SequenceNumber(UInt64(3 * index + 1)) : .none,
                time: Instant(nanoseconds: time.nanoseconds + Int64(index))
            )
            header.encode(inBlock: &recordHeaders, payloadBytes: payload.count, after: &reference)
            recordHeaders += payload
            data += random.bytes(dataBytes)
        }
        if Bool.random(using: &random) { recordHeaders.mutate(with: &random) }
        if !data.isEmpty, Int.random(in: 0..<4, using: &random) == 0 { data.mutate(with: &random) }
        return (recordHeaders, data, count)
    }

    /// A block with frames that can be opened, and mostly with a header that fits them.
    private static func payload(
        _ recordHeaders: [UInt8],
        _ data: [UInt8],
        count: Int,
        _ compressor: inout Compressor,
        _ random: inout SeededRandom
    ) throws -> [UInt8] {
        var frames: [UInt8] = []
        let recordHeaderFrameBytes = try compressor.compress(recordHeaders, level: 1, into: &frames)
        if !data.isEmpty { _ = try compressor.compress(data, level: 1, into: &frames) }
        var payload: [UInt8] = []
        payload.append(UInt32(count))
        payload.append(UInt32(recordHeaders.count))
        payload.append(UInt32(data.count))
        payload.append(UInt32(recordHeaderFrameBytes))
        payload += frames
        if Int.random(in: 0..<4, using: &random) == 0 {
            payload.mutate(with: &random, within: 0..<BlockFormat.headerBytes)
        }
        return payload
    }
}
