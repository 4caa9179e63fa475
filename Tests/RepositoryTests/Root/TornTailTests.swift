import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Torn tails")
struct TornTailTests {
    private struct Torn {
        var history: SmallHistory
        let segment: FilePath
        /// The segment's length before the last flush, in bytes.
        let before: Int
        /// Snapshots before the last flush.
        let durable: Int
        /// The durable mark before and after the last flush.
        let marks: (before: [UInt8], after: [UInt8])
    }

    /// Three flushes; the last one is to be torn.
    private static func torn() throws -> Torn {
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
        let markBefore = try history.test.durableMark.content()
        try history.commit(writer, 0, byteCount: 2500)
        try history.commit(writer, 1, byteCount: 4096)
        try history.commit(writer, 0, byteCount: 3500)
        _ = try writer.flush()
        return Torn(
            history: history,
            segment: segment,
            before: before,
            durable: durable,
            marks: (markBefore, try history.test.durableMark.content())
        )
    }

    @Test("cut at any byte of the last flush, everything before it is intact and the writer goes on")
    func cut() throws {
        let torn = try Self.torn()
        let whole = try torn.segment.content()
        for length in torn.before...whole.count { try expectIntact(torn, Array(whole[..<length])) }
    }

    @Test("zeros in place of the last flush are an unfinished write")
    func zeroFilled() throws {
        let torn = try Self.torn()
        let whole = try torn.segment.content()
        for kept in stride(from: torn.before, to: whole.count, by: 37) {
            let content = whole[..<kept] + [UInt8](repeating: 0, count: whole.count - kept + 5000)
            try expectIntact(torn, Array(content))
        }
    }

    @Test("later records of a flush whose first one was lost are an unfinished write, no damage")
    func reordered() throws {
        let torn = try Self.torn()
        var content = try torn.segment.content()
        for offset in torn.before..<torn.before + 60 { content[offset] = 0 }
        try expectIntact(torn, content)
    }

    private func expectIntact(_ torn: Torn, _ content: [UInt8]) throws {
        var history = torn.history
        let segment = torn.segment
        let comment: Comment = "\(history.random), \(content.count) bytes"
        for path in try history.test.segments() { try Directory.remove(path) }
        try segment.replaceContent(content)
        try history.test.durableMark.replaceContent(torn.marks.before)
        // Nobody has opened it yet: readers see what is valid, and check says what is not.
        let snapshots = try history.test.snapshots().count
        #expect(snapshots >= torn.durable, comment)
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
        // Only the writer that does so notes it.
        #expect(try history.open().notes.isEmpty, comment)
    }

    @Test("an end that was synchronised before it went is damage, and stays so when the writer goes on")
    func lostEnd() throws {
        var torn = try Self.torn()
        let whole = try torn.segment.content()
        for length in stride(from: torn.before - 100, to: whole.count, by: 11) {
            let garbage = whole[length...].map { ~$0 } + [UInt8](repeating: 7, count: 90)
            for (number, end) in [[], garbage].enumerated() {
                for path in try torn.history.test.segments() { try Directory.remove(path) }
                try torn.segment.replaceContent(Array(whole[..<length]) + end)
                try torn.history.test.durableMark.replaceContent(torn.marks.after)
                try expectDamage(&torn, "\(torn.history.random), \(length) bytes, end \(number)")
            }
        }
    }

    private func expectDamage(_ torn: inout Torn, _ comment: Comment) throws {
        let test = torn.history.test
        func isFound() throws -> Bool {
            try test.findings(readingData: false).contains {
                $0.severity == .error && $0.file == torn.segment
            }
        }
        #expect(try isFound(), comment)
        let lost = SequenceNumber(UInt64(torn.history.expected.count))
        do {
            let writer = try torn.history.open()
            #expect(writer.lastDurableSequence == lost, comment)
            var changes = torn.history.changes(1, byteCount: 2048)
            changes.startsFresh = true
            #expect(try writer.stage(changes) == lost.next, comment)
            _ = try writer.flush()
        }
        #expect(try isFound(), comment)
        #expect(throws: DamageError.self, comment) {
            _ = try test.rebuild(torn.history.files[0].id, at: lost)
        }
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
        let mark = try history.test.durableMark.content()
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
            try history.test.durableMark.replaceContent(mark)
        }
        let names = try Directory.names(in: history.test.segmentsPath).map(\.string).sorted()
        #expect(names.filter { $0.contains(".torn") }.count == 4, "\(names)")
        let findings = try history.test.findings()
        #expect(findings.count == 4 && findings.allSatisfy { $0.severity == .warning }, "\(findings)")
    }
}
