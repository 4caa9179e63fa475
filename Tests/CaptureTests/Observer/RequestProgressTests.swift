import LinuxSystem
import SystemPackage
import Testing

@testable import Capture

@Suite("When requests are answered")
struct RequestProgressTests {
    private let files: TrackedFiles
    private let trackers: [Tracker]
    private let requests = RequestQueue(Signal())
    private let start = MonotonicInstant.now

    init() throws {
        files = try TrackedFiles()
        trackers = ["a", "b"].map { [files] in files.tracker($0) }
    }

    /// Posts requests, and returns them.
    private func posted(_ count: Int) -> [RequestQueue.Request] {
        for _ in 0..<count { _ = requests.post() }
        return requests.takeRequests()
    }

    /// Numbers of those that are answered now, and whether everything was captured.
    private func answers(_ progress: inout RequestProgress) -> [UInt64: Bool] {
        let answers = progress.takeAnswers(trackers).map { ($0.request.number, $0.isComplete) }
        return Dictionary(uniqueKeysWithValues: answers)
    }

    /// Catches a `sync` that succeeds while a commit of before it is not captured, and one that never ends.
    @Test("a request is answered when each file was captured at its time or later, and not before")
    func captured() throws {
        var progress = RequestProgress()
        let first = posted(1)
        progress.add(first)
        let later = MonotonicInstant.now.advanced(by: .seconds(1))
        trackers[0].state.ledger.captured(through: later)
        var answered = answers(&progress)
        #expect(answered.isEmpty, "nothing is known of the other file")
        trackers[1].state.ledger.captured(through: start)
        answered = answers(&progress)
        #expect(answered.isEmpty, "something may have been committed since")
        trackers[1].state.ledger.captured(through: first[0].since)
        answered = answers(&progress)
        #expect(answered == [1: true])
        #expect(!progress.isWaiting)
    }

    /// Catches a request that is lost when another follows, or that waits for it.
    @Test("each request is answered by itself, and once")
    func several() {
        var progress = RequestProgress()
        let first = posted(1)
        progress.add(first)
        for tracker in trackers { tracker.state.ledger.captured(through: first[0].since) }
        let second = posted(2)
        progress.add(second)
        var answered = answers(&progress)
        #expect(answered == [1: true])
        #expect(progress.isWaiting)
        for tracker in trackers { tracker.state.ledger.captured(through: second[1].since) }
        answered = answers(&progress)
        #expect(answered == [2: true, 3: true])
        answered = answers(&progress)
        #expect(answered.isEmpty)
    }

    /// Catches a `sync` that says that all is durable where a file could not be captured, and one that an
    /// obstacle of before it ends too early.
    @Test("a file that something hinders holds up nobody, and the answer says that not everything is there")
    func hindered() throws {
        var progress = RequestProgress()
        let tracker = trackers[1]
        tracker.state.presence.obstacles.hinder("unseen", tracker.state.report)
        let request = posted(1)
        progress.add(request)
        trackers[0].state.ledger.captured(through: request[0].since)
        var answered = answers(&progress)
        #expect(answered.isEmpty, "the obstacle was met before, and may be gone")
        tracker.state.presence.obstacles.met(request[0].since)
        answered = answers(&progress)
        #expect(answered == [1: false])
    }

    /// Catches a watcher that is ready before it has captured all, never, or again and again.
    @Test("the first capture is over, once, when each file was captured or met an obstacle")
    func ready() {
        var progress = RequestProgress()
        var becomesReady = progress.becomesReady(trackers)
        #expect(!becomesReady && !progress.isReady)
        trackers[0].state.ledger.captured(through: start)
        becomesReady = progress.becomesReady(trackers)
        #expect(!becomesReady)
        trackers[1].state.presence.obstacles.met(start)
        becomesReady = progress.becomesReady(trackers)
        #expect(becomesReady && progress.isReady)
        becomesReady = progress.becomesReady(trackers)
        #expect(!becomesReady && progress.isReady)
    }

    @Test("where there is no file, the first capture is over at once")
    func empty() {
        var progress = RequestProgress()
        let becomesReady = progress.becomesReady([])
        #expect(becomesReady)
    }

    /// Catches commits that are dropped at a stop, and a stop for which a service manager loses patience.
    @Test("a stop waits 1.5 s for commits of before it, but 0.3 s for a first capture")
    func catchingUp() {
        var progress = RequestProgress()
        let early = progress.beginCatchingUp(start)
        #expect(early.since == start && early.deadline == start.advanced(by: .milliseconds(300)))
        _ = progress.becomesReady([])
        let late = progress.beginCatchingUp(start)
        #expect(late.deadline == start.advanced(by: .milliseconds(1500)))
        #expect(progress.catchingUp?.deadline == late.deadline)
    }
}
