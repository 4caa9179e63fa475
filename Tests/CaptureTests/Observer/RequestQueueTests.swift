import LinuxSystem
import RepositoryFormat
import Testing

@testable import Capture

@Suite("What is wanted of the observer")
struct RequestQueueTests {
    private let signal = Signal()
    private let requests: RequestQueue

    init() { requests = RequestQueue(signal) }

    /// Catches a request that nobody is woken for, and one whose answer is that of the first capture.
    @Test("requests wake the observer, are numbered from one on, and come once, in their order")
    func order() {
        let numbers = [requests.post(), requests.post(), requests.post()]
        #expect(numbers == [1, 2, 3], "0 is the first capture's")
        #expect(signal.take() == .requests)
        #expect(requests.takeRequests().map(\.number) == [1, 2, 3])
        #expect(requests.takeRequests().isEmpty)
        #expect(requests.post() == 4)
        #expect(signal.take() == .requests)
    }

    /// Catches a request that what was captured before it satisfies: a `sync` after a commit that lacks it.
    @Test("what a request wants is all that was committed before it was made")
    func since() throws {
        let before = MonotonicInstant.now
        _ = requests.post()
        let after = MonotonicInstant.now
        let request = try #require(requests.takeRequests().first)
        #expect(before <= request.since && request.since <= after)
    }

    /// Catches a tag that is lost, and a pruning that would touch what is being written.
    @Test("the recorder annotates, ends the segment, or does no more than what it does for every request")
    func steps() throws {
        let tag = AnnotationRequest.tag("v1", at: SequenceNumber(3))
        _ = requests.post([tag])
        _ = requests.post(endsSegment: true)
        _ = requests.post()
        let steps = requests.takeRequests().map(\.step)
        guard steps.count == 3, case .annotate(let annotations, barrier: 1) = steps[0],
            case .endSegment(barrier: 2) = steps[1], case .barrier(3) = steps[2]
        else {
            Issue.record("\(steps)")
            return
        }
        #expect(annotations == [tag])
    }

    /// Catches a stop in good order that becomes a hasty one, and a hasty one that waits for what is wanted.
    @Test(
        "the first kind of stop counts, but at once is at once",
        arguments: [
            (CaptureStop.done, CaptureStop.catchingUp, CaptureStop.done), (.catchingUp, .done, .catchingUp),
            (.done, .atOnce, .atOnce), (.atOnce, .catchingUp, .atOnce),
        ]
    )
    func stops(first: CaptureStop, second: CaptureStop, outcome: CaptureStop) {
        #expect(requests.stop == nil)
        requests.stop(first)
        #expect(signal.take() == .requests)
        requests.stop(second)
        #expect(requests.stop == outcome)
    }
}
