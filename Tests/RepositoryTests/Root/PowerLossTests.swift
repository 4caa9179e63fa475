import Foundation
import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// `scripts/test --long 3600 --filter PowerLoss` goes on for an hour.
@Suite("Power loss")
struct PowerLossTests {
    @Test("at whichever call the power goes: opens, is clean, keeps every acknowledged snapshot, goes on")
    func everyCall() throws {
        var run = LongRun(rounds: 1)
        var losses = 0
        while run.next() {
            let seed = UInt64.random(in: 0 ... .max)
            for call in 0..<1000 {
                let copies = run.isLong ? 3 : 1
                guard try lose(atCall: call, seed: seed, copies: copies) else { break }
                losses += copies
                try #require(call < 999, "the history never ends")
            }
        }
        print("power loss: \(losses) images of a lost disk checked")
    }

    /// Returns false when the history has fewer calls.
    private func lose(atCall call: Int, seed: UInt64, copies: Int) throws -> Bool {
        var random = SeededRandom(seed: seed)
        var history = try SmallHistory(random)
        history.options.segmentLimit = 400
        let loss = try PowerLoss(history.test.root.directory, atCall: call)
        var durable = 0
        do {
            defer { Faults.arm(nil) }
            Faults.arm { loss.plan($0, $1) }
            try write(&history, &durable)
        } catch is SystemError {}
        guard loss.hasHappened else { return false }
        let root = history.test.root.directory.string
        let lost = try (0..<copies).map { copy in
            let path = history.test.directory.file("lost-\(copy)")
            try loss.leave(in: path, &random)
            return path
        }
        for (copy, path) in lost.enumerated() {
            try FileManager.default.removeItem(atPath: root)
            try FileManager.default.moveItem(atPath: path, toPath: root)
            let note: Comment = "seed \(seed), call \(call), copy \(copy)"
            try expectSound(history, durable, note, &random)
        }
        return true
    }

    /// Snapshots that are removed.
    private static let unkept = [2, 3]

    /// Some of everything that a writer does, flushed each time, full segments sealed, and some snapshots
    /// removed.
    private func write(_ history: inout SmallHistory, _ durable: inout Int) throws {
        let writer = try history.open()
        history.declare(writer, "one.db")
        history.declare(writer, "two.db")
        for round in 0..<3 {
            try history.commit(writer, 0, byteCount: 3000 + round * 500)
            try history.commit(writer, 1, byteCount: 2500)
            durable = Int(try writer.flush().rawValue)
        }
        try history.base(writer, 0, byteCount: 4000)
        durable = Int(try writer.flush().rawValue)
        try RootCompaction(history.test.root).run()
        try history.commit(writer, 0, byteCount: 1500)
        durable = Int(try writer.flush().rawValue)
        let kept = history.keeping { !Self.unkept.contains($0) }
        let removed = try RootPruning(history.test.root).run(kept).removedSnapshots
        #expect(removed == Self.unkept.count)
    }

    private func expectSound(
        _ history: SmallHistory,
        _ durable: Int,
        _ note: Comment,
        _ random: inout SeededRandom
    ) throws {
        let left = history.test
        let errors = try left.findings().filter { $0.severity == .error }
        #expect(errors.isEmpty, "\(note): \(errors)")
        let writer = try RootWriter(root: left.root, options: history.options)
        let kept = Int(writer.lastDurableSequence.rawValue)
        #expect(kept >= durable, note)
        for (index, expected) in history.expected.prefix(durable).enumerated()
        where !Self.unkept.contains(index + 1) {
            let (_, bytes) = try left.rebuild(expected.file, at: SequenceNumber(UInt64(index + 1)))
            #expect(bytes == expected.bytes, "\(note): snapshot \(index + 1)")
        }
        // It goes on from what it has.
        let id = writer.declare(name: "three.db", kind: .plain)
        let page = random.bytes(100)
        var pages = PageSet(pageSize: .plain)
        pages.append(PageNumber(1), unsafe page.span.bytes)
        let shape = ImageSize(pageSize: .plain, byteCount: 100)!
        let next = try writer.stage(Changes(file: id, time: .now, event: .commit, shape: shape, pages: pages))
        _ = try writer.flush()
        #expect(next?.rawValue == UInt64(kept + 1), note)
        #expect(try left.rebuild(id, at: #require(next)).bytes == page, note)
        let after = try left.findings().filter { $0.severity == .error }
        #expect(after.isEmpty, "\(note): \(after)")
    }
}
