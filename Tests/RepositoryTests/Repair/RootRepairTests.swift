import Foundation
import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Repair")
struct RootRepairTests {
    @Test(
        "whatever was flipped or cut: clean afterwards, all before the damage kept, nothing deleted, goes on",
        arguments: [false, true]
    )
    func damages(isSealed: Bool) throws {
        var random = SeededRandom()
        let history = try SmallHistory.damageable(random, isSealed: isSealed)
        let all =
            try Damage.flips(of: history.test, step: 47)
            + Damage.cuts(of: history.test, &random).shuffled(using: &random)
            .prefix(70)
        var kept: Set<UInt64> = []
        let snapshots = try history.test.snapshots()
        for damage in all {
            try withCopy(of: history) { copy, undo in
                try damage.apply()
                let before = try Self.bytes(in: copy.test)
                let least = damage.snapshotsBefore(snapshots)
                kept.insert(try Self.expectRepaired(copy, before, atLeast: least, "\(random): \(damage)"))
                try undo()
            }
        }
        // Among them everything, nothing, and something in between; sealed, a segment goes as a whole.
        let count = UInt64(history.expected.count)
        #expect(kept.contains(0) && kept.contains(count) && kept.count > (isSealed ? 2 : 4), "\(kept)")
    }

    /// Repairs and looks at what is left; returns how many snapshots are.
    @discardableResult
    private static func expectRepaired(
        _ history: SmallHistory,
        _ before: [[UInt8]],
        atLeast least: Int,
        _ note: Comment
    ) throws -> UInt64 {
        let test = history.test
        let (plan, _) = try RootRepair(test.root).run()
        let errors = try test.findings().filter { $0.severity == .error }
        #expect(errors.isEmpty, "\(note): \(errors)")
        #expect(plan.snapshotsKept >= UInt64(least), note)
        let kept = try test.snapshots().map { Int($0.state.sequence.rawValue) }
        #expect(kept.count == Int(plan.snapshotsKept) && kept.last ?? 0 == Int(plan.lastKept.rawValue), note)
        #expect(kept.starts(with: 1..<least + 1), "\(note): \(kept)")
        // A base of a number that is given again would be overwritten.
        let bases = try test.bases().compactMap { $0.stem?.split(separator: "-").first }.compactMap {
            UInt64($0)
        }
        #expect(bases.allSatisfy { $0 <= plan.lastKept.rawValue + 2 }, note)
        for sequence in kept {
            let snapshot = history.expected[sequence - 1]
            let bytes = try test.rebuild(snapshot.file, at: SequenceNumber(UInt64(sequence))).bytes
            #expect(bytes == snapshot.bytes, "\(note): snapshot \(sequence)")
        }
        let after = try Set(bytes(in: test))
        for content in before where !after.contains(content) {
            // A segment grew by the gap, or a mark was written anew: the old bytes are at its front.
            let isKept = after.contains { $0.starts(with: content) }
            #expect(isKept, note)
        }
        try expectGoesOn(test, plan.lastKept.next, note)
        return plan.snapshotsKept
    }

    private static func expectGoesOn(_ test: TestRoot, _ next: SequenceNumber, _ note: Comment) throws {
        do {
            let writer = try RootWriter(root: test.root)
            #expect(!writer.notes.contains { $0.severity == .error }, "\(note): \(writer.notes)")
            let id = writer.declare(name: "three.db", kind: .plain)
            var pages = PageSet(pageSize: .plain)
            let page = [UInt8](repeating: 3, count: 4096)
            pages.append(PageNumber(1), unsafe page.span.bytes)
            let shape = ImageSize(pageSize: .plain, byteCount: 100)!
            let changes = Changes(file: id, time: .now, event: .created, shape: shape, pages: pages)
            #expect(try writer.stage(changes) ?? .none >= next, note)
            _ = try writer.flush()
        }
        #expect(try !test.findings().contains { $0.severity == .error }, note)
    }

    /// What every file of the stream holds, wherever it lies now.
    private static func bytes(in test: TestRoot) throws -> [[UInt8]] {
        let root = test.root.directory.string
        return try FileManager.default.subpathsOfDirectory(atPath: root).sorted()
            .filter { !$0.hasPrefix("mirror") && !$0.hasSuffix("lock") && !$0.hasSuffix(".new") }
            .filter { try FileStatus.of(FilePath("\(root)/\($0)")).kind == .regular }
            .map { try FilePath("\(root)/\($0)").content() }
    }

    /// Puts the root back as it was afterwards.
    private func withCopy(
        of history: SmallHistory,
        _ body: (SmallHistory, () throws -> Void) throws -> Void
    ) throws {
        let root = history.test.root.directory.string
        let saved = history.test.directory.file("saved")
        try? FileManager.default.removeItem(atPath: saved)
        try FileManager.default.copyItem(atPath: root, toPath: saved)
        try body(history) {
            try FileManager.default.removeItem(atPath: root)
            try FileManager.default.moveItem(atPath: saved, toPath: root)
        }
    }

    @Test("whichever call fails, the next repair ends well and nothing is lost")
    func faults() throws {
        let random = SeededRandom()
        let history = try SmallHistory.damageable(random)
        let segments = try history.test.segments()
        #expect(segments.count > 2)
        let snapshots = try history.test.snapshots()
        let end = try segments[0].content().count - 1
        let places = [(segments[0], end), (segments[0], 400), (segments[1], 80), (segments[1], 3)]
        let damages = try Damage.flips(of: history.test, step: 1).filter { damage in
            places.contains { $0 == (damage.path, damage.place) }
        }
        #expect(damages.count == 4)
        for damage in damages {
            for index in 0..<200 {
                var hasFired = false
                try withCopy(of: history) { copy, undo in
                    try damage.apply()
                    let before = try Self.bytes(in: copy.test)
                    let calls = NthFails(index, .fails(errno: Errno.ioError.rawValue), failsOn: true)
                    Faults.arm { point, _ in calls.plan(point) }
                    _ = try? RootRepair(copy.test.root).run()
                    Faults.arm(nil)
                    hasFired = calls.hasFired
                    let least = damage.snapshotsBefore(snapshots)
                    try Self.expectRepaired(
                        copy,
                        before,
                        atLeast: least,
                        "\(random): \(damage), call \(index)"
                    )
                    try undo()
                }
                if !hasFired { break }
                try #require(index < 199, "a repair has no two hundred calls")
            }
        }
    }

    @Test("a sound root is left as it is; beside a writer nothing is touched; a newer format is refused")
    func refusals() throws {
        let history = try SmallHistory.damageable(SeededRandom())
        let before = try Self.bytes(in: history.test)
        #expect(try RootRepair(history.test.root).run().place == nil)
        #expect(try Self.bytes(in: history.test) == before)

        let segment = try history.test.segments()[0]
        do {
            let writer = try history.open()
            try segment.flipByte(at: 100)
            #expect(throws: RepositoryError.locked(history.test.root.directory)) {
                _ = try RootRepair(history.test.root).run()
            }
            _ = writer.lastSequence
            try segment.flipByte(at: 100)
        }
        var newer = try segment.content()
        newer[8] = 3
        newer.sealHeader()
        newer[200] ^= 1
        try segment.replaceContent(newer)
        let unknown = try Self.bytes(in: history.test)
        #expect(throws: RepositoryError.self) { _ = try RootRepair(history.test.root).run() }
        #expect(try Self.bytes(in: history.test) == unknown)
    }
}
