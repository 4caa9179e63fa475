import Capture
import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import Synchronization
import SystemPackage

/// Protects one root for as long as the watcher runs. What fails is said and tried again, each time after a
/// longer pause; meanwhile `status` has the reason.
final class RootWatch: Sendable {
    /// What it needs of the watcher.
    struct Surroundings: Sendable {
        let threads: WatchThreads
        let rootStates: RootStates
        let repositoryWatch: RepositoryWatch
        /// Catch up and return.
        let once: Bool
        let listeners: WatchService.Listeners
        /// Holdfast.
        let program: FilePath
        let counters = RootCounters()
        let started: Instant
    }

    private struct State {
        var protector: RootProtector?
        /// Why the protector was stopped, other than by the end of all.
        var loss: RepositoryError?
        var pause: Task<Void, Never>?
        var stop: CaptureStop?
        /// Only this root is to be protected no longer.
        var isRetired = false
        var isOver = false
    }

    let target: WatchTarget
    /// It protects the same root in another way, and ends.
    private let predecessor: Mutex<RootWatch?>
    private let number: Int
    private let end = Signal()
    let surroundings: Surroundings
    private let state = Mutex(State())

    /// No thread is at one job for longer.
    private static let longestJob = Duration.seconds(60)
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(30)
    /// Before the lock that a command has is asked for again.
    private static let lockPause = Duration.milliseconds(20)
    /// Commands that take longer are said to be in the way.
    private static let longestCommand = Duration.seconds(10)

    /// - Parameter predecessor: its end is awaited first.
    init(_ target: WatchTarget, _ surroundings: Surroundings, after predecessor: RootWatch? = nil) {
        self.target = target
        self.predecessor = Mutex(predecessor)
        self.surroundings = surroundings
        number = surroundings.rootStates.add(target.path)
    }

    var isRetired: Bool { state.withLock { $0.isRetired } }
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Protects the root until `stop` or `retire`. Throws what hinders that when no root of the watcher is
    /// protected any more, and `RepositoryError.gone` when the repository itself is not there any more.
    func run() async throws {
        defer { finish() }
        // It has the root's lock until then.
        await predecessor.withLock { $0.take() }?.untilOver()
        var failures = Failures()
        while true {
            let began = MonotonicInstant.now
            do {
                return try await attempt()
            } catch let error where isRetired {
                // What was not captured is captured when the root is protected again.
                return say(error, &failures)
            } catch let interruption as CaptureInterruption {
                return surroundings.rootStates.interrupted(target.path, "\(interruption)")
            } catch RepositoryError.locked where isHeldByCommand(since: failures.lockedSince ?? began) {
                failures.lockedSince = failures.lockedSince ?? began
                await pause { [surroundings] in
                    try? await surroundings.threads.requests.sleep(for: Self.lockPause)
                }
            } catch {
                failures.lockedSince = nil
                if case .unavailable(let reason) = try surroundings.repositoryWatch.check() {
                    try await waitUntilBack(reason, &failures)
                    continue
                }
                // Nothing of it is lost, and the others are captured to the end.
                if isStopping, target.settings.isAwaited, !surroundings.once { return }
                guard !isStopping, goesOnWithoutIt(because: error) else { throw error }
                say(error, &failures)
                if surroundings.once { return }
                if began.duration(to: .now) > Self.longestPause { failures.pause = Self.firstPause }
                await rest(failures.pause, showing: error)
                failures.pause = min(failures.pause * 2, Self.longestPause)
                surroundings.rootStates.starts(number)
            }
        }
    }

    /// Whether a command has had the root's lock since then, which ends sooner or later, and no watcher.
    private func isHeldByCommand(since start: MonotonicInstant) -> Bool {
        guard !isStopping, start.duration(to: .now) < Self.longestCommand else { return false }
        guard let root = try? target.known() else { return false }
        return (try? ControlClient(root).listener()) == .some(nil)
    }

    /// Whether the watcher goes on though this root cannot be protected for now.
    private func goesOnWithoutIt(because error: any Error) -> Bool {
        guard target.settings.isAwaited, !surroundings.once else {
            return surroundings.rootStates.failed(number, "\(error)")
        }
        surroundings.rootStates.waits(number, "\(error)")
        return true
    }

