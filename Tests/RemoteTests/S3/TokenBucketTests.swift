import LinuxSystem
import Testing

@testable import Remote

@Suite("A limit of bytes per second")
struct TokenBucketTests {
    @Test("is held on the average, whatever the sizes")
    func rate() {
        var now = MonotonicInstant(nanoseconds: 5_000_000_000)
        let start = now
        var bucket = TokenBucket(bytesPerSecond: 1000, now: now)
        var total = 0
        for index in 0..<1000 {
            let count = 1 + index * 7 % 500
            total += count
            now = now.advanced(by: bucket.take(count, now: now))
        }
        let seconds = Double(start.duration(to: now).nanoseconds) / 1e9
        // A quarter of a second is free at first.
        #expect(abs(seconds + 0.25 - Double(total) / 1000) < 0.01)
    }

    @Test("saves up no more than a quarter of a second")
    func saving() {
        let start = MonotonicInstant(nanoseconds: 5_000_000_000)
        var bucket = TokenBucket(bytesPerSecond: 1000, now: start)
        let later = start.advanced(by: .seconds(3600))
        #expect(bucket.take(250, now: later) == .zero)
        #expect(bucket.take(500, now: later) == .milliseconds(500))
        // Those who come at the same time wait for each other.
        #expect(bucket.take(500, now: later) == .seconds(1))
    }
}
