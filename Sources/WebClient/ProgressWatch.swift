import NIOCore
import Synchronization

/// Ends an exchange of which nothing is heard for too long. The library's own time-outs do not see a server
/// that no longer reads, and count an upload as sent when it is only buffered.
final class ProgressWatch: Sendable {
    private struct State {
        var deadline: NIODeadline
        var timer: Scheduled<Void>?
        var isOver = false
    }

    private let patience: TimeAmount
    private let state: Mutex<State>

    init(patience: TimeAmount) {
        self.patience = patience
        state = Mutex(State(deadline: .now() + patience))
    }

    /// Something was sent or received. - Parameter more: further time until the next progress.
    func progress(more: TimeAmount = .zero) {
        state.withLock { $0.deadline = .now() + patience + more }
    }

    /// Calls `end` on the loop, once, if there is no progress before `stop`.
    func start(on loop: any EventLoop, _ end: @escaping @Sendable (WebFailure) -> Void) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.timer = loop.scheduleTask(deadline: state.deadline) { [self] in check(on: loop, end) }
        }
    }

    private func check(on loop: any EventLoop, _ end: @escaping @Sendable (WebFailure) -> Void) {
        let isLate = state.withLock { $0.deadline <= .now() && !$0.isOver }
        guard isLate else { return start(on: loop, end) }
        stop()
        end(WebFailure(isPassing: true, "no progress for \(patience.nanoseconds / 1_000_000_000) s"))
    }

    func stop() {
        let timer = state.withLock { state in
            state.isOver = true
            defer { state.timer = nil }
            return state.timer
        }
        timer?.cancel()
    }
}