    private func finish() {
        let isRetired = state.withLock { state in
            state.isOver = true
            return state.isRetired
        }
        if isRetired { surroundings.rootStates.remove(number) }
        end.raise()
    }

    /// Waits until `run` has returned. For one task.
    private func untilOver() async {
        while !isOver { _ = await end.wait(on: surroundings.threads.requests) }
    }

    /// What is known of earlier attempts.
    private struct Failures {
        /// Before the next one.
        var pause = RootWatch.firstPause
        var said: String?
        /// Since when another process has the root's lock.
        var lockedSince: MonotonicInstant?
    }

    private func say(_ error: any Error, _ failures: inout Failures) {
        if "\(error)" != failures.said { surroundings.listeners.failed(target.path, error) }
        failures.said = "\(error)"
    }

    /// Nothing is tried on a place where another file system, or none, is mounted.
    private func waitUntilBack(_ reason: RepositoryError, _ failures: inout Failures) async throws {
        guard !isStopping, !surroundings.once else { throw reason }
        surroundings.rootStates.waits(number, "\(reason)")
        say(reason, &failures)
        await pause { [surroundings] in await surroundings.repositoryWatch.untilBack() }
        guard !isStopping else { throw reason }
        failures = Failures()
        surroundings.rootStates.starts(number)
    }

    /// Returns when `wait` does. A stop cancels it.
    private func pause(_ wait: @escaping @Sendable () async -> Void) async {
        let end = Task(executorPreference: surroundings.threads.requests) { await wait() }
        let isStopping = state.withLock { state in
            state.pause = end
            return state.stop != nil
        }
        if isStopping { end.cancel() }
        await withTaskCancellationHandler {
            await end.value
        } onCancel: {
            end.cancel()
        }
    }

    /// Ends `run`.
    func stop(_ stop: CaptureStop) {
        state.withLock { state in
            state.stop = state.stop == .atOnce ? .atOnce : stop
            state.pause?.cancel()
            state.protector?.stop(stop)
        }
    }

    /// Ends `run`, because this root is to be protected no longer, or in another way.
    func retire() {
        state.withLock { $0.isRetired = true }
        stop(.catchingUp)
    }

    /// What can be done with the repository has changed.
    func repositoryIs(_ condition: RepositoryWatch.Condition) {
        state.withLock { state in
            guard let protector = state.protector else { return }
            protector.repositoryTrouble(condition.trouble)
            guard case .unavailable(let reason) = condition, state.stop == nil else { return }
            state.loss = reason
            // Nothing of it stays open, so that its disk can be taken away.
            protector.stop(.atOnce)
        }
    }

    /// What the repository kept of a root is not there any more.
    func lost(_ root: RootID, _ reason: RepositoryError) {
        state.withLock { state in
            guard let protector = state.protector, protector.root.id == root, state.stop == nil else {
                return
            }
            state.loss = reason
            protector.stop(.atOnce)
        }
    }

    /// Removes images that are not finished, and says what of the root may not be captured; nil when it is
    /// through.
    func abandon() -> (path: FilePath, why: String)? {
        let (protector, isOver) = state.withLock { ($0.protector, $0.isOver) }
        guard !isOver else { return nil }
        protector?.removeDrafts()
        let status = protector?.status
        if let interruption = status?.interruption { return (target.path, "\(interruption)") }
        let isReady = status?.isReady ?? false
        let what =
            isReady ? "the last changes were written to the repository" : "the first capture was complete"
        return (target.path, "stopped before \(what)")
    }

    /// How it is doing; nil if it is no longer to be protected.
    var condition: AlertDesk.RootCondition? {
        guard !isRetired, let root = surroundings.rootStates.root(number) else { return nil }
        let hindrances = state.withLock { $0.protector }?.status.hindrances.values
        let hangs = surroundings.threads.hang(for: Self.longestJob)
        let hindrance = hindrances?.lazy.filter(\.isBlind).map(\.reason).min()
        return AlertDesk.RootCondition(
            path: root.path,
            isReady: root.state == .ready,
            trouble: root.reason ?? (hangs ? "a thread of the watcher hangs" : nil) ?? hindrance
        )
    }

    var firstCapture: WorkProgress.Reading? { state.withLock { $0.protector }?.status.firstCapture }

