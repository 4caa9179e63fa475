import LinuxSystem
import RepositoryFormat
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("An image that is read here and there")
struct PastImageTests {
    private static let mostBytes = 3_500_000

    /// Commits before, amid and after bases, in several segments; the file grows and shrinks.
    private static func history() throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom())
        history.options.segmentLimit = 200_000
        let writer = try history.open()
        history.declare(writer, "one.db", pageSize: 512)
        for _ in 0..<2 {
            try history.base(writer, 0, byteCount: .random(in: 1...mostBytes, using: &history.random))
            for _ in 0..<4 {
                let most = Bool.random(using: &history.random) ? mostBytes : 40_000
                try history.commit(writer, 0, byteCount: .random(in: 1...most, using: &history.random))
                _ = try writer.flush()
            }
        }
        return history
    }

    private func open(_ history: SmallHistory, at sequence: Int) throws -> PastImage {
        try PastImage.open(
            history.expected[sequence - 1].file,
            at: SequenceNumber(UInt64(sequence)),
            of: history.test.root,
            in: FilePath(history.test.directory.path)
        )
    }

    private func read(_ image: PastImage, _ count: Int, at offset: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try image.read(count: count, at: UInt64(offset)) { content in
            unsafe content.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// Reads ranges at random. A failed expectation would print all of the image.
    private func expect(
        _ image: PastImage,
        has bytes: [UInt8],
        _ random: inout SeededRandom,
        _ comment: String
    ) throws {
        for _ in 0..<40 {
            let start = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, start + .random(in: 1...20_000, using: &random))
            let isEqual = try read(image, end - start, at: start) == Array(bytes[start..<end])
            #expect(isEqual, "\(comment): \(start)..<\(end)")
        }
    }

    private func expect(_ image: PastImage, hasOnly bytes: [UInt8], _ comment: String) throws {
        let isEqual = try read(image, bytes.count + 1, at: 0) == bytes
        #expect(isEqual, "\(comment)")
    }

    /// Catches a chunk of the base that is written over newer pages, or behind what the file was cut to.
    @Test("any range of it, in any order, is that of the rebuilt image", arguments: [false, true])
    func equal(isCompacted: Bool) throws {
        var history = try Self.history()
        if isCompacted { try RootCompaction(history.test.root).run() }
        for (index, snapshot) in history.expected.enumerated() {
            let image = try open(history, at: index + 1)
            let comment = "\(history.random), snapshot \(index + 1)"
            #expect(image.snapshot.sequence == SequenceNumber(UInt64(index + 1)), "\(comment)")
            try expect(image, has: snapshot.bytes, &history.random, comment)
            try expect(image, hasOnly: snapshot.bytes, comment)
        }
    }

    /// Catches a digest that counts a chunk that is not there yet, pages that are lost when the image becomes
    /// shorter, and a copy that changes with the image.
    @Test("so is any range of a replay's image, and a copy that follows it is as the image was then")
    func replay() throws {
        var history = try Self.history()
        let (expected, directory) = (history.expected, FilePath(history.test.directory.path))
        let seed = "\(history.random)"
        var former = FollowingImage(in: directory)
        var followed: [UInt8] = []
        var count = 0
        try HistoryReplay(history.test.root).run(history.files[0].id, in: directory) { step in
            let (bytes, comment) = (expected[count].bytes, "\(seed), snapshot \(count + 1)")
            count += 1
            #expect(step.state.sequence == SequenceNumber(UInt64(count)), "\(comment)")
            former.note(step)
            if let copy = former.image { try expect(copy, has: followed, &history.random, comment) }
            let isSkipped = Int.random(in: 0..<3, using: &history.random) == 0
            if isSkipped, count < expected.count { return }
            let image = try step.image()
            try expect(image, has: bytes, &history.random, comment)
            try former.follow(image)
            followed = bytes
            if Bool.random(using: &history.random) { try expect(image, hasOnly: bytes, comment) }
        }
        #expect(count == expected.count, "\(seed)")
        try expect(try #require(former.image), hasOnly: expected.last!.bytes, seed)
    }

    @Test("of the base of a file that was deleted, a replay reads nothing that nobody asks for")
    func deleted() throws {
        var history = try SmallHistory(SeededRandom())
        let writer = try history.open()
        history.declare(writer, "one.db")
        try history.quietBase(writer, 0, byteCount: 3 << 20)
        let file = history.files[0]
        let deletion = Changes(
            file: file.id,
            time: Instant(nanoseconds: 1_800_000_000_000_000_000),
            event: .deleted,
            shape: .empty(file.pageSize),
            pages: PageSet(pageSize: file.pageSize)
        )
        _ = try writer.stage(deletion)
        _ = try writer.flush()
        let base = try #require(history.test.bases().first)
        try base.flipByte(at: base.content().count / 2)
        var images: [[UInt8]] = []
        let directory = FilePath(history.test.directory.path)
        try HistoryReplay(history.test.root).run(file.id, in: directory) { step in
            try images.append(read(step.image(), 512, at: 0))
        }
        #expect(images == [Array(history.expected[0].bytes[..<512]), []])
    }

    @Test("damage of a chunk is told to whoever reads it, and to nobody else")
    func damaged() throws {
        var history = try SmallHistory(SeededRandom())
        let writer = try history.open()
        history.declare(writer, "one.db")
        try history.quietBase(writer, 0, byteCount: 3 << 20)
        _ = try writer.flush()
        let base = try #require(history.test.bases().first)
        try base.flipByte(at: base.content().count / 2)
        let image = try open(history, at: 1)
        for offset in [0, 3 << 20 - 512] {
            let isEqual =
                try read(image, 512, at: offset) == Array(history.expected[0].bytes[offset..<offset + 512])
            #expect(isEqual && image.failure == nil, "\(history.random)")
        }
        #expect(throws: DamageError.self) { try read(image, 512, at: 3 << 19) }
        #expect(image.failure is DamageError)
    }
}
