import Foundation
import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing
import Zstandard

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// Records that somebody made, with checksums that are right, at the end of a history.
struct CraftedRecords {
    private(set) var bytes: [UInt8]
    private let first: SequenceNumber
    private let path: FilePath

    init(_ history: SmallHistory) throws {
        path = try #require(try history.test.segments().last)
        first = try #require(SegmentName.parse(path.lastComponent!))
        bytes = try path.content()
    }

    mutating func append(
        _ type: RecordType,
        file: UInt32 = 0,
        sequence: UInt64 = 0,
        _ payload: [UInt8] = []
    ) {
        let header = RecordHeader(
            type,
            flags: RecordHeader.Flag.startsFlush,
            payloadBytes: payload.count,
            file: FileID(file),
            firstSequence: SequenceNumber(sequence),
            time: Instant(nanoseconds: 1_800_000_000_000_000_000)
        )
        let start = bytes.count
        bytes += [UInt8](repeating: 0, count: RecordHeader.byteCount) + payload
        header.write(into: &bytes, at: start, offset: UInt64(start), segment: first)
    }

    /// The same in a block, where numbers are told as differences.
    mutating func appendToBlock(
        _ type: RecordType,
        file: UInt32 = 0,
        sequence: UInt64 = 0,
        _ payload: [UInt8] = []
    ) throws {
        var block = BlockContent()
        let header = RecordHeader(
            type,
            flags: 0,
            payloadBytes: payload.count,
            file: FileID(file),
            firstSequence: SequenceNumber(sequence),
            time: Instant(nanoseconds: 1_800_000_000_000_000_000)
        )
        block.append(header, unsafe payload.span.bytes)
        var compressor = try Compressor()
        var encoded: [UInt8] = []
        try block.encode(into: &encoded, prefix: [], &compressor)
        append(.block, encoded)
    }

    /// The payload of a file record.
    static func file(_ name: String) -> [UInt8] { [FileKind.database.rawValue] + Array(name.utf8) }

    /// The payload of changes that are one snapshot without a page.
    static func snapshot(coalesced: UInt64, event: SnapshotEvent = .scan) -> [UInt8] {
        let entry = ChangesFormat.Entry(
            time: Instant(nanoseconds: 1_800_000_000_000_000_000),
            event: event,
            startsFresh: true,
            shape: .empty(.plain),
            coalesced: coalesced
        )
        var table: [UInt8] = []
        table.append(entry: entry, numbers: [], after: entry.time)
        var bytes: [UInt8] = []
        bytes.appendChangesHeader(
            flags: ChangesFormat.Flag.noPrefix,
            pageSize: .plain,
            entryCount: 1,
            tableBytes: table.count,
            rawBytes: 0
        )
        return bytes + table
    }

    /// Writes them, and a durable mark that knows them.
    func write(_ history: SmallHistory, lastSequence: UInt64) throws {
        try path.replaceContent(bytes)
        let mark = DurableMark(
            root: history.test.root.id,
            segment: first,
            validBytes: UInt64(bytes.count),
            lastSequence: SequenceNumber(lastSequence)
        )
        try history.test.durableMark.replaceContent(mark.encoded())
    }
}

@Suite("Numbers that somebody made up, under right checksums", .timeLimit(.minutes(2)))
struct CraftedNumbersTests {
    private enum Crafted: String, CaseIterable {
        case removedUpToTheEnd, removedFarAway, removedInNoBlock, blockFile, file, changesAtTheEnd
        case coalescedTwice, markAtTheEnd
    }

