import LinuxSystem
import Testing

@testable import Capture

@Suite("How often a log is polled")
struct LogPaceTests {
    private let start = MonotonicInstant.now

    private func after(_ milliseconds: Int) -> MonotonicInstant {
        start.advanced(by: .milliseconds(milliseconds))
    }

    private func polled(
        _ pace: inout LogPace,
        _ outcome: WALTail.Outcome,
        hasMoved: Bool = false,
        isLong: Bool = false,
        isDraining: Bool = false,
        from began: Int = 0,
        to ended: Int = 0
    ) -> LogStep {
        pace.polled(
            outcome,
            hasMoved: hasMoved,
            isLong: isLong,
            isDraining: isDraining,
            began: after(began),
            ended: after(ended)
        )
    }

    @Test("an unconfirmed commit is asked for again, the less often the longer it stays so")
    func unconfirmed() {
        var pace = LogPace()
        #expect(polled(&pace, .unconfirmed) == .unconfirmed(.microseconds(200)))
        #expect(polled(&pace, .unconfirmed, from: 100) == .unconfirmed(.milliseconds(50)))
        #expect(polled(&pace, .unconfirmed, from: 60_000) == .unconfirmed(.seconds(1)))
        #expect(pace.isUnconfirmed)
        #expect(polled(&pace, .current, from: 60_001) == .current)
        #expect(!pace.isUnconfirmed)
        #expect(polled(&pace, .unconfirmed, from: 60_002) == .unconfirmed(.microseconds(200)), "another one")
    }

    @Test("behind commits that were consumed, another one is asked for a little later, and begins anew")
    func unconfirmedBehindOthers() {
        var pace = LogPace()
        #expect(polled(&pace, .unconfirmed) == .unconfirmed(.microseconds(200)))
        #expect(polled(&pace, .unconfirmed, hasMoved: true, from: 100) == .unconfirmed(.milliseconds(1)))
        #expect(polled(&pace, .unconfirmed, from: 101) == .unconfirmed(.microseconds(500)))
        #expect(polled(&pace, .unconfirmed, hasMoved: true, from: 500) == .unconfirmed(.milliseconds(1)))
        #expect(polled(&pace, .current, from: 501) == .current)
        #expect(!pace.isUnconfirmed)
    }

    @Test("a long open transaction is read again after four times as long as reading it took")
    func longTransaction() {
        var pace = LogPace()
        #expect(polled(&pace, .unfinished) == .retry(.zero))
        #expect(pace.wait(after(5)) == nil, "chunks follow each other")
        #expect(polled(&pace, .current, isLong: true, from: 5, to: 10) == .current)
        #expect(pace.wait(after(20)) == .milliseconds(30))
        #expect(pace.wait(after(50)) == nil)
        #expect(polled(&pace, .current, from: 50, to: 51) == .current)
        #expect(pace.wait(after(51)) == nil, "it is over")
    }

    @Test("a log without a name is drained when all of it was read")
    func drained() {
        var pace = LogPace()
        #expect(polled(&pace, .congested, isDraining: true) == .retry(.milliseconds(1)))
        #expect(polled(&pace, .current, isDraining: true) == .drained)
    }

    @Test("a loss says how", arguments: [WALTail.Outcome.lost, .rolledBackByRecovery])
    func lost(outcome: WALTail.Outcome) throws {
        var pace = LogPace()
        #expect(polled(&pace, outcome) == .lost(try #require(outcome.loss)))
    }

    /// Catches a log that is still polled when its writer has become slow.
    @Test("a log is rapid while commits follow each other at once, and needs less to stay so than to begin")
    func rapid() {
        var pace = LogPace()
        for millisecond in stride(from: 2, through: 18, by: 2) {
            _ = polled(&pace, .current, hasMoved: true, to: millisecond)
            #expect(!pace.isRapid(after(millisecond)))
        }
        for millisecond in [20, 22] { _ = polled(&pace, .current, hasMoved: true, to: millisecond) }
        #expect(pace.isRapid(after(22)))
        #expect(pace.isRapid(after(41)) && !pace.isRapid(after(42)), "no commit for a while")
        _ = polled(&pace, .current, to: 41)
        #expect(!pace.isRapid(after(42)), "a poll that finds nothing is no commit")
        _ = polled(&pace, .current, hasMoved: true, to: 35)
        #expect(!pace.isRapid(after(35)) && pace.isRapid(after(35), wasRapid: true))
        for millisecond in [45, 55] { _ = polled(&pace, .current, hasMoved: true, to: millisecond) }
        #expect(!pace.isRapid(after(55), wasRapid: true), "a slow writer")
    }
}
