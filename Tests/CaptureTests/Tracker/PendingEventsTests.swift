import Testing

@testable import Capture

@Suite("What events have told of a file")
struct PendingEventsTests {
    @Test("events are kept when a file is gone, and what they called for is not")
    func pendingEvents() {
        var pending = PendingEvents()
        pending.contentModified()
        pending.contentClosed()
        let activity = pending.lastActivity
        pending.fileIsGone()
        #expect(!pending.isWanted && pending.runs == 0 && !pending.isClosed)
        #expect(pending.contentWrites == 1 && pending.lastActivity == activity)
    }

    @Test("a reason to compare everything stays when another one comes")
    func rescanReason() {
        var pending = PendingEvents()
        pending.rescan(.missed("b"))
        #expect(pending.rescanReason == .firstLook)
        pending.rescanReason = .unexplained
        pending.rescan(.missed("b"))
        pending.rescanUnlessWanted(.unexplained)
        #expect(pending.rescanReason == .missed("b"))
    }
}
