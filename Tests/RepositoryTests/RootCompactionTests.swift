import LinuxSystem
import SystemPackage
import TestSupport
import Testing
import Zstandard

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Sealing")
struct RootCompactionTests {
    /// Many small commits to one file, in segments of some thousand bytes.
    private static func history(commits: Int = 200) throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom())
        history.options.segmentLimit = 10_000
        let writer = try history.open()
        history.declare(writer, "one.db")
        try history.base(writer, 0, byteCount: 9000)
        for _ in 0..<commits {
            try history.commit(writer, 0, byteCount: 9000)
            _ = try writer.flush()
        }
        return history
    }

    @Test("sealed segments are smaller, say the same, and are left alone afterwards")
    func smaller() throws {
        let history = try Self.history()
        let (before, bytes) = (
            try history.test.snapshots(), try RootHistory(history.test.root).segmentBytes()
        )
        let segments = try history.test.segments()
        #expect(segments.count > 2)
        let last = try #require(segments.last).content()
        let sealed = try RootCompaction(history.test.root).run()
        #expect(sealed == segments.count - 1)
        let after = try history.test.snapshots()
        #expect(
            before.map(\.state) == after.map(\.state) && before.map(\.pageCount) == after.map(\.pageCount)
        )
        let sealedBytes = try RootHistory(history.test.root).segmentBytes()
        #expect(sealedBytes < bytes * 9 / 10, "\(history.random): \(sealedBytes) of \(bytes)")
        #expect(after.reduce(0) { $0 + $1.storedBytes } <= sealedBytes)
        let wrong = history.firstWrong()
        #expect(wrong == nil, "\(history.random)")
        let again = try RootCompaction(history.test.root).run()
        #expect(again == 0)
        // The one that is written to is not touched, and nothing else is left behind.
        #expect(try #require(history.test.segments().last).content() == last)
        let names = try Directory.names(in: history.test.root.directory).map(\.string)
        #expect(!names.contains("sealing"))
    }

    @Test("who wants what is newer than a segment needs nothing of it but its segment delta")
    func deltas() throws {
        let history = try Self.history()
        try RootCompaction(history.test.root).run()
        let segments = try history.test.segments()
        // The base, the segment deltas, and what lies behind.
        var least = try history.test.bases().reduce(0) { try $0 + $1.content().count }
        for segment in segments {
            let bytes = try segment.content()
            let ends = Self.records(in: bytes).map(\.start) + [bytes.count]
            for (index, record) in Self.records(in: bytes).enumerated() where record.type == 7 {
                least += ends[index + 1] - record.start
            }
        }
        let last = try #require(segments.last).content().count
        let cost = try RestoreCosts(history.test.root) { _ in }.latest
        let isRead = (UInt64(least)...UInt64(least + last)).contains(cost.readBytes)
        #expect(isRead, "\(history.random): \(cost), not \(least) to \(least + last)")
        for (segment, next) in zip(segments, segments.dropFirst()) {
            let sound = try segment.content()
            #expect(sound[68] == 7, "\(history.random): no segment delta stands at its front")
            let last = try #require(next.stem.flatMap { Int($0) }) - 1
            try segment.replaceContent(Self.withoutBlocks(sound))
            let wrong = history.firstWrong { $0 == last || $0 == history.expected.count }
            #expect(wrong == nil, "\(history.random)")
            let unknown = history.firstWrong { $0 == last - 1 }
            #expect(unknown != nil, "\(history.random)")
            let findings = try history.test.findings(readingData: false)
            #expect(!findings.isEmpty, "\(history.random)")
            try segment.replaceContent(sound)
        }
    }

    @Test("with a damaged segment delta nothing that it told is taken for known", arguments: [1, 40])
    func damagedDelta(files: Int) throws {
        var history = try SmallHistory(SeededRandom())
        history.options.segmentLimit = 1
        do {
            let writer = try history.open()
            for index in 0..<files { history.declare(writer, FilePath("\(index).db"), pageSize: 65536) }
            for index in 0..<3 * files { try history.commit(writer, index % files, byteCount: 131_072) }
            _ = try writer.flush()
            try history.commit(writer, 0, byteCount: 131_072)
            _ = try writer.flush()
        }
        try RootCompaction(history.test.root).run()
        let segment = try history.test.segments()[0]
        let deltas = Self.records(in: try segment.content()).filter { $0.type == 7 }
        #expect(files == 1 ? deltas.count == 1 : deltas.count > 1, "\(history.random)")
        for delta in deltas {
            try segment.flipByte(at: delta.start + 60)
            let rebuilt = try history.files.count { file in
                do {
                    let bytes = try history.test.rebuild(file.id, at: SequenceNumber(UInt64(3 * files))).bytes
                    let isRight = bytes == history.expected[..<(3 * files)].last { $0.file == file.id }?.bytes
                    #expect(isRight, "\(history.random): \(file.id) with \(delta.start) damaged")
                    return true
                } catch is DamageError {
                    return false
                }
            }
            // A block that does not refer to the damaged bytes can be read.
            #expect(rebuilt < files, "\(history.random): \(delta.start)")
            try segment.flipByte(at: delta.start + 60)
        }
        #expect(history.firstWrong() == nil, "\(history.random)")
    }

    @Test("a check lays the segment deltas over the images as well")
    func wrongDelta() throws {
        let history = try Self.history()
        try RootCompaction(history.test.root).run()
        #expect(try history.test.findings().isEmpty, "\(history.random)")
        let segment = try history.test.segments()[1]
        let sound = try segment.content()
        let end = Self.records(in: sound)[1].start
        let payload = try Self.withAnotherDigest(Array(sound[104..<end]))
        var bytes = Array(sound[..<104]) + payload + sound[end...]
        bytes.replaceSubrange(
            72..<76,
            with: (0..<4).map { UInt8(truncatingIfNeeded: payload.count >> (8 * $0)) }
        )
        bytes.sealSegment(first: try #require(segment.stem.flatMap { UInt64($0) }))
        try segment.replaceContent(bytes)
        let findings = try history.test.findings()
        #expect(findings.contains { $0.message.contains("digest") && $0.file == segment }, "\(findings)")
    }

    /// The payload of a segment delta of one file, in which the snapshot has another digest.
    private static func withAnotherDigest(_ delta: [UInt8]) throws -> [UInt8] {
        var reader = BlockReader()
        try reader.open(delta: unsafe delta.span.bytes) { _ in false }
        var recordHeaders = BlockContent()
        while try reader.next() {
            var bytes = reader.payload
            // Behind header, time, event, flags, length and coalesced.
            if reader.header.type == 4 { bytes[30] ^= 1 }
            recordHeaders.append(reader.header, unsafe bytes.span.bytes)
        }
        var payload = Array(delta[..<4])
        var compressor = try Compressor()
        try recordHeaders.encode(into: &payload, prefix: [], &compressor)
        let dataFrame = 20 + (0..<4).reduce(0) { $0 | Int(delta[16 + $1]) << (8 * $1) }
        payload.replaceSubrange(12..<16, with: delta[12..<16])
        return payload + delta[dataFrame...]
    }

    private static func records(in segment: [UInt8]) -> [(start: Int, type: UInt8)] {
        var (records, offset) = ([(start: Int, type: UInt8)](), 64)
        while offset < segment.count {
            records.append((offset, segment[offset + 4]))
            offset += 40 + (0..<4).reduce(0) { $0 | Int(segment[offset + 8 + $1]) << (8 * $1) }
        }
        return records
    }

    /// The segment with a wrong byte in each of its blocks.
    private static func withoutBlocks(_ segment: [UInt8]) -> [UInt8] {
        var bytes = segment
        for record in records(in: segment) where record.type == 10 { bytes[record.start + 60] ^= 1 }
        return bytes
    }

    @Test("whichever call fails, the segment is what it was or sealed, and the next try seals it")
    func faults() throws {
        for index in 0..<500 {
            let history = try Self.history(commits: 30)
            // Which code it is makes no difference to what is on the disk.
            let faults = NthFails(index, .fails(errno: Fault.codes[index % 4].rawValue))
            Faults.arm { point, _ in faults.plan(point) }
            _ = try? RootCompaction(history.test.root).run()
            Faults.arm(nil)
            let wrong = history.firstWrong()
            #expect(wrong == nil, "\(history.random), call \(index)")
            let findings = try history.test.findings(readingData: false)
            #expect(findings.isEmpty, "\(history.random), call \(index)")
            guard faults.hasFired else { return }
            try RootCompaction(history.test.root).run()
            let again = try RootCompaction(history.test.root).run()
            #expect(again == 0 && history.firstWrong() == nil, "\(history.random), call \(index)")
        }
        Issue.record("sealing has no five hundred calls")
    }

    @Test("a segment that is damaged, or holds a torn write, stays as it is, and damage is told once")
    func unfit() throws {
        let history = try Self.history()
        let segment = try history.test.segments()[0]
        let sound = try segment.content()
        let damaged = sound.enumerated().map { $0 == 5000 ? $1 ^ 1 : $1 }
        for (bytes, isDamaged) in [(sound + [1, 2, 3], false), (damaged, true)] {
            try segment.replaceContent(bytes)
            let sealing = RootCompaction(history.test.root)
            var damage: [DamageError] = []
            for _ in 0..<2 { try sealing.run(onDamage: { damage.append($0) }) }
            let after = try segment.content()
            #expect(after == bytes, "\(history.random)")
            #expect(damage.map(\.path) == (isDamaged ? [segment] : []), "\(history.random)")
        }
        try segment.replaceContent(sound)
        let last = try RootCompaction(history.test.root).run()
        #expect(last > 0, "\(history.random)")
    }

    @Test("when it is to end it ends, and the segment is what it was")
    func interrupted() throws {
        let history = try Self.history()
        let segment = try history.test.segments()[0]
        let before = try segment.content()
        let calls = Counter()
        let sealed = try RootCompaction(history.test.root).run { calls.next() < 20 }
        let after = try segment.content()
        #expect(sealed == 0 && after == before)
    }

    @Test("of files that are gone nothing is kept for the next segment, and those that come back begin empty")
    func gone() throws {
        var history = try Self.history(commits: 20)
        let writer = try history.open()
        for index in 1...12 { history.declare(writer, FilePath("\(index).db")) }
        let sealing = RootCompaction(history.test.root)
        var sealed = 0
        for _ in 0..<24 {
            for index in 1...12 {
                try history.commit(writer, index, byteCount: 3000)
                var deleted = history.changes(index, byteCount: 0)
                (deleted.event, deleted.pages) = (.deleted, PageSet(pageSize: deleted.shape.pageSize))
                _ = try writer.stage(deleted)
                history.ended(index, [])
                _ = try writer.flush()
            }
            sealed += try sealing.run()
            let images = history.test.root.compactionDirectory.appending("images")
            // Besides the file that stays, one at most was between its last commit and its end.
            #expect(try Directory.names(in: images).count <= 2)
        }
        let (wrong, findings) = (history.firstWrong(), try history.test.findings())
        #expect(
            sealed > 4 && wrong == nil && findings.isEmpty,
            "\(history.random): \(sealed), \(wrong ?? "")"
        )
    }

    @Test("a writer that finds a sealed segment at the end goes on behind it")
    func sealedEnd() throws {
        var history = try Self.history()
        let count = try history.test.segments().count
        try RootCompaction(history.test.root).run()
        let last = try #require(try history.test.segments().last)
        let kept = try #require(last.stem.flatMap { Int($0) }) - 1
        try Directory.remove(last)
        try Directory.remove(history.test.durableMark)
        history.forget(downTo: kept)
        do {
            let writer = try history.open()
            #expect(writer.lastDurableSequence.rawValue == UInt64(kept), "\(history.random)")
            try history.commit(writer, 0, byteCount: 9000)
            _ = try writer.flush()
        }
        let (wrong, findings) = (history.firstWrong(), try history.test.findings())
        #expect(wrong == nil && findings.isEmpty, "\(history.random)")
        let after = try history.test.segments().count
        #expect(after == count, "\(history.random)")
    }

    private final class Counter {
        private var count = 0

        func next() -> Int {
            count += 1
            return count
        }
    }
}
