import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryWriter

@Suite("Lengths and counts at their largest", .serialized)
struct EnormousClaimTests {
    /// What a program that believed none of them needs, threads and libraries included; in bytes.
    private static let memory = 400 << 20

    private static func history() throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom(seed: 3))
        let writer = try history.open()
        history.declare(writer, "one.db")
        try history.base(writer, 0, byteCount: 2500)
        _ = try writer.flush()
        try history.commit(writer, 0, byteCount: 2500)
        _ = try writer.flush()
        return history
    }

    /// `holdfast check` with an upper bound on its memory ends in good order: damage, nothing, or a format of
    /// the future.
    private static func check(_ history: SmallHistory, _ what: String) throws {
        let repository = history.test.directory.file("repository")
        let result = try Command.run(
            "prlimit",
            ["--data=\(memory)", HoldfastProgram.path, "check", "--read-data", "--repo", repository]
        )
        let isRefused = result.status == 1 && result.stderr.contains("needs a newer holdfast")
        #expect(result.status == 4 || result.status == 0 || isRefused, "\(what): \(result)")
    }

    @Test("every field of every record's front is found out without memory being taken for it")
    func records() throws {
        let history = try Self.history()
        let path = try history.test.segments()[0]
        let sound = try path.content()
        try Self.check(history, "sound")
        var at = Int(SegmentHeader.byteCount)
        var records = 0
        while at < sound.count {
            let length = unsafe Int(sound.span.bytes.littleEndianUInt32(at: at + 8))
            let payload = at + Int(RecordHeader.byteCount)
            for field in stride(from: 0, to: min(length, 48) - 3, by: 4) {
                for value in [UInt8.max, 0x7f] {
                    var bytes = sound
                    for index in 0..<3 { bytes[payload + field + index] = 0xff }
                    bytes[payload + field + 3] = value
                    bytes.sealSegment(first: 1)
                    try path.replaceContent(bytes)
                    try Self.check(history, "record at \(at), field \(field), \(value)")
                }
            }
            records += 1
            at = payload + length
        }
        #expect(records >= 4)
        try path.replaceContent(sound)
    }

    @Test("a frame that declares a terabyte")
    func frame() throws {
        let history = try Self.history()
        let path = try history.test.segments()[0]
        var bytes = try path.content()
        let magic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]
        let frame = try #require(
            (0..<bytes.count - 16).last { Array(bytes[$0..<$0 + 4]) == magic }
        )
        // One segment, a content size of eight bytes.
        bytes[frame + 4] = 0xe0
        bytes.put(1 << 40, at: frame + 5)
        bytes.sealSegment(first: 1)
        try path.replaceContent(bytes)
        try Self.check(history, "frame")
    }

    @Test("every field of a base's header")
    func base() throws {
        let history = try Self.history()
        let path = try #require(try history.test.bases().first)
        let sound = try path.content()
        for field in stride(from: 8, to: 56, by: 4) {
            for value in [UInt8.max, 0x7f, 0x10] {
                var bytes = sound
                for index in 0..<3 { bytes[field + index] = value == 0x10 ? 0 : 0xff }
                bytes[field + 3] = value
                bytes.sealBase(chunks: 1)
                try path.replaceContent(bytes)
                try Self.check(history, "base, field \(field), \(value)")
            }
        }
        try path.replaceContent(sound)
    }
}
