import LinuxSystem
import RepositoryReader
import RepositoryWriter
import Synchronization

/// Compacts full segments and removes snapshots that need not be kept. Runs on a thread of its own with low
/// priority, and waits until it is woken.
final class Compactor: Sendable {
    private struct Request {
        let decide: @Sendable () throws -> KeptSnapshots
        let continuation: CheckedContinuation<RootPruning.Outcome, any Error>
    }

    private struct State {
        var requests: [Request] = []
        var hasEnded = false
    }

    private let root: RootDescription
    private let meter: StatusMeter
    private let retention: (@Sendable (RootDescription) throws -> KeptSnapshots)?
    private let wakeup = Semaphore()
    private let hasEnded = Semaphore()
    private let isStopped = Atomic<Bool>(false)
    private let isFinishing = Atomic<Bool>(false)
    private let isPaused = Atomic<Bool>(false)
    private let state = Mutex(State())

    init(
        _ root: RootDescription,
        meter: StatusMeter,
        retention: (@Sendable (RootDescription) throws -> KeptSnapshots)?
    ) {
        self.root = root
        self.meter = meter
        self.retention = retention
    }

    /// Starts with the segments of earlier writers. `end` must follow.
    func start() throws(SystemError) {
        try WorkerThread.start("compactor", urgency: .low) { [self] in
            work()
            let left = state.withLock { state in
                state.hasEnded = true
                defer { state.requests = [] }
                return state.requests
            }
            for request in left { request.continuation.resume(throwing: CancellationError()) }
            hasEnded.signal()
        }
    }

    /// When it returns, its state is dropped and its files are removed.
    private func work() {
        let sealing = RootCompaction(root)
        var schedule = RetentionSchedule()
        while !isStopped.load(ordering: .acquiring) {
            // Read before the work: all segments that are full by then are compacted.
            let isLast = isFinishing.load(ordering: .acquiring)
            let count = seal(sealing)
            answerRequests(sealing)
            let now = MonotonicInstant.now
            let isDue = schedule.isDue(compacted: count, isLast: isLast, at: now)
            if goesOn, isDue, !isPaused.load(ordering: .acquiring) {
                schedule.began(at: now)
                retain(sealing)
            }
            if isLast { return }
            wakeup.wait()
        }
    }

    /// A segment has become full.
    func wake() { wakeup.signal() }

    /// Stops compaction, and runs neither compaction nor retention until it is resumed: the memory is needed
    /// elsewhere. Requests are still processed.
    func pause(_ isPaused: Bool) {
        self.isPaused.store(isPaused, ordering: .releasing)
        if !isPaused { wakeup.signal() }
    }

    /// Removes the snapshots that need not be kept. `decide` is called on the compactor's thread.
    func thin(_ decide: @escaping @Sendable () throws -> KeptSnapshots) async throws -> RootPruning.Outcome {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = state.withLock { state in
                guard !state.hasEnded else { return false }
                state.requests.append(Request(decide: decide, continuation: continuation))
                return true
            }
            if isTaken { wakeup.signal() } else { continuation.resume(throwing: CancellationError()) }
        }
    }

    /// Returns when no segment is touched any more: at once, or when all full segments are compacted.
    func end(finishing: Bool) {
        if finishing {
            isFinishing.store(true, ordering: .releasing)
        } else {
            isStopped.store(true, ordering: .releasing)
        }
        wakeup.signal()
        hasEnded.wait()
    }

    /// Work that has not begun is left for later; `end` need not wait for it.
    func giveUp() { isStopped.store(true, ordering: .releasing) }

    private var goesOn: Bool { !isStopped.load(ordering: .acquiring) }

    /// Returns the number of compacted segments.
    private func seal(_ sealing: RootCompaction) -> Int {
        do {
            let count = try sealing.run { [self] in
                goesOn && !isPaused.load(ordering: .acquiring)
            } onDamage: { damage in
                meter.tell(.finding(Finding(damage)))
            }
            if count > 0 { Memory.returnUnused() }
            return count
        } catch {
            // The segment is unchanged, and the next full one causes the next attempt.
            warn("a segment cannot be sealed yet", error)
            return 0
        }
    }

    private func answerRequests(_ sealing: RootCompaction) {
        let requests = state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
        for request in requests {
            request.continuation.resume(with: Result { try thin(sealing, request.decide()) })
        }
    }

    private func retain(_ sealing: RootCompaction) {
        guard let retention else { return }
        do {
            let outcome = try thin(sealing, retention(root))
            if outcome.removedSnapshots > 0 { meter.tell(.removed(outcome)) }
        } catch {
            warn("old snapshots cannot be removed yet", error)
        }
    }

    private func thin(_ sealing: RootCompaction, _ kept: KeptSnapshots) throws -> RootPruning.Outcome {
        sealing.forget()
        defer { Memory.returnUnused() }
        return try RootPruning(root).run(kept) { [self] in goesOn }
    }

    private func warn(_ message: String, _ error: any Error) {
        meter.tell(.finding(Finding(.warning, root.directory, at: 0, "\(message) (\(error))")))
    }
}
