import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// What a newer program may have written is refused with a clear error, and nothing is touched.
@Suite("Unknown formats")
struct UnknownFormatTests {
    private static func history() throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom())
        let writer = try history.open()
        history.declare(writer, "one.db")
        try history.base(writer, 0, byteCount: 2000)
        try history.commit(writer, 0, byteCount: 2000)
        _ = try writer.flush()
        return history
    }

    private func expectUnsupported(_ path: FilePath, _ body: () throws -> Void) {
        let error = #expect(throws: RepositoryError.self) { try body() }
        guard case .unsupported(path, _)? = error else {
            Issue.record("\(String(describing: error)) is not about \(path)")
            return
        }
    }

    /// Everything that reads a root refuses, and the file stays as it is.
    private func expectRefused(_ test: TestRoot, _ path: FilePath) throws {
        let content = try path.content()
        expectUnsupported(path) { try RootHistory(test.root).visit { _ in } }
        expectUnsupported(path) { _ = try RootWriter(root: test.root) }
        expectUnsupported(path) { _ = try RootCheck(test.root).run(readingData: false) { _ in } }
        expectUnsupported(path) { _ = try test.rebuild(FileID(1), at: SequenceNumber(2)) }
        let after = try path.content()
        #expect(after == content)
    }

    @Test("a repository or root of another version")
    func json() throws {
        let test = try TestRoot()
        let repository = FilePath(test.directory.file("repository"))
        let path = repository.appending("repository.json")
        let text = String(decoding: try path.content(), as: UTF8.self)
        for (old, new) in [(#""version":1"#, #""version":2"#), (#""requires":[]"#, #""requires":["magic"]"#)]
        {
            let changed = text.replacing(old, with: new)
            #expect(changed != text)
            try path.replaceContent(Array(changed.utf8))
            expectUnsupported(path) { _ = try RepositoryDirectory.openOrCreate(at: repository) }
            let after = try path.content()
            #expect(after == Array(changed.utf8))
        }
        try path.replaceContent(Array(text.utf8))
        let rootPath = test.root.directory.appending("root.json")
        let root = String(decoding: try rootPath.content(), as: UTF8.self)
        try rootPath.replaceContent(Array(root.replacing(#""version":1"#, with: #""version":7"#).utf8))
        // The copy may not stand in for what only a newer version understands.
        let roots = try RepositoryDirectory(at: repository).roots()
        #expect(roots.usable.isEmpty)
        expectUnsupported(rootPath) { throw try #require(roots.unusable.first).error }
    }

    @Test(
        "a segment of another version, or with a required flag",
        arguments: [(8, 3), (8, 0), (12, 2), (10, 1)]
    )
    func segment(offset: Int, value: UInt8) throws {
        let history = try Self.history()
        let path = try history.test.segments()[0]
        var content = try path.content()
        content[offset] = value
        content.sealHeader()
        try path.replaceContent(content)
        try expectRefused(history.test, path)
    }

    @Test(
        "a base of another version, or with a required flag",
        arguments: [(8, 2), (12, 1), (10, 1), (52, 1)]
    )
    func base(offset: Int, value: UInt8) throws {
        let history = try Self.history()
        let path = try history.test.bases()[0]
        var content = try path.content()
        content[offset] = value
        content.sealHeader()
        try path.replaceContent(content)
        expectUnsupported(path) { _ = try history.test.rebuild(FileID(1), at: SequenceNumber(1)) }
        expectUnsupported(path) { _ = try RootCheck(history.test.root).run(readingData: false) { _ in } }
    }

    @Test("a record of an unknown type, or with unknown flags")
    func record() throws {
        for (type, flags, reserved) in [(99, 0, 0), (13, 1, 0), (1, 0x40, 0), (1, 0, 1)]
            as [(UInt8, UInt8, UInt8)]
        {
            let history = try Self.history()
            let path = try history.test.segments()[0]
            try path.appendRecord(type, flags: flags, reserved: reserved, payload: [1, 2, 3])
            try expectRefused(history.test, path)
        }
    }

    @Test("an unknown record that says it may be skipped is skipped")
    func skipped() throws {
        var history = try Self.history()
        let path = try history.test.segments()[0]
        try path.appendRecord(99, flags: 0x80, reserved: 0, payload: [1, 2, 3])
        do {
            let writer = try history.open()
            #expect(writer.notes.isEmpty)
            try history.commit(writer, 0, byteCount: 3000)
            _ = try writer.flush()
        }
        let wrong = history.firstWrong()
        #expect(wrong == nil)
        let (findings, segments) = (try history.test.findings(), try history.test.segments().count)
        #expect(findings.isEmpty && segments == 1)
    }

    @Test("unknown encodings, events, flags and kinds in payloads")
    func payloads() throws {
        let changes: [UInt8] = [1, 4, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let entry: [UInt8] = [0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        var format = ChangesFormat()
        try format.decode(unsafe (changes + entry).span.bytes, time: Instant(nanoseconds: 0))
        #expect(format.entries.count == 1)
        for (offset, value) in [(0, 3), (1, 12), (2, 1), (25, 7), (26, 9), (26, 6)] as [(Int, UInt8)] {
            var wrong = changes + entry
            wrong[offset] = value
            #expect(throws: (FormatError).self, "byte \(offset)") {
                do throws(FormatError) {
                    try format.decode(unsafe wrong.span.bytes, time: Instant(nanoseconds: 0))
                } catch {
                    guard case .unsupported = error else { return }
                    throw error
                }
            }
        }
    }
}

extension FilePath {
    /// Appends a record that verifies to the first segment.
    fileprivate func appendRecord(_ type: UInt8, flags: UInt8, reserved: UInt8, payload: [UInt8]) throws {
        let offset = UInt64(try content().count)
        var header: [UInt8] = [0x48, 0x46, 0x52, 0x31, type, flags, reserved, 0]
        header.append(UInt32(payload.count))
        header += [UInt8](repeating: 0, count: 20)
        let place = unsafe XXH64.hash(header.span.bytes, seed: offset ^ 1)
        header.append(unsafe XXH64.hash(payload.span.bytes, seed: place))
        let file = try OpenFile(self, .update)
        let record = header + payload
        try file.write(unsafe record.span.bytes, at: offset)
    }
}
