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
        var annotations: [AnnotationRequest] = []
        /// What comes later is wanted in another segment.
        var endsSegment = false
    }

    private struct State {
        var requests: [Request] = []
        var stop: CaptureStop?
    }

    private let observerSignal: Signal
    private let state = Mutex(State())

    init(_ observerSignal: Signal) {
        self.observerSignal = observerSignal
    }

    func post(_ request: Request) {
        state.withLock { $0.requests.append(request) }
        observerSignal.raise(.requests)
    }

    /// The first kind of stop counts, but at once is at once.
    func stop(_ stop: CaptureStop) {
        state.withLock { state in
            if state.stop == nil || stop == .atOnce { state.stop = stop }
        }
        observerSignal.raise(.requests)
    }

    var stop: CaptureStop? { state.withLock { $0.stop } }

    func takeRequests() -> [Request] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }
}

extension RequestQueue.Request {
    /// What the recorder does for it.
    var step: CaptureStep {
        if !annotations.isEmpty { return .annotate(annotations, barrier: number) }
        return endsSegment ? .endSegment(barrier: number) : .barrier(number)
    }
}

/// Numbers for requests; 0 is the observer's own.
final class RequestNumbers: Sendable {
    private let last = Atomic<UInt64>(0)

    func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}
