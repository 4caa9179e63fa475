import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// Two files in many segments, each of one snapshot: `one.db` from 1 on, `two.db` from 2 on, a new base of
/// `one.db` at 6.
@Suite("Repair keeps what is proven behind a loss")
struct RepairBehindTests {
    private static func history(_ random: SeededRandom) throws -> SmallHistory {
        var history = try SmallHistory(random)
        history.options.segmentLimit = 1
        let writer = try history.open()
        for name in ["one.db", "two.db"] { history.declare(writer, FilePath(name)) }
        for index in [0, 1, 0, 1, 0] {
            try history.commit(writer, index, byteCount: 3000)
            _ = try writer.flush()
        }
        try history.base(writer, 0, byteCount: 3000)
        _ = try writer.flush()
        for index in [0, 1, 0, 1] {
            try history.commit(writer, index, byteCount: 3000)
            _ = try writer.flush()
        }
        return history
    }

    /// Of the segment that has the snapshot.
    private static func segment(of sequence: UInt64, _ history: SmallHistory) throws -> FilePath {
        let record = try #require(history.test.snapshots().first { $0.state.sequence.rawValue == sequence })
        return history.test.root.segmentPath(record.location.segment)
    }

    private static func expectRepaired(_ history: SmallHistory) throws -> [SnapshotRecord] {
        let (plan, place) = try RootRepair(history.test.root).run()
        #expect(place != nil)
        #expect(try history.test.findings().filter { $0.severity == .error } == [])
        let kept = try history.test.snapshots()
        #expect(kept.count == Int(plan.snapshotsKept) && kept.last?.state.sequence == plan.lastKept)
        for record in kept {
            let sequence = record.state.sequence
            let wanted = history.expected[Int(sequence.rawValue) - 1]
            #expect(record.file == wanted.file)
            #expect(try history.test.rebuild(wanted.file, at: sequence).bytes == wanted.bytes, "\(sequence)")
        }
        return kept
    }

    @Test("a segment is missing: each file goes on from its next base", arguments: [false, true])
    func missingSegment(isSealed: Bool) throws {
        let random = SeededRandom()
        let history = try Self.history(random)
        let segment = try Self.segment(of: 5, history)
        if isSealed { try RootCompaction(history.test.root).run() }
        try Directory.remove(segment)
        let kept = try Self.expectRepaired(history)
        let sequences = kept.map { Int($0.state.sequence.rawValue) }
        // Nothing of `two.db` was lost, and its digests say so.
        #expect(
            sequences == (1...history.expected.count).filter { $0 != 5 },
            "\(random): \(sequences)"
        )
        // Nobody knows which files came in what is lost.
        let moments = kept.filter(\.isConsistentPoint).map(\.state.sequence)
        #expect(moments.allSatisfy { $0 < SequenceNumber(5) }, "\(random): \(moments)")
        var gaps = 0
        try RootHistory(history.test.root).visit { if case .gap = $0 { gaps += 1 } }
        #expect(gaps == 2)
        let writer = try RootWriter(root: history.test.root)
        #expect(writer.lastSequence == SequenceNumber(UInt64(history.expected.count)))
        #expect(!writer.notes.contains { $0.severity == .error }, "\(writer.notes)")
    }

    @Test("a base is missing: what other files have stays, with its moments")
    func missingBase() throws {
        let random = SeededRandom()
        let history = try Self.history(random)
        for base in try history.test.bases() { try Directory.remove(base) }
        let missing = try history.test.findings(readingData: false)
        #expect(missing.count == 1 && missing[0].isIncompleteness, "\(missing)")
        let kept = try Self.expectRepaired(history)
        let other = history.expected.indices.filter { history.expected[$0].file != history.expected[0].file }
        let found = Set(kept.map { Int($0.state.sequence.rawValue) - 1 })
        #expect(found.isSuperset(of: other), "\(random): \(found)")
        let alone = kept.filter { !$0.isConsistentPoint }.map(\.state.sequence)
        #expect(alone.allSatisfy { $0 > SequenceNumber(5) }, "\(random): \(alone)")
    }

    @Test("a writer goes on behind a segment that stands for several")
    func goesOnBehindReplacing() throws {
        let history = try Self.history(SeededRandom())
        let count = history.expected.count
        let keeping = history.keeping { $0 > count - 2 }
        _ = try RootPruning.runAlone(history.test.root, keeping)
        let segments = try history.test.segments()
        #expect(segments.count == 2)
        try Directory.remove(segments[1])
        try Directory.remove(history.test.durableMark)
        do {
            let writer = try history.open()
            _ = writer.declare(name: "three.db", kind: .plain)
            _ = try writer.flush()
        }
        #expect(try history.test.findings().filter { $0.severity == .error } == [])
    }
}
