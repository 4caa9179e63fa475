import Foundation
import TestSupport
import Testing

@Suite("scripts/check-numbers")
struct CheckNumbersTests {
    private var script: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("scripts/check-numbers").path
    }

    @Test(
        "finds arithmetic that an overflow can end",
        arguments: [
            "let a = count.rawValue + 1", "let a = first...pageCount.rawValue - 1",
            "let a = 1 + page.rawValue",
            "f(status.sizeBytes + 4096)", "let a = index.lastFrame + 1",
            "let a = ImageSize(x) ?? .empty(size)",
            "PageNumber(UInt32(start + 1))", "Int(status.sizeBytes)", "let a = sum + status.sizeBytes",
            "bytes += state.shape.byteCount", "let a = now.nanoseconds - last.nanoseconds",
            "let a = UInt64(max(0, raw.st_blocks)) * 512", "let a = off_t(offset) + 1",
        ]
    )
    func finds(_ line: String) throws {
        let folder = try TemporaryDirectory()
        _ = try folder.write([UInt8]("let b = 1\n\(line)\n".utf8), to: "a.swift")
        let result = try Command.run(script, [folder.path])
        #expect(result.status == 1 && result.stderr.contains("a.swift:2:"), "\(result)")
    }

    @Test(
        "lets be what wraps, compares, is a comment or says why it fits",
        arguments: [
            "let a = count.rawValue &+ 1", "if page.rawValue <= count.rawValue {", "// as page.rawValue + 1",
            "let a = page.rawValue + 1  // fits: it is below 10",
            "// fits: it is below 10\nlet a = page.rawValue + 1",
        ]
    )
    func lets(_ line: String) throws {
        let folder = try TemporaryDirectory()
        _ = try folder.write([UInt8]("\(line)\n".utf8), to: "a.swift")
        let result = try Command.run(script, [folder.path])
        #expect(result.status == 0, "\(result)")
    }
}
