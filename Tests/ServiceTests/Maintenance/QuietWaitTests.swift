import LinuxSystem
import RepositoryFormat
import Testing

@testable import Service

@Suite("The wait for quiet before a health survey")
struct QuietWaitTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    @Test("a root is quiet when nothing was recorded since the poll before, and its first capture is durable")
    func quiet() {
        var wait = QuietWait(patience: .seconds(60), last: SequenceNumber(5), at: start)
        let polls: [(last: UInt64, isReady: Bool, isQuiet: Bool)] = [
            (6, true, false), (7, true, false), (7, false, false), (7, true, true), (8, true, false),
            (8, true, true),
        ]
        for (number, poll) in polls.enumerated() {
            let isQuiet = wait.isQuiet(last: SequenceNumber(poll.last), isReady: poll.isReady)
            #expect(isQuiet == poll.isQuiet, "poll \(number)")
        }
    }

    @Test("at the first poll, quiet means nothing since the wait began")
    func first() {
        var wait = QuietWait(patience: .seconds(60), last: SequenceNumber(5), at: start)
        let isQuiet = wait.isQuiet(last: SequenceNumber(5), isReady: true)
        #expect(isQuiet)
    }

    @Test("the wait is over when the patience is, and at once without any")
    func patience() {
        let wait = QuietWait(patience: .seconds(60), last: .none, at: start)
        #expect(!wait.isOver(at: start.advanced(by: .nanoseconds(59_999_999_999))))
        #expect(wait.isOver(at: start.advanced(by: .seconds(60))))
        #expect(QuietWait(patience: .zero, last: .none, at: start).isOver(at: start))
    }

    @Test("the pause after a survey is 50 times its processor time, and never shorter than the quiet")
    func pause() {
        let options = HealthWatch.Options()
        #expect(options.pause(after: .milliseconds(300)) == .seconds(15))
        #expect(options.pause(after: .milliseconds(99)) == .seconds(5))
        #expect(options.pause(after: .zero) == .seconds(5))
    }
}
