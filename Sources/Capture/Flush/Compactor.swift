import LinuxSystem
import RepositoryReader
import RepositoryWriter
import Synchronization

/// Makes the history small on a thread of its own, which yields to everything else: seals full segments, and
/// removes snapshots that need not stay. It waits until it is woken.
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

    /// The least time between two looks at what retention keeps.
    private static let retentionPause = Duration.seconds(3600)

    init(
        _ root: RootDescription,
        meter: StatusMeter,
        retention: (@Sendable (RootDescription) throws -> KeptSnapshots)?
    ) {
        self.root = root
        self.meter = meter
        self.retention = retention
    }

    /// Begins with what earlier writers left. `end` must follow.
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

    /// What it knows and has on the disk goes when it returns.
    private func work() {
        let sealing = RootCompaction(root)
        var lastRetention: MonotonicInstant?
        while !isStopped.load(ordering: .acquiring) {
            // Asked for before the work: what is full by then is sealed.
            let isLast = isFinishing.load(ordering: .acquiring)
            let count = seal(sealing)
            answerRequests(sealing)
            let isDue = lastRetention.map { $0.duration(to: .now) >= Self.retentionPause } ?? true
            if goesOn, isDue, isLast || count > 0, !isPaused.load(ordering: .acquiring) {
                lastRetention = .now
                retain(sealing)
            }
            if isLast { return }
            wakeup.wait()
        }
    }

    /// A segment has become full.
    func wake() { wakeup.signal() }

    /// Gives up sealing, and neither seals nor retains until it is to go on: memory is wanted for something
    /// else. What is asked for is done all the same.
    func pause(_ isPaused: Bool) {
        self.isPaused.store(isPaused, ordering: .releasing)
        if !isPaused { wakeup.signal() }
    }

    /// Removes what does not stay. `decide` is asked on the compactor's thread.
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

    /// Returns when no segment is touched any more: at once, or when all that are full are sealed.
    func end(finishing: Bool) {
        if finishing {
            isFinishing.store(true, ordering: .releasing)
        } else {
            isStopped.store(true, ordering: .releasing)
        }
        wakeup.signal()
        hasEnded.wait()
    }

    /// What is not begun is left for another time; `end` need not wait for it.
    func giveUp() { isStopped.store(true, ordering: .releasing) }

    private var goesOn: Bool { !isStopped.load(ordering: .acquiring) }

    /// Returns how many segments were sealed.
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
            // The segment stays as it is, and the next one that is full brings the next try.
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
