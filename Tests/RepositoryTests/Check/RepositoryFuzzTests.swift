import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Repositories: whatever is in their files")
struct RepositoryFuzzTests {
    /// Images that a forged length makes larger than this are not rebuilt: a length is no claim on memory,
    /// but on time.
    private static let largestImage: UInt64 = 1 << 20

    /// Two files, a base, a gap and a tag, in three segments, all but the last sealed if wanted.
    private static func history(isSealed: Bool = false) throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom(seed: 1))
        history.options.segmentLimit = 600
        let writer = try history.open()
        history.declare(writer, "one.db")
        history.declare(writer, "two.db")
        try history.base(writer, 0, byteCount: 2500)
        _ = try writer.flush()
        for round in 0..<3 {
            try history.commit(writer, 1, byteCount: 1500)
            try history.commit(writer, 0, byteCount: 2500 - 100 * round)
            let time = Instant(nanoseconds: 5)
            try writer.stageGap(Gap(from: time, to: time, reason: "test"))
            let tag = Annotation(.tag, target: writer.lastSequence, fields: ["name": "x"], time: time)
            try writer.stageAnnotation(tag)
            _ = try writer.flush()
        }
        if isSealed { #expect(try RootCompaction(history.test.root).run() > 0) }
        return history
    }

    @Test(
        "segments and marks: no trap; without a forged checksum no rebuild is wrong",
        arguments: [false, true]
    )
    func stream(isSealed: Bool) throws {
        let history = try Self.history(isSealed: isSealed)
        let segments = try history.test.segments()
        #expect(segments.count > 1)
        var run = FuzzRun(isSealed ? "sealed segments" : "segments and marks", rounds: 500)
        var snapshots = 0
        while var random = run.next() {
            let path = (segments + [history.test.durableMark]).randomElement(using: &random)!
            let sound = try path.content()
            var bytes = sound
            bytes.mutate(with: &random)
            let isForged = Bool.random(using: &random)
            if isForged, path == history.test.durableMark { bytes.sealHeader(DurableMark.byteCount) }
            if isForged, let first = SegmentName.parse(path.lastComponent!) {
                bytes.sealSegment(first: first.rawValue)
            }
            try path.replaceContent(bytes)
            snapshots += try Self.read(history, isForged: isForged, random)
            try path.replaceContent(sound)
        }
        #expect(snapshots > 1000)
        #expect(try history.test.findings().isEmpty)
    }

    /// Everything that reads a root; returns how many snapshots were rebuilt.
    private static func read(_ history: SmallHistory, isForged: Bool, _ random: SeededRandom) throws -> Int {
        let files = Set(history.files.map(\.id))
        var rebuilt = 0
        do {
            let all = try RebuildPlans(history.test.root, wanted: files, upTo: SequenceNumber(.max))
            let isSmall = all.plans.values.allSatisfy { $0.largestBytes <= largestImage }
            _ = try history.test.findings(readingData: isSmall)
            guard isSmall else { return 0 }
        } catch is RepositoryError {
        } catch is DamageError {
        }
        for (index, snapshot) in history.expected.enumerated() {
            do {
                let sequence = SequenceNumber(UInt64(index + 1))
                let (_, bytes) = try history.test.rebuild(snapshot.file, at: sequence)
                #expect(isForged || bytes == snapshot.bytes, "\(random)")
                rebuilt += 1
            } catch is RepositoryError {
            } catch is DamageError {
            }
        }
        return rebuilt
    }

    @Test("bases: no trap, and never more content than the image has")
    func bases() throws {
        let test = try TestRoot()
        var seed = SeededRandom(seed: 2)
        let image = seed.bytes(1500) + [UInt8](repeating: 7, count: 3000)
        var writer = try BaseWriter(root: test.root, file: FileID(1), pageSize: .plain)
        let parts = unsafe ImageDigest.parts(PageNumber(1), image.span.bytes, .plain)
        try writer.append(unsafe image.span.bytes, parts: parts)
        let path = FilePath(test.directory.file("fuzzed.base"))
        let sealed = try writer.finish(as: path)
        let sound = try path.content()
        var run = FuzzRun("bases", rounds: 3000)
        var opened = 0
        while var random = run.next() {
            var bytes = sound
            bytes.mutate(with: &random)
            var reference = sealed
            if Bool.random(using: &random) {
                bytes.sealBase(chunks: 1)
                reference = Self.reference(bytes) ?? sealed
            }
            try path.replaceContent(bytes)
            do {
                var reader = try BaseReader(path, root: test.root.id, file: FileID(1), reference: reference)
                var byteCount: UInt64 = 0
                try reader.forEachChunk { content, _ in byteCount += UInt64(content.byteCount) }
                #expect(byteCount == reference.shape.byteCount, "\(random)")
                opened += 1
            } catch is DamageError {
            } catch is RepositoryError {
            }
        }
        #expect(opened > 100)
    }

    /// What a record would have to say for the base to be the one that it means.
    private static func reference(_ bytes: [UInt8]) -> BaseReference? {
        guard bytes.count >= 96, let header = try? unsafe BaseHeader(bytes.span.bytes) else { return nil }
        let trailer = unsafe bytes.span.bytes.extracting(bytes.count - 32..<bytes.count)
        return BaseReference(
            shape: header.shape,
            digest: trailer.littleEndianUInt64(at: BaseTrailer.Offset.digest),
            indexChecksum: trailer.littleEndianUInt64(at: BaseTrailer.Offset.indexChecksum)
        )
    }

    @Test("repository.json and root.json: no trap")
    func descriptions() throws {
        let test = try TestRoot()
        let repository = FilePath(test.directory.file("repository"))
        let paths = [repository.appending("repository.json"), test.root.directory.appending("root.json")]
        var run = FuzzRun("repository.json and root.json", rounds: 1000)
        var understood = 0
        while var random = run.next() {
            let path = paths.randomElement(using: &random)!
            let sound = try path.content()
            var bytes = sound
            if Bool.random(using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] ^= 1 << UInt8.random(in: 0...6, using: &random)
            } else {
                bytes.mutate(with: &random)
            }
            try path.replaceContent(bytes)
            do {
                let roots = try RepositoryDirectory(at: repository).roots()
                understood += 1
                // The copy is as it was; it stands in for damage, and not for what is newer.
                let isDamaged = roots.damaged.contains { $0.isDamage }
                #expect(!isDamaged || roots.usable == [test.root], "\(random)")
            } catch is RepositoryError {}
            try path.replaceContent(sound)
        }
        #expect(understood > 100)
    }

    /// One bit of the year, and it is beyond what nanoseconds reach.
    @Test("a root that was made in the year 6026 is damaged, not the end")
    func year() throws {
        let test = try TestRoot()
        let repository = FilePath(test.directory.file("repository"))
        let path = test.root.directory.appending("root.json")
        let text = String(decoding: try path.content(), as: UTF8.self)
        for year in ["2263", "6026", "9999", "0001"] {
            try path.replaceContent(
                Array(text.replacing(#/"created":"\d{4}/#, with: "\"created\":\"\(year)").utf8)
            )
            let roots = try RepositoryDirectory(at: repository).roots()
            let error = roots.damaged.first?.error as? RepositoryError
            #expect(error == .malformed(path, reason: "no time of creation"), "\(year)")
        }
    }
}
