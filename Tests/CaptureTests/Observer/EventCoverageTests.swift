import LinuxSystem
import Testing

@testable import Capture

@Suite("How far events can be relied on")
struct EventCoverageTests {
    private func time(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }

    /// Catches a gap that begins after the events that were lost: commits that nobody counts.
    @Test("what was read after a loss proves nothing until the loss was made up for")
    func loss() {
        var events = EventCoverage(knownGoodUntil: time(1))
        #expect(!events.hasGaps)
        events.wereRead(until: time(2))
        events.wereLost()
        events.wereRead(until: time(3))
        #expect(events.hasGaps && events.knownGoodUntil == time(2))
        let reason = events.takeLoss()
        #expect(reason == "the kernel's event queue overflowed")
        let again = events.takeLoss()
        #expect(again == nil && !events.hasGaps, "everything is compared once")
        events.wereRead(until: time(4))
        #expect(events.knownGoodUntil == time(4))
    }

    /// Catches a root that is replaced, whose watcher goes on with the former one until the slow round.
    @Test("that a place may have changed is checked once, and by itself is no loss")
    func places() {
        var events = EventCoverage(knownGoodUntil: time(1))
        events.placesMayHaveChanged()
        events.wereRead(until: time(2))
        #expect(events.hasGaps && events.knownGoodUntil == time(2))
        let mustCheck = events.takePlaces()
        let mustCheckAgain = events.takePlaces()
        #expect(mustCheck && !mustCheckAgain && !events.hasGaps)
        let loss = events.takeLoss()
        #expect(loss == nil)
    }
}