    private static func history() throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom(seed: 8))
        let writer = try history.open()
        history.declare(writer, "one.db")
        for _ in 0..<3 {
            try history.commit(writer, 0, byteCount: 1500)
            _ = try writer.flush()
        }
        return history
    }

    /// Returns whether what was made is damage.
    private static func make(_ crafted: Crafted, in history: SmallHistory) throws -> Bool {
        var records = try CraftedRecords(history)
        var last: UInt64 = 3
        switch crafted {
        case .removedUpToTheEnd: try records.appendToBlock(.removed, sequence: .max)
        case .removedFarAway: try records.appendToBlock(.removed, sequence: 1 << 62)
        case .removedInNoBlock: records.append(.removed, sequence: 1 << 62)
        case .blockFile: try records.appendToBlock(.file, file: .max, CraftedRecords.file("two.db"))
        case .file: records.append(.file, file: 1 << 31, CraftedRecords.file("two.db"))
        case .changesAtTheEnd:
            try records.appendToBlock(.file, file: 2, CraftedRecords.file("two.db"))
            let snapshot = CraftedRecords.snapshot(coalesced: 0)
            try records.appendToBlock(.changes, file: 2, sequence: .max, snapshot)
        case .coalescedTwice:
            records.append(.file, file: 2, CraftedRecords.file("two.db"))
            for sequence in 4...5 as ClosedRange<UInt64> {
                let snapshot = CraftedRecords.snapshot(coalesced: .max)
                records.append(.changes, file: 2, sequence: sequence, snapshot)
            }
            last = 5
        case .markAtTheEnd: last = .max
        }
        try records.write(history, lastSequence: last)
        return crafted != .coalescedTwice
    }

    @Test("every command ends in good order; after a repair the watcher writes what a check calls sound")
    func commands() throws {
        for crafted in Crafted.allCases {
            let history = try Self.history()
            let isDamage = try Self.make(crafted, in: history)
            let directory = history.test.directory
            let environment = ["HOLDFAST_REPO": directory.file("repository")]
            try FileManager.default.createDirectory(
                atPath: directory.file("protected"),
                withIntermediateDirectories: true
            )
            func run(_ arguments: String...) throws -> CommandResult {
                let result = try HoldfastProgram.run(arguments, environment: environment)
                let ends: [Int32] = [0, 1, 3, 4, 10]
                #expect(ends.contains(result.status), "\(crafted): \(arguments): \(result)")
                return result
            }
            #expect(try run("check").status == (isDamage ? 4 : 0), "\(crafted)")
            let path = directory.file("protected")
            for command in ["log", "status", "stats", "recoveries"] { _ = try run(command, path) }
            _ = try run("doctor", path + "/one.db")
            if isDamage { #expect(try run("repair").status == 0, "\(crafted)") }
            #expect(try run("check").status == 0, "\(crafted)")
            #expect(history.firstWrong() == nil)
            try directory.write([1], to: "protected/new.txt")
            #expect(try run("watch", "--once", path).status == 0, "\(crafted)")
            #expect(try run("forget", path, "--keep-last", "1").status == 0, "\(crafted)")
            #expect(try run("check", "--read-data").status == 0, "\(crafted)")
        }
    }

    @Test(
        "without a repair the watcher writes nothing on top of it that a check would call sound",
        arguments: [0, 1]
    )
    func unrepaired(packed: Int) throws {
        let history = try Self.history()
        var records = try CraftedRecords(history)
        if packed == 1 {
            try records.appendToBlock(.removed, sequence: (1 << 62) - 2)
        } else {
            records.append(.removed, sequence: 1 << 62)
        }
        try records.write(history, lastSequence: 3)
        #expect(throws: RepositoryError.self) { _ = try history.open() }
        #expect(try history.test.findings().contains { $0.severity == .error })
    }

    @Test("a base with millions of chunks is read piece by piece, and each line of its index counts")
    func longIndex() throws {
        let (test, count, size) = (try TestRoot(), 40_000, PageSize(bytes: 512)!)
        let shape = ImageSize(pageSize: size, byteCount: UInt64(count * 512))!
        var compressor = try Compressor()
        var frame: [UInt8] = []
        _ = try compressor.compress([UInt8](repeating: 0, count: 512), level: 1, into: &frame)
        var (frames, index) = ([UInt8](), [UInt8]())
        for number in 0..<count {
            index.append(UInt64(64 + frames.count))
            index.append(UInt32(frame.count))
            index.append(unsafe XXH64.hash(frame.span.bytes, seed: UInt64(number)))
            frames += frame
        }
        var header = BaseHeader(shape: shape, root: test.root.id, file: FileID(1)).encoded()
        for (place, value) in [(20, UInt64(512) | shape.byteCount << 32), (32, UInt64(count))] {
            header.put(value, at: place)
        }
        header.put(shape.byteCount, at: 24)
        header.sealHeader()
        let digest = (1...UInt32(count)).reduce(UInt64(0)) {
            unsafe $0 ^ ImageDigest.part(PageNumber($1), [UInt8](repeating: 0, count: 512).span.bytes)
        }
        let reference = BaseReference(
            shape: shape,
            digest: digest,
            indexChecksum: unsafe XXH64.hash(index.span.bytes, seed: 0)
        )
        var trailer: [UInt8] = []
        for value in [UInt64(64 + frames.count), reference.indexChecksum, digest, BaseTrailer.magic] {
            trailer.append(value)
        }
        let path = FilePath(test.directory.file("long.base"))
        let sound = header + frames + index + trailer
        func read() throws -> UInt64 {
            var reader = try BaseReader(path, root: test.root.id, file: FileID(1), reference: reference)
            var read: UInt64 = 0
            try reader.forEachChunk { content, _ in read += UInt64(content.byteCount) }
            return reader.digest == digest ? read : 0
        }
        try path.replaceContent(sound)
        #expect(try read() == shape.byteCount)
        for line in [0, 16_383, 16_384, 32_768, count - 1] {
            for byte in [0, 8, 12] {
                try path.replaceContent(sound)
                try path.flipByte(at: 64 + frames.count + 20 * line + byte)
                #expect(throws: DamageError.self, "\(line), \(byte)") { try read() }
            }
        }
        // Between two looks the file may become another one.
        try path.replaceContent(sound)
        var reader = try BaseReader(path, root: test.root.id, file: FileID(1), reference: reference)
        try path.flipByte(at: 64 + frames.count + 20 * 20_000 + 11)
        #expect(throws: DamageError.self) { try reader.forEachChunk { _, _ in } }
    }

    @Test("a hole of a terabyte behind a record is no work")
    func hole() throws {
        let history = try Self.history()
        let path = try history.test.segments()[0]
        let file = try OpenFile(path, .update)
        // Behind a broken record a valid one is looked for.
        try path.flipByte(at: try path.content().count - 3)
        try file.truncate(to: 1 << 40)
        let began = MonotonicInstant.now
        #expect(try history.test.findings(readingData: false).contains { $0.severity == .error })
        #expect(began.duration(to: .now) < .seconds(20))
    }

    @Test("pieces of any length have the hash of the whole")
    func pieces() {
        var random = SeededRandom(seed: 1)
        for length in [0, 1, 31, 32, 33, 64, 100, 4096, 5000] {
            let bytes = random.bytes(length)
            for cut in stride(from: 0, through: length, by: 32) {
                var sum = XXH64.Pieces(seed: 7)
                unsafe sum.add(bytes.span.bytes.extracting(0..<cut))
                let hash = unsafe sum.hash(with: bytes.span.bytes.extracting(cut..<length))
                #expect(unsafe hash == XXH64.hash(bytes.span.bytes, seed: 7), "\(length) at \(cut)")
            }
        }
    }
}
