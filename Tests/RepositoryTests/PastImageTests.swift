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

    /// Catches a chunk of the base that is written over newer pages, or behind what the file was cut to.
    @Test("any range of it, in any order, is that of the rebuilt image", arguments: [false, true])
    func equal(isCompacted: Bool) throws {
        var history = try Self.history()
        if isCompacted { try RootCompaction(history.test.root).run() }
        for (index, snapshot) in history.expected.enumerated() {
            let image = try open(history, at: index + 1)
            let comment = "\(history.random), snapshot \(index + 1)"
            #expect(image.snapshot.sequence == SequenceNumber(UInt64(index + 1)), "\(comment)")
            for _ in 0..<40 {
                let start = Int.random(in: 0..<snapshot.bytes.count, using: &history.random)
                let end = min(snapshot.bytes.count, start + .random(in: 1...20_000, using: &history.random))
                let isEqual = try read(image, end - start, at: start) == Array(snapshot.bytes[start..<end])
                #expect(isEqual, "\(comment): \(start)..<\(end)")
            }
            let isEqual = try read(image, snapshot.bytes.count + 1, at: 0) == snapshot.bytes
            #expect(isEqual, "\(comment)")
        }
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
