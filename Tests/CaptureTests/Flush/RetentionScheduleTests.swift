import LinuxSystem
import Testing

@testable import Capture

@Suite("The schedule of retention")
struct RetentionScheduleTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    @Test("it runs when something was compacted, or at the end, and not otherwise")
    func occasion() {
        let schedule = RetentionSchedule()
        #expect(!schedule.isDue(compacted: 0, isLast: false, at: start))
        #expect(schedule.isDue(compacted: 1, isLast: false, at: start))
        #expect(schedule.isDue(compacted: 0, isLast: true, at: start))
    }

    @Test("within an hour of its start it does not run again, not even at the end")
    func pause() {
        var schedule = RetentionSchedule()
        schedule.began(at: start)
        let early = start.advanced(by: .nanoseconds(3_599_999_999_999))
        #expect(!schedule.isDue(compacted: 9, isLast: false, at: early))
        #expect(!schedule.isDue(compacted: 0, isLast: true, at: early))
        let later = start.advanced(by: .seconds(3600))
        #expect(schedule.isDue(compacted: 1, isLast: false, at: later))
        #expect(!schedule.isDue(compacted: 0, isLast: false, at: later))
        schedule.began(at: later)
        #expect(!schedule.isDue(compacted: 1, isLast: false, at: later))
    }
}
