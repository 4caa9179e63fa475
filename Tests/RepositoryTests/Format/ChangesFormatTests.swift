import LinuxSystem
import SQLiteFiles
import TestSupport
import Testing

@testable import RepositoryFormat

@Suite("Changes payloads")
struct ChangesFormatTests {
    /// A payload of some entries, with anything in place of the frame.
    static func payload(
        _ random: inout SeededRandom
    ) -> (bytes: [UInt8], entries: [ChangesFormat.Entry]) {
        let size = PageSize(bytes: 512)!
        var (table, entries, count) = ([UInt8](), [ChangesFormat.Entry](), 0)
        var last = Instant(nanoseconds: 1000)
        let entryCount = Int.random(in: 1...5, using: &random)
        for index in 0..<entryCount {
            let numbers = (1...40 as ClosedRange<UInt32>).filter { _ in
                Int.random(in: 0..<8, using: &random) == 0
            }
            let isPart = Int.random(in: 0..<4, using: &random) == 0
            let entry = ChangesFormat.Entry(
                time: Instant(nanoseconds: last.nanoseconds + Int64.random(in: 0...1 << 40, using: &random)),
                event: isPart ? nil : .commit,
                startsFresh: index == 0,
                shape: ImageSize(
                    pageSize: size,
                    byteCount: UInt64.random(in: 39 * 512 + 1...1 << 40, using: &random)
                )!,
                coalesced: UInt64.random(in: 0...300, using: &random),
                digest: isPart ? 0 : random.next(),
                pages: count..<count + numbers.count
            )
            table.append(entry: entry, numbers: numbers[...], after: last)
            last = entry.time
            count += numbers.count
            entries.append(entry)
        }
        let flags =
            ChangesFormat.Flag.noPrefix | (entries.last?.event == nil ? ChangesFormat.Flag.isUnfinished : 0)
        var bytes: [UInt8] = []
        bytes.appendChangesHeader(
            flags: flags,
            pageSize: size,
            entryCount: entryCount,
            tableBytes: table.count,
            rawBytes: count * 512
        )
        return (bytes + table + (count > 0 ? [1, 2, 3] : []), entries)
    }

    @Test("a table reads back as it was written")
    func roundTrip() throws {
        var random = SeededRandom()
        var format = ChangesFormat()
        for _ in 0..<500 {
            let (bytes, entries) = Self.payload(&random)
            try format.decode(unsafe bytes.span.bytes, time: Instant(nanoseconds: 1000))
            #expect(format.entries == entries, "\(random)")
        }
    }

    @Test("enormous claims are refused")
    func enormous() {
        var random = SeededRandom()
        let bytes = Self.payload(&random).bytes
        var format = ChangesFormat()
        // Entry count, table bytes, raw bytes.
        for field in [8, 12, 16, 20] {
            var wrong = bytes
            for index in field..<field + 4 { wrong[index] = 0xFF }
            #expect(throws: FormatError.self) {
                try format.decode(unsafe wrong.span.bytes, time: Instant(nanoseconds: 1000))
            }
        }
        var header = [UInt8](repeating: 0, count: 40)
        header.replaceSubrange(0..<4, with: Array("HFR1".utf8))
        #expect(unsafe RecordHeader(header.span.bytes) != nil)
        header[11] = 0x04
        header[8] = 1
        #expect(unsafe RecordHeader(header.span.bytes) == nil)
    }

    @Test("numbers that do not end, or do not fit, are refused")
    func varints() throws {
        for value in [0, 1, 127, 128, 300, UInt64(UInt32.max), 1 << 63, .max] {
            var bytes: [UInt8] = []
            bytes.append(varint: value)
            var offset = 0
            #expect(try unsafe bytes.span.bytes.varint(at: &offset) == value)
            #expect(offset == bytes.count)
        }
        for wrong in [[], [0x80], [UInt8](repeating: 0xFF, count: 10), [UInt8](repeating: 0x80, count: 11)] {
            #expect(throws: FormatError.self) {
                var offset = 0
                _ = try unsafe wrong.span.bytes.varint(at: &offset)
            }
        }
    }
}
