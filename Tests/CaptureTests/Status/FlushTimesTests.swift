import Testing

@testable import Capture

@Suite("How long flushes took")
struct FlushTimesTests {
    @Test("each belongs to the first bound that it does not exceed, the longest to none")
    func bounds() {
        #expect(FlushTimes.bounds == FlushTimes.bounds.sorted())
        for (index, bound) in FlushTimes.bounds.enumerated() {
            var times = FlushTimes()
            times.add(bound)
            times.add(bound + .nanoseconds(1))
            var expected = [UInt64](repeating: 0, count: FlushTimes.bounds.count + 1)
            expected[index] = 1
            expected[index + 1] = 1
            #expect(times.counts == expected)
            #expect(times.total == bound + bound + .nanoseconds(1))
        }
    }

    @Test("no time at all belongs to the first bound")
    func zero() {
        var times = FlushTimes()
        times.add(.zero)
        #expect(times.counts.first == 1 && times.counts.reduce(0, +) == 1)
    }
}
