import LinuxSystem
import Testing

@testable import Capture

@Suite("The schedule of retention")
struct RetentionScheduleTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    @Test("it runs when something was compacted, or at the end, and not otherwise")
    func occasion() {
        for (compacted, isLast, isExpected) in [(0, false, false), (1, false, true), (0, true, true)] {
            var schedule = RetentionSchedule()
            let begins = schedule.begins(compacted: compacted, isLast: isLast, at: start)
            #expect(begins == isExpected)
        }
    }

    @Test("within an hour of its start it does not run again, not even at the end")
    func pause() {
        var schedule = RetentionSchedule()
        let early = start.advanced(by: .nanoseconds(3_599_999_999_999))
        let later = start.advanced(by: .seconds(3600))
        let occasions = [
            (1, false, start), (9, false, early), (0, true, early), (0, false, later), (1, false, later),
            (1, false, later),
        ]
        let begins = occasions.map { schedule.begins(compacted: $0, isLast: $1, at: $2) }
        #expect(begins == [true, false, false, false, true, false])
    }
}
