import LinuxSystem
import RepositoryFormat
import TestSupport
import Testing

@testable import History

/// Rules that hold for any history and any policy.
@Suite struct RetentionPropertyTests {
    /// In nanoseconds.
    private static let month: Int64 = 30 * 86_400 * 1_000_000_000

    private func choose(
        _ policy: RetentionPolicy,
        _ index: SnapshotIndex,
        _ now: Instant
    ) -> RetentionSelection {
        let moments = policy.moments(in: index, now: now, calendar: .berlin2026)
        return RetentionSelection(index.entries, moments: moments)
    }

    private func random(_ random: inout SeededRandom) -> RetentionPolicy {
        var policy = RetentionPolicy()
        func count() -> Int {
            Bool.random(using: &random) ? 0 : Int.random(in: 1...6, using: &random)
        }
        if Bool.random(using: &random) {
            policy.within = .seconds(Int.random(in: 1...1_000_000, using: &random))
        }
        policy.last = count()
        policy.hourly = count()
        policy.daily = count()
        policy.weekly = count()
        policy.monthly = count()
        if Bool.random(using: &random) { policy.tags = ["t1"] }
        return policy
    }

    private func kept(_ selection: RetentionSelection) -> Set<Int> {
        Set(selection.reasons.indices.filter(selection.keeps))
    }

    @Test("a second time, nothing more goes")
    func idempotent() {
        var run = FuzzRun("retention twice", rounds: 300)
        while var random = run.next() {
            let index = SnapshotIndex.random(&random, files: 4, count: 120)
            let policy = self.random(&random)
            let now = index.entries.last!.time
            let pruned = index.pruned(to: choose(policy, index, now))
            let again = pruned.pruned(to: choose(policy, pruned, now))
            #expect(again.entries == pruned.entries, "\(random) \(policy)")
        }
    }

    @Test("another rule, or a wider one, takes nothing away")
    func monotone() {
        var run = FuzzRun("retention with more rules", rounds: 300)
        while var random = run.next() {
            let index = SnapshotIndex.random(&random, files: 4, count: 120)
            let (first, second) = (self.random(&random), self.random(&random))
            var both = first
            both.within = [first.within, second.within].compactMap(\.self).max()
            both.last = max(first.last, second.last)
            both.hourly = max(first.hourly, second.hourly)
            both.daily = max(first.daily, second.daily)
            both.weekly = max(first.weekly, second.weekly)
            both.monthly = max(first.monthly, second.monthly)
            both.tags = first.tags + second.tags
            let now = index.entries.last!.time
            let all = kept(choose(both, index, now))
            #expect(all.isSuperset(of: kept(choose(first, index, now))), "\(random) \(first) \(both)")
            #expect(all.isSuperset(of: kept(choose(second, index, now))), "\(random) \(second) \(both)")
        }
    }

    @Test("the standard policy keeps a day whole, the newest moment of each hour, day, week and month due")
    func standard() {
        var run = FuzzRun("retention by the standard policy", rounds: 100)
        while var random = run.next() {
            let index = SnapshotIndex.random(&random, files: 3, count: 400)
            let entries = index.entries
            let now = entries.last!.time
            let selection = choose(.standard, index, now)
            let kept = kept(selection)
            #expect(kept.contains(entries.count - 1), "\(random)")
            for (place, entry) in entries.enumerated()
            where now.nanoseconds - entry.time.nanoseconds <= 86_400_000_000_000 {
                #expect(kept.contains(place), "\(random): \(entry.sequence) is of the last day")
            }
            // By another way than the policy's: the wall's own reading.
            let rules: [(Int, (CivilTime) -> [Int])] = [
                (7, { [$0.year, $0.month, $0.day] }), (12, { [$0.year, $0.month] }),
            ]
            for (count, label) in rules {
                var newest: [[Int]: Int] = [:]
                for (place, entry) in entries.enumerated() {
                    newest[label(LocalCalendar.berlin2026.civilTime(at: entry.time))] = place
                }
                for place in newest.values.sorted().suffix(count) {
                    #expect(kept.contains(place) && selection.isConsistentPoint(place), "\(random)")
                }
            }
            for file in Set(entries.map(\.file)) {
                let newest = entries.lastIndex { $0.file == file }!
                #expect(kept.contains(newest), "\(random): the newest of file \(file)")
                let isGone = entries[newest].event == .deleted
                if isGone, now.nanoseconds - entries[newest].time.nanoseconds > Self.month { continue }
                let good = entries.lastIndex { $0.file == file && index.verdicts[$0.sequence] == true }
                if let good { #expect(kept.contains(good), "\(random): the last good of file \(file)") }
            }
            for target in Array(index.tags.values) + index.holds {
                #expect(kept.contains(entries.lastIndex(atOrBefore: target)!), "\(random): \(target)")
            }
        }
    }
}
