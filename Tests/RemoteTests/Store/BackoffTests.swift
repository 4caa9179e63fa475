import LinuxSystem
import Remote
import Testing

@Suite("Backoff")
struct BackoffTests {
    private func times(_ count: Int, seed: UInt64) -> [Duration] {
        var backoff = Backoff(seed: seed)
        return (0..<count).map { _ in backoff.next() }
    }

    @Test("waits at most 1 s at first, twice as long each time, and never longer than 5 minutes")
    func limits() {
        let limits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map { Duration.seconds($0) }
        var longest = limits.map { _ in Duration.zero }
        for seed in 0..<500 as Range<UInt64> {
            for (index, time) in times(limits.count, seed: seed).enumerated() {
                #expect(time >= .zero && time <= limits[index], "seed \(seed)")
                longest[index] = max(longest[index], time)
            }
        }
        for (longest, limit) in zip(longest, limits) { #expect(longest > limit * 0.95) }
    }

    @Test("spreads the times over all of the limit")
    func jitter() {
        // The fourth time of many clients that failed together: up to 8 s.
        var counts = [Int](repeating: 0, count: 8)
        for seed in 0..<800 as Range<UInt64> {
            counts[min(7, Int(times(4, seed: seed)[3].nanoseconds / 1_000_000_000))] += 1
        }
        for count in counts { #expect((50...150).contains(count), "\(counts)") }
    }

    @Test("gives the same times for the same seed, and others for another")
    func seeds() {
        #expect(times(20, seed: 7) == times(20, seed: 7))
        #expect(times(20, seed: 7) != times(20, seed: 8))
    }

    @Test("does not overflow after a year of failures")
    func long() {
        #expect(times(300_000, seed: 1).allSatisfy { $0 <= .seconds(300) })
    }
}
