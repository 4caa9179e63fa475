import LinuxSystem
import Testing

@testable import Capture

@Suite("When a file is processed again")
struct ProcessScheduleTests {
    private let start = MonotonicInstant.now

    private func after(_ seconds: Double) -> MonotonicInstant { start.advanced(by: .seconds(seconds)) }

    @Test("the earliest time that was asked for counts, until the work begins again")
    func earliest() {
        var schedule = ProcessSchedule()
        schedule.retry(in: .seconds(3), from: start)
        schedule.retry(in: .seconds(1), from: start)
        schedule.retry(in: .seconds(2), from: start)
        #expect(schedule.retryAt == after(1))
        let begins = schedule.begin(after(1))
        #expect(begins && schedule.retryAt == nil && !schedule.isCalled)
    }

    @Test("a pause is kept, and asks for the time of its end")
    func pause() {
        var schedule = ProcessSchedule()
        schedule.pause(until: after(2))
        var begins = schedule.begin(after(1))
        #expect(!begins && schedule.retryAt == after(2))
        begins = schedule.begin(after(2))
        #expect(begins)
        begins = schedule.begin(after(1))
        #expect(begins, "a pause that is over is forgotten")
    }

    @Test("who waits for others needs no time, and what is left to do gets one")
    func waiting() {
        var schedule = ProcessSchedule()
        schedule.waitForRecorder()
        schedule.retryUnlessAsked(start)
        #expect(schedule.retryAt == nil && schedule.isWaiting && schedule.isCalled)
        _ = schedule.begin(start)
        schedule.waitForSlot()
        schedule.retryUnlessAsked(start)
        #expect(schedule.retryAt == nil && schedule.isWaiting)
        // Who has the slot calls.
        #expect(schedule.isCalled == false)
        _ = schedule.begin(start)
        schedule.retryUnlessAsked(start)
        #expect(schedule.retryAt == after(1) && !schedule.isWaiting)
    }

    @Test("what goes on after events is taken once, and forgotten when the work begins anew")
    func afterEvents() {
        var schedule = ProcessSchedule()
        schedule.reached(.scan, after(1))
        schedule.resume(with: .endScan)
        #expect(schedule.stage == .scan && schedule.processedAt == after(1))
        guard case .endScan = schedule.takeNext() else {
            Issue.record("it is to go on with the end of the scan")
            return
        }
        if schedule.takeNext() != nil { Issue.record("it was taken") }
        schedule.resume(with: .readPlain)
        _ = schedule.begin(after(2))
        if schedule.takeNext() != nil { Issue.record("the work begins anew") }
        #expect(schedule.stage == .name)
    }
}
