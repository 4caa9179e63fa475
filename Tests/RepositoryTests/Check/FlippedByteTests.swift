import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Flipped bytes")
struct FlippedByteTests {
    /// Four flushes.
    private static func history(segmentLimit: UInt64 = 400) throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom())
        history.options.segmentLimit = segmentLimit
        do {
            let writer = try history.open()
            history.declare(writer, "one.db")
            history.declare(writer, "two.db")
            try history.base(writer, 0, byteCount: 2500)
            _ = try writer.flush()
            try history.commit(writer, 1, byteCount: 1500)
            try writer.stageGap(
                Gap(from: Instant(nanoseconds: 1), to: Instant(nanoseconds: 2), reason: "test")
            )
            try history.commit(writer, 0, byteCount: 2500)
            _ = try writer.flush()
            try history.commit(writer, 0, byteCount: 2048)
            _ = try writer.flush()
            try history.commit(writer, 1, byteCount: 2000)
            _ = try writer.flush()
        }
        return history
    }

    @Test("any flipped byte is found by check, and no rebuild is ever wrong", arguments: [false, true])
    func everyByte(isSealed: Bool) throws {
        let history = try Self.history()
        if isSealed {
            let sealed = try RootCompaction(history.test.root).run()
            #expect(sealed > 0)
        }
        #expect(try history.test.findings().isEmpty)
        #expect(history.firstWrong() == nil)
        let segments = try history.test.segments()
        #expect(segments.count > 1)
        var flips = 0
        for path in try segments + history.test.bases() + [history.test.durableMark] {
            flips += try path.content().count
            for offset in 0..<(try path.content().count) {
                let mask = UInt8(1) << UInt8(offset % 8)
                try path.flipByte(at: offset, by: mask)
                try expectFound(history, path, offset)
                try path.flipByte(at: offset, by: mask)
            }
        }
        print("flipped bytes, \(isSealed ? "sealed" : "live"): \(flips)")
    }

    private func expectFound(_ history: SmallHistory, _ path: FilePath, _ offset: Int) throws {
        let place: Comment = "\(history.random): byte \(offset) of \(path)"
        do {
            let findings = try history.test.findings(readingData: false)
            #expect(findings.contains { $0.file == path && $0.severity == .error }, place)
        } catch is RepositoryError {
            // A version or flag that nobody knows: refused.
        }
        for (index, snapshot) in history.expected.enumerated() {
            let sequence = SequenceNumber(UInt64(index + 1))
            do {
                let (state, bytes) = try history.test.rebuild(snapshot.file, at: sequence)
                #expect(state.sequence == sequence && bytes == snapshot.bytes, place)
            } catch is DamageError {
            } catch is RepositoryError {
            }
        }
    }

    @Test("after damage the writer goes on, and check keeps finding it")
    func goesOn() throws {
        var history = try Self.history()
        let segment = try history.test.segments()[0]
        // In the middle of the first flush: others follow that were synchronised.
        try segment.flipByte(at: 300)
        let snapshots = history.expected.count
        for round in 0..<2 {
            let writer = try history.open()
            #expect(writer.lastDurableSequence.rawValue == UInt64(snapshots + round), "\(history.random)")
            #expect(writer.notes.contains { $0.severity == .error && $0.file == segment })
            var changes = history.changes(1, byteCount: 2048)
            changes.startsFresh = true
            let sequence = try writer.stage(changes)
            _ = try writer.flush()
            #expect(sequence?.rawValue == UInt64(snapshots + round + 1))
            var model = history.files[1]
            model.apply(changes)
            let bytes = try history.test.rebuild(model.id, at: sequence!).bytes
            #expect(bytes == model.image, "\(history.random)")
        }
        let findings = try history.test.findings()
        #expect(findings.contains { $0.severity == .error && $0.file == segment && $0.offset < 300 })
    }

    /// Sequences tell of lost snapshots, but parts have none.
    @Test("a part of a snapshot that was lost is missed by its digest")
    func lostPart() throws {
        var history = try SmallHistory(SeededRandom())
        let segment: FilePath
        let place: Int
        do {
            let writer = try history.open()
            history.declare(writer, "one.db")
            try history.commit(writer, 0, byteCount: 4096)
            _ = try writer.flush()
            segment = try history.test.segments()[0]
            place = try segment.content().count + 50
            for number in [3, 5] as [UInt32] {
                var part = history.changes(0, byteCount: 4096)
                part.isFinal = false
                part.pages = PageSet(pageSize: part.shape.pageSize)
                let content = history.random.bytes(512)
                part.pages.append(PageNumber(number), unsafe content.span.bytes)
                _ = try writer.stage(part)
                _ = try writer.flush()
            }
            let shape = writer.latestShape(of: history.files[0].id)!
            let time = Instant(nanoseconds: 5)
            _ = try writer.finish(history.files[0].id, event: .scan, time: time, shape: shape)
            _ = try writer.flush()
        }
        _ = try history.test.rebuild(history.files[0].id, at: SequenceNumber(2))
        try segment.flipByte(at: place)
        let error = #expect(throws: DamageError.self, "\(history.random)") {
            _ = try history.test.rebuild(history.files[0].id, at: SequenceNumber(2))
        }
        #expect(error?.path == segment && error!.offset < UInt64(place))
    }

    @Test("what a file was at a snapshot that is lost is not guessed")
    func hole() throws {
        var history = try SmallHistory(SeededRandom())
        var ends: [Int] = []
        do {
            let writer = try history.open()
            history.declare(writer, "one.db")
            history.declare(writer, "two.db")
            for index in [0, 1, 0, 1] {
                try history.commit(writer, index, byteCount: 1024)
                _ = try writer.flush()
                ends.append(try history.test.segments()[0].content().count)
            }
        }
        let one = history.files[0].id
        #expect(throws: RepositoryError.noSnapshot(one, at: SequenceNumber(5))) {
            _ = try history.test.rebuild(one, at: SequenceNumber(5))
        }
        // Snapshot 3, of the first file.
        try history.test.segments()[0].flipByte(at: ends[1] + 50)
        #expect(try history.test.rebuild(one, at: SequenceNumber(2)).bytes == history.expected[0].bytes)
        #expect(throws: DamageError.self) { _ = try history.test.rebuild(one, at: SequenceNumber(3)) }
        #expect(throws: DamageError.self) { _ = try history.test.rebuild(one, at: SequenceNumber(4)) }
    }

    @Test("a last segment that is lost stays missing when the writer goes on")
    func lostLastSegment() throws {
        var history = try Self.history()
        let path = try #require(try history.test.segments().last)
        try Directory.remove(path)
        func isFound() throws -> Bool {
            try history.test.findings(readingData: false).contains {
                $0.severity == .error && $0.message.contains("missing")
            }
        }
        #expect(try isFound())
        let lost = SequenceNumber(UInt64(history.expected.count))
        do {
            let writer = try history.open()
            #expect(writer.lastDurableSequence == lost)
            #expect(writer.notes.contains { $0.severity == .error && $0.file == path })
            var changes = history.changes(1, byteCount: 2048)
            changes.startsFresh = true
            #expect(try writer.stage(changes) == lost.next)
            _ = try writer.flush()
        }
        #expect(try isFound())
        #expect(throws: DamageError.self) { _ = try history.test.rebuild(history.files[1].id, at: lost) }
    }

    @Test("missing segments and bases are errors")
    func missing() throws {
        let history = try Self.history(segmentLimit: 1)
        #expect(try history.test.segments().count == 4)
        for path in try history.test.segments() + history.test.bases() {
            let content = try path.content()
            try Directory.remove(path)
            let findings = try history.test.findings(readingData: false)
            #expect(findings.contains { $0.severity == .error }, "\(path)")
            if path.extension == "segment" {
                let saysSo = findings.contains { $0.offset == 0 && $0.message.contains("missing") }
                #expect(saysSo, "\(findings)")
            }
            #expect(history.firstWrong()?.contains("is wrong") != true)
            try path.replaceContent(content)
        }
    }
}
