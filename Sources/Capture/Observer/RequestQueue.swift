import LinuxSystem
import RepositoryFormat
import Synchronization

/// What others want of the observer: to stop, or that all that is committed by now becomes durable.
final class RequestQueue: Sendable {
    /// Wants everything committed by `since` to be durable.
    struct Request: Sendable {
        let number: UInt64
        let since: MonotonicInstant
        /// What is to be said of the snapshot that it ends with, or of others.
        let annotations: [AnnotationRequest]
        /// What comes later is wanted in another segment.
        let endsSegment: Bool

        /// What the recorder does for it.
        var step: CaptureStep {
            if !annotations.isEmpty { return .annotate(annotations, barrier: number) }
            return endsSegment ? .endSegment(barrier: number) : .barrier(number)
        }
    }

    private struct State {
        var requests: [Request] = []
        /// The number of the last request; 0 is the observer's own.
        var lastNumber: UInt64 = 0
        var stop: CaptureStop?
    }

    private let observerSignal: Signal
    private let state = Mutex(State())

    init(_ observerSignal: Signal) {
        self.observerSignal = observerSignal
    }

    /// Returns the number of the request: that of the barrier that follows.
    func post(_ annotations: [AnnotationRequest] = [], endsSegment: Bool = false) -> UInt64 {
        let since = MonotonicInstant.now
        let number = state.withLock { state in
            state.lastNumber += 1
            state.requests.append(
                Request(
                    number: state.lastNumber,
                    since: since,
                    annotations: annotations,
                    endsSegment: endsSegment
                )
            )
            return state.lastNumber
        }
        observerSignal.raise(.requests)
        return number
    }

    /// The first kind of stop counts, but at once is at once.
    func stop(_ stop: CaptureStop) {
        state.withLock { state in
            if state.stop == nil || stop == .atOnce { state.stop = stop }
        }
        observerSignal.raise(.requests)
    }

    var stop: CaptureStop? { state.withLock { $0.stop } }

    func takeRequests() -> [Request] { state.withLock { exchange(&$0.requests, with: []) } }
}
