import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// A root is restored as a whole, each file as its newest snapshot at the moment. So wherever pruning ends,
/// a snapshot that is still a moment has beside it what stood there, and nothing older in its place.
@Suite("Moments of a pruned root")
struct PruningMomentTests {
    /// Random commits to three files, in segments of some thousand bytes.
    private static func history(_ random: SeededRandom, commits: Int = 120) throws -> SmallHistory {
        var history = try SmallHistory(random)
        history.options.segmentLimit = 4000
        let writer = try history.open()
        for name in ["one.db", "two.db", "three.db"] { history.declare(writer, .init(name)) }
        for _ in 0..<commits {
            let index = Int.random(in: 0...2, using: &history.random)
            try history.commit(writer, index, byteCount: 2000)
            _ = try writer.flush()
        }
        return history
    }

    /// Each file's newest snapshot up to a sequence, of those that count.
    private static func state(
        _ history: SmallHistory,
        at sequence: Int,
        where counts: (Int) -> Bool = { _ in true }
    ) -> [FileID: Int] {
        var state: [FileID: Int] = [:]
        for number in 1...sequence where counts(number) { state[history.expected[number - 1].file] = number }
        return state
    }

    /// Some moments and what stands at them, as retention decides. The newest is one of them.
    private static func decide(_ history: inout SmallHistory) -> (kept: KeptSnapshots, moments: Set<Int>) {
        let end = history.expected.count
        var moments: Set = [end]
        for number in 1..<end where Int.random(in: 0..<8, using: &history.random) == 0 {
            moments.insert(number)
        }
        let kept = moments.reduce(into: moments) { $0.formUnion(state(history, at: $1).values) }
        let scopes = kept.sorted().map {
            (sequence: SequenceNumber(UInt64($0)), isConsistentPoint: moments.contains($0))
        }
        return (KeptSnapshots(scopes, upTo: SequenceNumber(UInt64(end))), moments)
    }

    /// The first moment that would be restored as a state that never was; nil when there is none.
    private static func firstMixed(_ history: SmallHistory) throws -> String? {
        let records = try history.test.snapshots()
        let present = Set(records.map { Int($0.state.sequence.rawValue) })
        for record in records where record.isConsistentPoint {
            let sequence = Int(record.state.sequence.rawValue)
            let (found, expected) = (
                state(history, at: sequence, where: present.contains), state(history, at: sequence)
            )
            if found != expected { return "moment \(sequence) is \(found), was \(expected)" }
        }
        return nil
    }

    @Test("what the last segment has of snapshots that need not stay has beside it what it had")
    func lastSegment() throws {
        var run = LongRun(rounds: 20)
        while run.next() {
            var history = try Self.history(SeededRandom())
            let (kept, moments) = Self.decide(&history)
            let outcome = try RootPruning(history.test.root).run(kept)
            #expect(outcome.removedSnapshots > 0, "\(history.random)")
            #expect(try Self.firstMixed(history) == nil, "\(history.random)")
            let left = try history.test.snapshots().filter(\.isConsistentPoint).map {
                Int($0.state.sequence.rawValue)
            }
            #expect(moments.isSubset(of: left), "\(history.random)")
            #expect(history.firstWrong(where: moments.contains) == nil, "\(history.random)")
            #expect(try RootPruning(history.test.root).run(kept).removedSnapshots == 0, "\(history.random)")
        }
    }

    @Test("wherever it ends, each moment that is left has beside it what it had, and the next run goes on")
    func interrupted() throws {
        var run = LongRun(rounds: 20)
        while run.next() {
            var history = try Self.history(SeededRandom())
            let (kept, moments) = Self.decide(&history)
            var calls = Int.random(in: 0..<400, using: &history.random)
            _ = try RootPruning(history.test.root, groupBytes: 1).run(kept) {
                calls -= 1
                return calls > 0
            }
            #expect(try Self.firstMixed(history) == nil, "\(history.random)")
            _ = try RootPruning(history.test.root, groupBytes: 1).run(kept)
            #expect(try Self.firstMixed(history) == nil, "\(history.random)")
            #expect(history.firstWrong(where: moments.contains) == nil, "\(history.random)")
            #expect(try history.test.findings().isEmpty, "\(history.random)")
        }
    }
}
