import LinuxSystem
import Testing

@testable import Capture

@Suite("Audit schedule")
struct AuditScheduleTests {
    private let start = MonotonicInstant.now

    private func after(_ seconds: Double) -> MonotonicInstant { start.advanced(by: .seconds(seconds)) }

    @Test("a change is followed by one audit, when the file has been idle for a while")
    func afterActivity() {
        var audit = AuditSchedule()
        #expect(audit.due(after: start) == nil)
        audit.want()
        #expect(audit.due(after: after(10)) == after(12))
        audit.done(began: after(12), ended: after(12))
        #expect(audit.due(after: after(10)) == nil)
    }

    @Test("audits take no more than a small share of the time")
    func share() {
        var audit = AuditSchedule()
        audit.want()
        audit.done(began: after(0), ended: after(3))
        audit.want()
        #expect(audit.due(after: after(4)) == after(153))
    }

    @Test("a file that never idles is audited all the same when the last time is long ago")
    func overdue() {
        var audit = AuditSchedule()
        audit.done(began: start, ended: start)
        let isWantedEarly = audit.wantEvery(.seconds(60), now: after(59))
        #expect(!isWantedEarly)
        #expect(audit.due(after: after(59)) == nil)
        let isWanted = audit.wantEvery(.seconds(60), now: after(60))
        #expect(isWanted)
        #expect(audit.due(after: after(60))! <= after(60))
        audit.disturbed(after(60))
        #expect(audit.due(after: after(60)) == after(61))
        audit.done(began: after(61), ended: after(61))
        let isWantedAgain = audit.wantEvery(.seconds(60), now: after(62))
        #expect(!isWantedAgain)
    }
}
