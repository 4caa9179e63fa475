package import LinuxSystem
package import RepositoryFormat
import Synchronization

/// How much of a root's history is durable.
package struct DurablePoint: Hashable, Sendable {
    /// The last snapshot; `.none` before the first.
    package let sequence: SequenceNumber
    package let time: Instant
    /// Why it does not include everything committed; nil when it does.
    package let incomplete: String?
    /// The same by the paths of files.
    package let unseen: [String: String]
    /// Shell patterns of names that the watcher excludes; nil if it did not tell.
    package let exclusions: [String]?

    package init(
        sequence: SequenceNumber,
        time: Instant,
        incomplete: String? = nil,
        unseen: [String: String] = [:],
        exclusions: [String]? = nil
    ) {
        self.sequence = sequence
        self.time = time
        self.incomplete = incomplete
        self.unseen = unseen
        self.exclusions = exclusions
    }
}

/// The callers that wait for barriers to be durable.
final class DurabilityWaiters: Sendable {
    /// The barrier after the first capture of everything.
    static let readyBarrier: UInt64 = 0

    private typealias Waiter = CheckedContinuation<DurablePoint, any Error>

    private struct State {
        var waiters: [UInt64: Waiter] = [:]
        var given: [UInt64: DurablePoint] = [:]
        /// Barriers without a waiter.
        var abandoned: Set<UInt64> = []
        var failure: (any Error)?
    }

    private let state = Mutex(State())

    /// Waits until everything before the barrier is durable.
    func wait(for barrier: UInt64) async throws -> DurablePoint {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let known = state.withLock { state -> Result<DurablePoint, any Error>? in
                    if let point = state.given.removeValue(forKey: barrier) { return .success(point) }
                    if let failure = state.failure { return .failure(failure) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiters[barrier] = continuation
                    return nil
                }
                if let known { continuation.resume(with: known) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: barrier)
                if waiter != nil { state.abandoned.insert(barrier) }
                return waiter
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    /// `incompleteness`: why the state before a barrier does not include everything committed; nil when it
    /// does.
    func give(
        _ barriers: [UInt64],
        _ sequence: SequenceNumber,
        _ time: Instant,
        incompleteness: (UInt64) -> Incompleteness? = { _ in nil }
    ) {
        for barrier in barriers {
            let incomplete = incompleteness(barrier)
            let point = DurablePoint(
                sequence: sequence,
                time: time,
                incomplete: incomplete?.reason,
                unseen: incomplete?.unseen ?? [:]
            )
            let waiter = state.withLock { state -> Waiter? in
                if let waiter = state.waiters.removeValue(forKey: barrier) { return waiter }
                if state.abandoned.remove(barrier) == nil { state.given[barrier] = point }
                return nil
            }
            waiter?.resume(returning: point)
        }
    }

    /// Nothing will become durable any more.
    func fail(_ error: any Error) {
        let waiters = state.withLock { state in
            state.failure = error
            return exchange(&state.waiters, with: [:]).values
        }
        for waiter in waiters { waiter.resume(throwing: error) }
    }
}
