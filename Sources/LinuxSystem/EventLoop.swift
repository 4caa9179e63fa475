import CLinux
import Glibc
import Synchronization

/// Runs tasks on a few threads of its own. A task that waits, for a `Signal` or a descriptor, needs no
/// thread. A task may block its thread, for example in read(2) or fsync(2). If all threads are blocked for
/// longer than the loop's patience, it starts further ones, so that a disk that does not answer delays only
/// those who wait for it.
///
/// One idle thread is the leader: it waits for descriptors and deadlines (poll(2)). The others wait for jobs.
package final class EventLoop: TaskExecutor {
    private struct State {
        var jobs = FIFOQueue<UnownedJob>()
        var deadlines: [ObjectIdentifier: Deadline] = [:]
        var sources = DescriptorSources()
        var hasLeader = false
        /// The end of the leader's wait in poll(2); nil when it is awake.
        var polledUntil: MonotonicInstant?
        /// Threads that rest, and were not woken.
        var idleThreads = 0
        var threadCount: Int
        /// When a thread last asked for work, or a further one was started.
        var lastDuty = MonotonicInstant.now
        /// When the descriptors were last polled.
        var lastLook = MonotonicInstant.now
        var isStopped = false
        /// What each thread does.
        var activities: [ThreadActivity] = []
    }

    private let name: String
    private let urgency: WorkerThread.Urgency
    private let threadLimit: Int
    private let patience: Duration?
    private let state: Mutex<State>
    private let wakeup: WakeupPipe
    /// After this time the next thread looks at the descriptors before it takes a job.
    private static let longestBlindness = Duration.milliseconds(1)
    private let rest = Semaphore()

    /// Starts the threads, which run until `stop`. `name` is at most 15 bytes.
    ///
    /// - Parameter patience: nil for no further threads.
    package init(
        _ name: String,
        threads: Int = 1,
        urgency: WorkerThread.Urgency = .normal,
        patience: Duration? = nil
    ) throws(SystemError) {
        (self.name, self.urgency, self.patience) = (name, urgency, patience)
        threadLimit = max(1, threads)
        state = Mutex(State(threadCount: threadLimit))
        wakeup = try WakeupPipe()
        for _ in 0..<threadLimit { try startThread() }
    }

    private func startThread() throws(SystemError) {
        try WorkerThread.start(name, urgency: urgency) { [self] in work() }
    }

    /// Ends the threads. No task may need the loop any more, apart from its last return.
    package func stop() {
        let idleThreads = state.withLock { state in
            state.isStopped = true
            defer { state.idleThreads = 0 }
            return state.idleThreads
        }
        for _ in 0..<idleThreads { rest.signal() }
        wakeup.signal()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        wake { $0.jobs.append(job) }
    }

    /// Calls the signal's `expire` at that time, instead of when an earlier call said; nil: never.
    func callAtDeadline(_ time: MonotonicInstant?, _ signal: Signal, wait: UInt64) {
        let mustWake = state.withLock { state in
            state.deadlines[ObjectIdentifier(signal)] = time.map {
                Deadline(time: $0, signal: signal, wait: wait)
            }
            guard let time, let polledUntil = state.polledUntil, time < polledUntil else { return false }
            state.polledUntil = nil
            return true
        }
        if mustWake { wakeup.signal() }
    }

    /// Changes the sources. The leader waits for the new ones at once.
    func changeSources(_ change: (inout DescriptorSources) -> Void) {
        wake { change(&$0.sources) }
    }

    /// To be called now and then: if all threads are blocked, nothing else may notice.
    package func revive() { wake { _ in } }

    /// Changes the state, and wakes or starts a thread if none is awake that will notice.
    private func wake(_ change: (inout State) -> Void) {
        enum Need { case nothing, leader, other, thread }
        let need = state.withLock { state -> Need in
            change(&state)
            let isForOthers = !state.jobs.isEmpty && state.idleThreads > 0
            // A leader that is awake takes the first job itself.
            if isForOthers, state.polledUntil != nil || !state.hasLeader || state.jobs.count > 1 {
                state.idleThreads -= 1
                return .other
            }
            if state.polledUntil != nil {
                state.polledUntil = nil
                return .leader
            }
            guard let patience, !state.hasLeader, state.lastDuty.duration(to: .now) > patience else {
                return .nothing
            }
            // The next one is due when this one is blocked as well.
            state.lastDuty = .now
            state.threadCount += 1
            return .thread
        }
        switch need {
        case .nothing: break
        case .leader: wakeup.signal()
        case .other: rest.signal()
        case .thread:
            do {
                try startThread()
            } catch {
                state.withLock { $0.threadCount -= 1 }
            }
        }
    }

    private enum Duty {
        case run(UnownedJob)
        case lead, rest, end
    }

    private func work() {
        let executor = unsafe asUnownedTaskExecutor()
        let activity = ThreadActivity()
        state.withLock { $0.activities.append(activity) }
        defer { state.withLock { $0.activities.removeAll { $0 === activity } } }
        var round = Round()
        while true {
            switch nextDuty() {
            case .run(let job):
                activity.begin()
                unsafe job.runSynchronously(on: executor)
                activity.end()
            case .lead: lead(&round)
            case .rest: rest.wait()
            case .end: return
            }
        }
    }

    /// Whether a thread has been at one job for longer than that. One that waits for a disk does not count:
    /// nothing in this process can help it, and not even SIGKILL ends it.
    package func hangs(for time: Duration) -> Bool {
        state.withLock { $0.activities }.contains { $0.hangs(for: time) }
    }

    /// A thread that takes a job wakes another one to lead, or to take the next job.
    private func nextDuty() -> Duty {
        var wakesOther = false
        let duty = state.withLock { state -> Duty in
            state.lastDuty = .now
            let mustLook =
                !state.hasLeader && state.lastLook.duration(to: state.lastDuty) > Self.longestBlindness
            if !mustLook, let job = state.jobs.popFirst() {
                wakesOther = state.idleThreads > 0 && (!state.hasLeader || !state.jobs.isEmpty)
                if wakesOther { state.idleThreads -= 1 }
                return .run(job)
            }
            if state.isStopped, state.jobs.isEmpty { return .end }
            if !state.hasLeader {
                state.hasLeader = true
                return .lead
            }
            if state.threadCount > threadLimit {
                state.threadCount -= 1
                return .end
            }
            state.idleThreads += 1
            return .rest
        }
        if wakesOther { rest.signal() }
        return duty
    }

    /// One wait of the leader. A thread keeps it, so that no wait needs memory of its own.
    private struct Round: ~Copyable {
        var poller = Poller()
        var polled: [(SourceID, Poller.Slot)] = []
        var handlers: [@Sendable () -> Void] = []
        var expired: [Deadline] = []

        mutating func begin() {
            poller.removeAll()
            polled.removeAll(keepingCapacity: true)
            handlers.removeAll(keepingCapacity: true)
            expired.removeAll(keepingCapacity: true)
        }
    }

    private func lead(_ round: inout Round) {
        round.begin()
        let wakeupSlot = round.poller.add(wakeup)
        let timeout = state.withLock { state in
            let now = MonotonicInstant.now
            let pauseEnd = state.sources.add(to: &round.poller, &round.polled, at: now)
            let end = state.deadlines.values.reduce(pauseEnd) { min($0, $1.time) }
            guard state.jobs.isEmpty, !state.isStopped, end > now else { return Duration.zero }
            state.polledUntil = end
            return now.duration(to: end)
        }
        // Without memory for it the kernel refuses to wait; the next attempt may succeed.
        _ = try? round.poller.wait(timeout)
        if round.poller.isReady(wakeupSlot) { wakeup.drain() }
        state.withLock { state in
            let now = MonotonicInstant.now
            (state.polledUntil, state.lastLook) = (nil, now)
            for deadline in state.deadlines.values where deadline.time <= now {
                round.expired.append(deadline)
            }
            for deadline in round.expired { state.deadlines[ObjectIdentifier(deadline.signal)] = nil }
            state.sources.takeReady(round.polled, round.poller, into: &round.handlers, at: now)
        }
        for handler in round.handlers { handler() }
        for deadline in round.expired { deadline.signal.expire(wait: deadline.wait) }
        state.withLock { $0.hasLeader = false }
    }
}

extension EventLoop {
    fileprivate struct Deadline {
        let time: MonotonicInstant
        let signal: Signal
        let wait: UInt64
    }
}