    private var isStopping: Bool { state.withLock { $0.stop != nil } }

    private func attempt() async throws {
        let threads = surroundings.threads
        let root = try await withTaskExecutorPreference(threads.protectors.recorders) { try target.find() }
        // One element is as good as many.
        let (changes, recorded) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        var options = protectorOptions { recorded.yield() }
        options.counters = surroundings.counters[root.id]
        let protector = try RootProtector(
            root: root,
            repository: surroundings.repositoryWatch.repository,
            options: options,
            threads: threads.protectors
        ) { [surroundings, number] notice in
            if case .trouble(let trouble) = notice { surroundings.rootStates.trouble(number, trouble) }
            surroundings.listeners.notice(root, notice)
        }
        let stop = state.withLock { state in
            (state.protector, state.loss) = (protector, nil)
            return state.stop
        }
        if let stop { protector.stop(stop) }
        repositoryIs(try surroundings.repositoryWatch.check())
        defer {
            surroundings.repositoryWatch.remove(root)
            surroundings.counters[root.id] = protector.status.counters
        }
        do {
            try await protect(protector, changes)
        } catch {
            // How it ended says less than why it was stopped.
            throw state.withLock { $0.loss } ?? error
        }
        if let loss = state.withLock({ $0.loss }) { throw loss }
    }

    /// Runs one root with its control socket, and meanwhile what else is to be done for it.
    private func protect(_ protector: RootProtector, _ changes: AsyncStream<Void>) async throws {
        async let protection: Void = withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in await maintain(protector, changes) }
            defer { group.cancelAll() }
            try await protector.run()
        }
        let socket = try await openSocket(protector)
        // Who reads that it is ready may ask.
        async let _: Void? = socket?.run()
        async let announcement: Void = announce(protector)
        // Declared last, so that it ends the answers before the scope waits for them.
        defer { socket?.stop() }
        try await protection
        await announcement
    }

    /// Only the lock's holder may take the socket's name: nil when the protector ends without the lock.
    private func openSocket(_ protector: RootProtector) async throws -> ControlSocket? {
        guard (try? await protector.locked()) != nil else { return nil }
        surroundings.repositoryWatch.add(protector.root)
        let (started, maximum) = (surroundings.started, target.settings.retention?.maximumBytes)
        do {
            return try ControlSocket(at: protector.root.controlPath, on: surroundings.threads.requests) {
                await protector.answer($0, started: started, maximumBytes: maximum)
            }
        } catch {
            // The scope waits for the protector's threads.
            protector.stop(.atOnce)
            throw error
        }
    }

    private func announce(_ protector: RootProtector) async {
        // One that fails says so itself.
        guard (try? await protector.ready()) != nil else { return }
        surroundings.rootStates.ready(number, WatchService.Ready(protector))
    }

    /// Lets time pass before the next attempt, and has `status` say why.
    private func rest(_ duration: Duration, showing error: any Error) async {
        let socket = failedSocket(error)
        async let answers: Void? = socket?.run()
        let arrival = PathArrival(of: target.path, surroundings.threads)
        await pause { await arrival.wait(atMost: duration) }
        socket?.stop()
        _ = await answers
    }

    /// Answers for the root while nobody protects it; nil where another watcher does, or there is
    /// no place for a socket.
    private func failedSocket(_ error: any Error) -> ControlSocket? {
        guard let root = try? target.known() else { return nil }
        let status = WatcherStatus(
            pid: CurrentProcess.identifier,
            isReady: false,
            started: surroundings.started.nanoseconds,
            trouble: "it cannot be protected, and is tried again: \(error)",
            counters: surroundings.counters[root.id],
            exclusions: target.settings.exclusions
        )
        return try? root.withoutWriter {
            // All else is for whoever asks to do himself.
            try ControlSocket(at: root.controlPath, on: surroundings.threads.requests) {
                $0 == .status ? .status(status) : nil
            }
        }
    }
}

extension RepositoryWatch.Condition {
    /// Why protection is not what it should be; nil when it is.
    fileprivate var trouble: String? {
        switch self {
        case .usable: nil
        case .readOnly(let path):
            "the file system of the repository's \(path.printable) is read-only: nothing can be captured: mount it writable"
        case .unavailable(let reason): "\(reason)"
        }
    }
}
