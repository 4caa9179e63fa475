import LinuxSystem
import Testing

@testable import Capture

@Suite("When what no event reports is polled")
struct PollScheduleTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    private func after(_ milliseconds: Int) -> MonotonicInstant {
        start.advanced(by: .milliseconds(milliseconds))
    }

    /// Catches a poll that never comes, since each new report of missing events puts it off.
    @Test("the first round comes two seconds after events went missing, however often that is reported")
    func needed() {
        var polling = PollSchedule()
        #expect(polling.next == nil)
        polling.isNeeded(start)
        polling.isNeeded(after(1900))
        #expect(polling.next == after(2000))
    }

    /// Catches rounds through a slow share that leave the observer no time for anything else.
    @Test(
        "the next round comes two seconds after the last, or after 20 times what that took",
        arguments: [(10, 2000), (100, 2000), (500, 10_000), (3000, 60_000)]
    )
    func again(took: Int, pause: Int) {
        var polling = PollSchedule()
        polling.isNeeded(start)
        polling.begin()
        #expect(polling.next == nil, "a round that is not repeated is the last")
        polling.end(start, after(took))
        #expect(polling.next == after(took + pause))
    }

    /// Catches a root that is back and not noticed for as long as a round through slow directories waits.
    @Test("whether a root that is gone is back is checked each second, whatever else is polled")
    func missing() {
        var polling = PollSchedule()
        polling.isNeeded(start)
        polling.rootIsMissing(start)
        #expect(polling.next == after(1000))
        polling.begin()
        polling.rootIsMissing(after(1000))
        polling.end(after(1000), after(4000))
        #expect(polling.next == after(2000))
    }
}
