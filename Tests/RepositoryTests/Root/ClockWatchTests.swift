import LinuxSystem
import Testing

@testable import RepositoryFormat
@testable import RepositoryWriter

@Suite("Setting the clock")
struct ClockWatchTests {
    private func steps(_ readings: [(wall: Int64, steady: Int64)]) -> [Int64] {
        var watch = ClockWatch()
        return readings.compactMap { reading in
            watch.record(Instant(nanoseconds: reading.wall), MonotonicInstant(nanoseconds: reading.steady))?
                .nanoseconds
        }
    }

    @Test("what one clock passes and the other does not is a step; less than half a second is none")
    func both() {
        let second: Int64 = 1_000_000_000
        #expect(steps([(0, 0), (9 * second, 9 * second), (10 * second, 10 * second)]) == [])
        #expect(steps([(0, 0), (second / 3, 0), (0, 1)]) == [])
        #expect(
            steps([(0, 5), (7 * second, 5), (8 * second, second + 5), (0, second + 5)]) == [
                7 * second, -8 * second,
            ]
        )
        #expect(steps([(.max, 0), (0, 9)]) == [])
        #expect(steps([(.max - 9, 0), (.min, 9)]) == [])
        #expect(steps([(.min, 0), (.max, 0)]) == [])
        // Beyond what nanoseconds can say it is a step all the same.
        var watch = ClockWatch()
        _ = watch.record(Instant(nanoseconds: .min), MonotonicInstant(nanoseconds: 0))
        #expect(watch.record(Instant(nanoseconds: .max), MonotonicInstant(nanoseconds: 0)) != nil)
    }
}
