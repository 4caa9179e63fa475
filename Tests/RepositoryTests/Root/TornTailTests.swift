import LinuxFiles
import Repository
import SystemPackage
import TestSupport
import Testing

@Suite("Torn tails")
struct TornTailTests {
    /// Three flushes; the last one is to be torn.
    private static func history() throws -> (SmallHistory, segment: FilePath, before: Int, durable: Int) {
        var history = try SmallHistory(SeededRandom())
        let writer = try history.open()
        history.declare(writer, "one.db")
        history.declare(writer, "two.db")
        try history.commit(writer, 0, byteCount: 3000)
        _ = try writer.flush()
        try history.commit(writer, 1, byteCount: 2048)
        try history.commit(writer, 0, byteCount: 3000)
        _ = try writer.flush()
        let segment = try history.test.segments()[0]
        let (before, durable) = (try segment.content().count, history.expected.count)
        try history.commit(writer, 0, byteCount: 2500)
        try history.commit(writer, 1, byteCount: 4096)
        try history.commit(writer, 0, byteCount: 3500)
        _ = try writer.flush()
        return (history, segment, before, durable)
    }

    @Test("cut at any byte of the last flush, everything before it is intact and the writer goes on")
    func cut() throws {
        let (original, segment, before, durable) = try Self.history()
        let whole = try segment.content()
        for length in before...whole.count {
            try expectIntact(original, segment, Array(whole[..<length]), before: before, durable: durable)
        }
    }

    @Test("zeros in place of the last flush are an unfinished write")
    func zeroFilled() throws {
        let (original, segment, before, durable) = try Self.history()
        let whole = try segment.content()
        for kept in stride(from: before, to: whole.count, by: 37) {
            let content = whole[..<kept] + [UInt8](repeating: 0, count: whole.count - kept + 5000)
            try expectIntact(original, segment, Array(content), before: before, durable: durable)
        }
    }

    @Test("later records of a flush whose first one was lost are an unfinished write, no damage")
    func reordered() throws {
        let (original, segment, before, durable) = try Self.history()
        var content = try segment.content()
        for offset in before..<before + 60 { content[offset] = 0 }
        try expectIntact(original, segment, content, before: before, durable: durable)
    }

    private func expectIntact(
        _ original: SmallHistory,
        _ segment: FilePath,
        _ content: [UInt8],
        before: Int,
        durable: Int
    ) throws {
        var history = original
        let comment: Comment = "\(history.random), \(content.count) bytes"
        for path in try history.test.segments() { try Directory.remove(path) }
        try segment.replaceContent(content)
        // Nobody has opened it yet: readers see what is valid, and check says what is not.
        let snapshots = try history.test.snapshots().count
        #expect(snapshots >= durable, comment)
        let findings = try history.test.findings()
        #expect(!findings.contains { $0.severity == .error }, comment)
        history.forget(downTo: snapshots)

        do {
            let writer = try history.open()
            #expect(writer.lastDurableSequence.rawValue == UInt64(snapshots), comment)
            try history.commit(writer, 1, byteCount: 2048)
            try history.commit(writer, 0, byteCount: 3000)
            _ = try writer.flush()
        }
        let wrong = history.firstWrong()
        #expect(wrong == nil, comment)
        let after = try history.test.findings()
        #expect(!after.contains { $0.severity == .error }, comment)
        // What does not end with a record is set aside, and check keeps saying so.
        let isTorn = try history.test.segments().count > 1
        #expect(isTorn == after.contains { $0.severity == .warning }, comment)
        let kept = try segment.content()
        #expect(kept.starts(with: content), comment)
    }

    @Test("a torn segment without a snapshot gives its valid front to its successor and is kept")
    func withoutSnapshot() throws {
        var history = try SmallHistory(SeededRandom())
        do {
            let writer = try history.open()
            history.declare(writer, "one.db")
            try writer.stageAnnotation(
                Annotation(.tag, target: .none, fields: ["name": "kept"], time: Instant(nanoseconds: 5))
            )
            _ = try writer.flush()
        }
        let segment = try history.test.segments()[0]
        let front = try segment.content()
        for garbage in [1, 39, 40, 100] {
            try segment.replaceContent(front + history.random.bytes(garbage))
            do {
                let writer = try history.open()
                try writer.stageGap(
                    Gap(from: Instant(nanoseconds: 6), to: Instant(nanoseconds: 7), reason: "test")
                )
                _ = try writer.flush()
            }
            let content = try segment.content()
            #expect(content.starts(with: front) && content.count > front.count, "\(history.random)")
            var tags: [String] = []
            try RootHistory(history.test.root).visit {
                if case .annotation(let annotation) = $0 { tags.append(annotation.fields["name"] ?? "") }
            }
            #expect(tags == ["kept"], "\(history.random)")
            try segment.replaceContent(front)
        }
        let names = try Directory.names(in: history.test.segmentsPath).map(\.string).sorted()
        #expect(names.filter { $0.contains(".torn") }.count == 4, "\(names)")
        let findings = try history.test.findings()
        #expect(findings.count == 4 && findings.allSatisfy { $0.severity == .warning }, "\(findings)")
    }
}
