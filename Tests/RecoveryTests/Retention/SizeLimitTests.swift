import TestSupport
import Testing

@testable import History

@Suite struct SizeLimitTests {
    private func prune(
        _ index: SnapshotIndex,
        _ moments: [RetentionReasons],
        to bytes: UInt64,
        stored: UInt64 = 10
    ) -> SizeLimit.Outcome {
        let storedBytes = [UInt64](repeating: stored, count: index.entries.count)
        return SizeLimit(maximumBytes: bytes).prune(
            index.entries,
            moments: moments,
            storedBytes: storedBytes,
            totalBytes: stored * UInt64(index.entries.count) + 1000
        )
    }

    private func places(_ outcome: SizeLimit.Outcome) -> [Int] {
        outcome.moments.indices.filter { !outcome.moments[$0].isEmpty }
    }

    @Test("takes nothing more where the policy's choice fits")
    func fits() {
        let index = SnapshotIndex.madeUp((1...4).map { .at($0, UInt64($0)) })
        let outcome = prune(index, [[], .last, .last, .newest], to: 1030)
        #expect(places(outcome) == [1, 2, 3] && outcome.estimatedBytes == 1030 && outcome.isReached)
    }

    @Test("takes the oldest first, no more than it needs")
    func oldestFirst() {
        let index = SnapshotIndex.madeUp((1...4).map { .at($0, UInt64($0)) })
        let outcome = prune(index, [.last, .last, .last, .newest], to: 1025)
        #expect(places(outcome) == [2, 3] && outcome.estimatedBytes == 1020 && outcome.isReached)
    }

    @Test("leaves what must stay, and says that it is too large")
    func unreachable() {
        let index = SnapshotIndex.madeUp((1...5).map { .at($0, UInt64($0)) })
        let moments: [RetentionReasons] = [.held, .last, .tagged, [.last, .lastGood], .newest]
        let outcome = prune(index, moments, to: 0)
        #expect(places(outcome) == [0, 2, 3, 4] && outcome.estimatedBytes == 1040 && !outcome.isReached)
    }

    @Test("the last good one of a file holds no other file's state")
    func lastGood() {
        let index = SnapshotIndex.madeUp([
            .at(1, 1, of: 1), .at(2, 2, of: 2), .at(3, 3, of: 1), .at(4, 4, of: 2),
        ])
        // At first the second is a moment that takes no space: the first is kept anyway.
        let outcome = prune(index, [.last, .lastGood, .last, .newest], to: 1030)
        #expect(places(outcome) == [1, 2, 3] && outcome.estimatedBytes == 1030 && outcome.isReached)
    }

    @Test("a snapshot that stands at a later moment frees nothing before that goes")
    func scope() {
        let index = SnapshotIndex.madeUp([
            .at(1, 1, of: 1), .at(2, 2, of: 2), .at(3, 3, of: 2), .at(4, 4, of: 2),
        ])
        let outcome = prune(index, [.last, .last, .last, .newest], to: 1025)
        // The first file stands at the newest moment: only two of the second can go.
        // The first moment has nothing that could go, so it stays.
        #expect(places(outcome) == [0, 3] && outcome.estimatedBytes == 1020 && outcome.isReached)
    }

    @Test("where what can go is next to nothing of what is too much, nothing goes")
    func noHelp() {
        let index = SnapshotIndex.madeUp((1...4).map { .at($0, UInt64($0)) })
        let moments: [RetentionReasons] = [.last, .last, .last, .newest]
        for (large, left) in [(UInt64(10_000), [0, 1, 2, 3]), (500, [3])] {
            let outcome = SizeLimit(maximumBytes: 5).prune(
                index.entries,
                moments: moments,
                storedBytes: [10, 10, 10, 10],
                totalBytes: large + 40
            )
            #expect(places(outcome) == left && !outcome.isReached && outcome.leastBytes == large + 10)
        }
    }

    @Test("its estimate is what the snapshots store that are left, in random histories")
    func estimate() {
        var run = FuzzRun("size limits", rounds: 300)
        while var random = run.next() {
            let index = SnapshotIndex.random(&random, files: 5, count: 80)
            let stored = index.entries.map { _ in UInt64.random(in: 1...100, using: &random) }
            let total = stored.reduce(500, +)
            let limit = UInt64.random(in: 480...total, using: &random)
            let chosen = RetentionPolicy.standard.moments(
                in: index,
                now: index.entries.last!.time,
                calendar: .utc
            )
            let outcome = SizeLimit(maximumBytes: limit).prune(
                index.entries,
                moments: chosen,
                storedBytes: stored,
                totalBytes: total
            )
            let selection = RetentionSelection(index.entries, moments: outcome.moments)
            let left = zip(stored.indices, stored).reduce(UInt64(500)) {
                selection.keeps($1.0) ? $0 + $1.1 : $0
            }
            #expect(outcome.estimatedBytes == left && outcome.isReached == (left <= limit), "\(random)")
            for place in chosen.indices where !chosen[place].isDisjoint(with: .always) {
                #expect(outcome.moments[place] == chosen[place], "\(random)")
            }
            let removable = chosen.indices.filter {
                chosen[$0].isDisjoint(with: .always) && !chosen[$0].isEmpty
            }
            // Each that went was needed: back again, it would have something with it.
            let gone = removable.filter { outcome.moments[$0].isEmpty }
            for place in gone {
                var moments = outcome.moments
                moments[place] = chosen[place]
                let selection = RetentionSelection(index.entries, moments: moments)
                let more = stored.indices.reduce(UInt64(500)) { selection.keeps($1) ? $0 + stored[$1] : $0 }
                #expect(more > left, "\(random)")
            }
        }
    }
}
