import LinuxFiles
import Repository
import Synchronization

/// Who waits for which barrier to be durable.
final class Answers: Sendable {
    private typealias Waiter = CheckedContinuation<Sequence, any Error>

    private struct State {
        var waiters: [UInt64: Waiter] = [:]
        var given: [UInt64: Sequence] = [:]
        var failure: (any Error)?
    }

    private let state = Mutex(State())

    /// Waits until everything before the barrier is durable; the last sequence then.
    func wait(for barrier: UInt64) async throws -> Sequence {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let known = state.withLock { state -> Result<Sequence, any Error>? in
                    if let sequence = state.given.removeValue(forKey: barrier) { return .success(sequence) }
                    if let failure = state.failure { return .failure(failure) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiters[barrier] = continuation
                    return nil
                }
                if let known { continuation.resume(with: known) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: barrier) }
            waiter?.resume(throwing: CancellationError())
        }
    }

    func give(_ barriers: [UInt64], _ sequence: Sequence) {
        for barrier in barriers {
            let waiter = state.withLock { state -> Waiter? in
                guard let waiter = state.waiters.removeValue(forKey: barrier) else {
                    state.given[barrier] = sequence
                    return nil
                }
                return waiter
            }
            waiter?.resume(returning: sequence)
        }
    }

    /// Nothing will become durable any more.
    func fail(_ error: any Error) {
        let waiters = state.withLock { state in
            state.failure = error
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(throwing: error) }
    }
}
