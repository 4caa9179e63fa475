import LinuxSystem
import RepositoryReader
import RepositoryWriter
import Synchronization

/// Compacts full segments of a root and removes snapshots that need not be kept. Waits until it is woken.
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
    private let wakeup = Signal()
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

    /// Runs on the loop until `end`, and begins with the segments of earlier writers. When it returns, no
    /// segment is touched any more.
    func run(on loop: EventLoop) async {
        await withTaskExecutorPreference(loop) { await work(on: loop) }
        let left = state.withLock { state in
            state.hasEnded = true
            return exchange(&state.requests, with: [])
        }
        for request in left { request.continuation.resume(throwing: CancellationError()) }
    }

    private func work(on loop: EventLoop) async {
        let compaction = RootCompaction(root)
        var schedule = RetentionSchedule()
        while shouldContinue {
            // Read before the work: all segments that are full by then are compacted.
            let isLast = isFinishing.load(ordering: .acquiring)
            let count = compact(compaction)
            answerRequests(compaction)
            if mayWork, schedule.begins(compacted: count, isLast: isLast, at: .now) { retain(compaction) }
            if isLast { return }
            _ = await wakeup.wait(on: loop)
        }
    }

    /// A segment has become full.
    func wake() { wakeup.raise() }

    /// Stops compaction, and runs neither compaction nor retention until it is resumed: the memory is needed
    /// elsewhere. Requests are still processed.
    func pause(_ isPaused: Bool) {
        self.isPaused.store(isPaused, ordering: .releasing)
        if !isPaused { wakeup.raise() }
    }

    /// Removes the snapshots that need not be kept. `decide` is called where the compactor runs.
    func prune(_ decide: @escaping @Sendable () throws -> KeptSnapshots) async throws -> RootPruning.Outcome {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = state.withLock { state in
                guard !state.hasEnded else { return false }
                state.requests.append(Request(decide: decide, continuation: continuation))
                return true
            }
            if isTaken { wakeup.raise() } else { continuation.resume(throwing: CancellationError()) }
        }
    }

    /// Ends `run`: as soon as possible, or when all full segments are compacted.
    func end(finishing: Bool) {
        if finishing { isFinishing.store(true, ordering: .releasing) } else { giveUp() }
        wakeup.raise()
    }

    /// Work that has not begun is left for later; `end` need not wait for it.
    func giveUp() { isStopped.store(true, ordering: .releasing) }

    private var shouldContinue: Bool { !isStopped.load(ordering: .acquiring) }
    private var mayWork: Bool { shouldContinue && !isPaused.load(ordering: .acquiring) }

    /// Returns the number of compacted segments.
    private func compact(_ compaction: RootCompaction) -> Int {
        do {
            let count = try compaction.run { [self] in
                mayWork
            } onDamage: {
                meter.notify(.finding(Finding($0)))
            }
            if count > 0 { Memory.returnUnused() }
            return count
        } catch {
            // The segment is unchanged, and the next full one causes the next attempt.
            warn("a segment cannot be sealed yet", error)
            return 0
        }
    }

    private func answerRequests(_ compaction: RootCompaction) {
        let requests = state.withLock { exchange(&$0.requests, with: []) }
        for request in requests {
            request.continuation.resume(with: Result { try prune(compaction, request.decide()) })
        }
    }

    private func retain(_ compaction: RootCompaction) {
        guard let retention else { return }
        do {
            let outcome = try prune(compaction, retention(root))
            if outcome.removedSnapshots > 0 { meter.notify(.removed(outcome)) }
        } catch {
            warn("old snapshots cannot be removed yet", error)
        }
    }

    private func prune(_ compaction: RootCompaction, _ kept: KeptSnapshots) throws -> RootPruning.Outcome {
        compaction.forget()
        defer { Memory.returnUnused() }
        return try RootPruning(root).run(kept) { [self] in shouldContinue }
    }

    private func warn(_ message: String, _ error: any Error) {
        meter.notify(.finding(Finding(.warning, root.directory, at: 0, "\(message) (\(error))")))
    }
}
