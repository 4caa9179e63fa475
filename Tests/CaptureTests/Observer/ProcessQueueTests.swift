import LinuxSystem
import SystemPackage
import Testing

@testable import Capture

@Suite("Which file is processed next")
struct ProcessQueueTests {
    private let start = MonotonicInstant.now
    private let trackers: [Tracker]

    init() throws {
        let files = try TrackedFiles()
        trackers = ["a", "b", "c", "d"].map { files.tracker($0) }
    }

    private func after(_ milliseconds: Int) -> MonotonicInstant {
        start.advanced(by: .milliseconds(milliseconds))
    }

    /// The names of those that are due, in their order.
    private func takeAll(_ queue: inout ProcessQueue) -> [String] {
        var names: [String] = []
        while let tracker = queue.popFirst() { names.append(tracker.name.string) }
        return names
    }

    /// Catches a log that is overwritten before it is read, while thousands of files are captured first.
    @Test("files with events come first, each once, in the order in which something happened to them")
    func order() {
        var queue = ProcessQueue()
        queue.insert(trackers[0], isUrgent: false)
        queue.insert(trackers[1], isUrgent: false)
        queue.insert(trackers[2])
        queue.insert(trackers[3])
        queue.insert(trackers[2])
        queue.insert(trackers[1], isUrgent: false)
        let names = takeAll(&queue)
        #expect(names == ["c", "d", "a", "b"])
        #expect(queue.isEmpty)
    }

    /// Catches a file that is processed twice for one event, and one that is dropped when it moves up.
    @Test("a file that waits with the others moves up with an event, and is processed once")
    func movesUp() {
        var queue = ProcessQueue()
        for tracker in trackers { queue.insert(tracker, isUrgent: false) }
        queue.insert(trackers[3])
        queue.insert(trackers[3], isUrgent: false)
        let names = takeAll(&queue)
        #expect(names == ["d", "a", "b", "c"])
        #expect(queue.isEmpty)
        // Its former place among the others is no second one.
        queue.insert(trackers[0], isUrgent: false)
        queue.insert(trackers[0])
        _ = queue.popFirst()
        queue.insert(trackers[0], isUrgent: false)
        let again = takeAll(&queue)
        #expect(again == ["a"])
    }

    /// Catches files that are never captured beside one that is written without a pause.
    @Test("however many events there are, one without can be taken")
    func others() {
        var queue = ProcessQueue()
        queue.insert(trackers[0])
        queue.insert(trackers[1], isUrgent: false)
        let other = queue.popOther()
        #expect(other === trackers[1])
        let none = queue.popOther()
        #expect(none == nil && !queue.isEmpty)
    }

    /// Catches the last write of a file, which no event follows: it would be captured with the next one.
    @Test("a file that waits for a time is due then, and the next such time is the earliest")
    func retries() {
        var queue = ProcessQueue()
        for (index, delay) in [30, 10, 20].enumerated() {
            trackers[index].state.schedule.retry(in: .milliseconds(delay), from: start)
            queue.processed(trackers[index])
        }
        #expect(queue.nextRetry == after(10) && queue.isEmpty)
        queue.callThoseWaiting(after(9))
        #expect(queue.nextRetry == after(10) && queue.isEmpty)
        queue.callThoseWaiting(after(10))
        let first = takeAll(&queue)
        #expect(first == ["b"])
        #expect(queue.nextRetry == after(20))
        // It wants nothing more.
        _ = trackers[1].state.schedule.begin(after(10))
        queue.processed(trackers[1])
        queue.callThoseWaiting(after(30))
        let rest = takeAll(&queue)
        #expect(Set(rest) == ["a", "c"] && rest.count == 2)
        #expect(queue.nextRetry == nil)
    }

    /// Catches a comparison that stands still when the mirror has caught up.
    @Test("a file that waits for the recorder is due when that has made something durable, others are not")
    func recorder() {
        var queue = ProcessQueue()
        trackers[0].state.schedule.waitForRecorder()
        trackers[1].state.schedule.retry(in: .seconds(1), from: start)
        for tracker in trackers { queue.processed(tracker) }
        queue.callThoseWaitingForRecorder()
        let called = takeAll(&queue)
        #expect(called == ["a"])
    }

    /// Catches a file that is captured on after it was left out.
    @Test("a file that is removed is called no more")
    func removed() {
        var queue = ProcessQueue()
        trackers[0].state.schedule.waitForRecorder()
        trackers[0].state.schedule.retry(in: .zero, from: start)
        queue.processed(trackers[0])
        queue.remove(trackers[0])
        queue.callThoseWaiting(after(1))
        queue.callThoseWaitingForRecorder()
        #expect(queue.isEmpty && queue.nextRetry == nil)
    }

    /// Catches a `sync` that is answered before all files were checked.
    @Test("a round has each file once, and is over after the last; the next one begins anew")
    func round() {
        var queue = ProcessQueue()
        #expect(queue.isRoundOver)
        queue.beginRound(trackers)
        _ = queue.popRound()
        #expect(!queue.isRoundOver)
        queue.beginRound(trackers[..<2])
        var names: [String] = []
        while let tracker = queue.popRound() { names.append(tracker.name.string) }
        #expect(names.sorted() == ["a", "b"])
        #expect(queue.isRoundOver && queue.isEmpty)
    }
}
