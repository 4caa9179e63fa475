import LinuxSystem
package import RepositoryReader
import Synchronization
package import SystemPackage

/// Collects the alerts of one watcher, and delivers them to the receivers of the configuration.
///
/// Others report from any thread what has happened. Each round, on a thread of its own, takes these reports
/// and looks at the conditions of the roots. It writes the alerts to the board, which outlasts the watcher,
/// and delivers what is due.
package final class AlertDesk: Sendable {
    package struct Settings: Hashable, Sendable {
        package var receivers: [AlertReceiver] = []
        /// A web server that is called regularly while all is well.
        package var heartbeat: Heartbeat?

        package init() {}

        /// Whether there are no receivers, and no heartbeat.
        var isEmpty: Bool { receivers.isEmpty && heartbeat == nil }
    }

    package struct Heartbeat: Hashable, Sendable {
        package var url: String
        package var interval: Duration

        package init(url: String, interval: Duration) { (self.url, self.interval) = (url, interval) }
    }

    /// How a root is doing.
    struct RootCondition: Sendable {
        let path: String
        /// Whether its first capture is done, and it is being captured.
        let isReady: Bool
        /// Why it is not captured as it should be; nil if it is.
        let trouble: String?
    }

    /// How the copies of a root off the machine are doing.
    package struct RemoteCondition: Sendable {
        let root: String
        /// Why one of them is behind; nil if none is.
        let problem: String?

        package init(root: String, problem: String?) { (self.root, self.problem) = (root, problem) }
    }

    private enum Report: Sendable {
        case fire(Alert)
        case clear(Alert.Subject)
    }

    private struct State {
        var settings: Settings
        var reports: [Report] = []
        /// The board says that the watcher runs, or is about to.
        var isOnBoard = false
        /// The board says so for certain, or nobody is to be told, or was waited for.
        var isNoted = false
        /// When the watcher was told to end.
        var stopTime: MonotonicInstant?
        var isStopping: Bool { stopTime != nil }
        /// A round is running.
        var isBusy = false
    }

    private let repository: RepositoryDirectory
    private let store: AlertStore
    private let courier: AlertCourier
    private let remotes: @Sendable () -> [RemoteCondition]
    private let state: Mutex<State>
    private let signal = Signal()
    private let roundEnded = Signal()
    private let noted = Signal()

    /// The longest time between two rounds.
    private static let pause = Duration.seconds(60)
    /// How long `end` waits for a round. The process does not wait for much longer.
    private static let patience = Duration.milliseconds(1500)

    package init(
        _ repository: RepositoryDirectory,
        _ settings: Settings,
        configuration: FilePath?,
        watching paths: [FilePath] = [],
        courier: AlertCourier = AlertCourier(),
        remotes: @escaping @Sendable () -> [RemoteCondition] = { [] }
    ) {
        (self.repository, self.remotes) = (repository, remotes)
        self.courier = courier
        store = AlertStore(repository, of: configuration, watching: paths)
        state = Mutex(State(settings: settings))
    }

    /// Replaces the receivers and the heartbeat.
    package func update(_ settings: Settings) {
        state.withLock { $0.settings = settings }
        signal.raise()
    }

    func fire(_ alert: Alert) { report(.fire(alert)) }

    func clear(_ subject: Alert.Subject) { report(.clear(subject)) }

    /// Waits until the board says that the watcher runs, so that the next one tells of it if this one is
    /// killed. Where the board cannot be written, it waits only for a while.
    func waitUntilNoted(on loop: EventLoop) async {
        let deadline = MonotonicInstant.now.advanced(by: Self.patience)
        while state.withLock({ !$0.isNoted && !$0.isStopping }),
            await !noted.wait(until: deadline, on: loop).isEmpty
        {}
        // Not for each root again.
        state.withLock { $0.isNoted = true }
    }

    private func note() {
        state.withLock { $0.isNoted = true }
        noted.raise()
    }

    /// Has the conditions looked at now.
    func look() { signal.raise() }

    private func report(_ report: Report) {
        let hasReceivers = state.withLock { state in
            guard !state.settings.receivers.isEmpty else { return false }
            state.reports.append(report)
            return true
        }
        if hasReceivers { signal.raise() }
    }

    /// The watcher was told to end. That is noted on the board now: later there may be no time for it.
    func stop() {
        let isOnBoard = state.withLock { state in
            state.stopTime = state.stopTime ?? .now
            return state.isOnBoard
        }
        signal.raise()
        noted.raise()
        if isOnBoard { try? WorkerThread.start("alerts") { [store] in store.update { $0.end() } } }
    }

    /// The watcher has ended as it should. Waits for the round that is running: what it delivers and does not
    /// note would be delivered again by the next watcher.
    func end(on loop: EventLoop) async {
        let stopTime = state.withLock { $0.stopTime } ?? .now
        let deadline = stopTime.advanced(by: Self.patience)
        while state.withLock({ $0.isBusy }), await !roundEnded.wait(until: deadline, on: loop).isEmpty {}
        guard state.withLock({ $0.isOnBoard && $0.isStopping }) else { return }
        _ = try? await WorkerThread.run("alerts") { [self] in
            // What the last capture has reported is delivered by the next watcher.
            let (settings, reports) = takeReports()
            store.update { board in
                apply(reports, to: &board, settings.receivers)
                board.end()
            }
        }
    }

    private func takeReports() -> (settings: Settings, reports: [Report]) {
        state.withLock { state in
            defer { state.reports = [] }
            return (state.settings, state.reports)
        }
    }

    private func apply(_ reports: [Report], to board: inout AlertBoard, _ receivers: [AlertReceiver]) {
        for report in reports {
            switch report {
            case .fire(let alert): board.fire(alert, to: receivers, at: .now)
            case .clear(let subject): board.clear(subject, to: receivers)
            }
        }
    }

    /// Runs the rounds until the task is cancelled, or `stop`.
    func run(on loop: EventLoop, conditions: @escaping @Sendable () -> [RootCondition]) async {
        var watch = ConditionWatch(repository: repository.path)
        var next: MonotonicInstant? = .now
        await withTaskCancellationHandler {
            while true {
                _ = await signal.wait(until: next, on: loop)
                if state.withLock({ $0.isStopping }) || Task.isCancelled { return }
                let (settings, reports) = takeReports()
                let (before, current) = (watch, conditions())
                state.withLock { $0.isBusy = true }
                do {
                    (watch, next) = try await BackgroundWork.run(named: "alerts") { [self] in
                        defer {
                            state.withLock { $0.isBusy = false }
                            roundEnded.raise()
                        }
                        var watch = before
                        let next =
                            settings.isEmpty ? forget(current) : round(settings, reports, current, &watch)
                        return (watch, next)
                    }
                } catch is CancellationError {
                    return
                } catch {
                    // No thread could be started.
                    state.withLock { state in
                        state.isBusy = false
                        state.reports = reports + state.reports
                    }
                    next = MonotonicInstant.now.advanced(by: Self.pause)
                }
            }
        } onCancel: {
            signal.raise()
        }
    }

    /// There are no receivers: the watcher's alerts are given up. Returns nil: no round is due.
    private func forget(_ conditions: [RootCondition]) -> MonotonicInstant? {
        state.withLock { $0.isOnBoard = false }
        store.forget(Self.captured(conditions))
        note()
        return nil
    }

    /// The roots whose lock this watcher has.
    private static func captured(_ conditions: [RootCondition]) -> Set<String> {
        Set(conditions.filter(\.isReady).map(\.path))
    }

    /// Applies the reports and the conditions, and delivers what is due. Returns when the next round is due.
    private func round(
        _ settings: Settings,
        _ reports: [Report],
        _ conditions: [RootCondition],
        _ watch: inout ConditionWatch
    ) -> MonotonicInstant {
        let receivers = settings.receivers
        let isFirst = state.withLock { state in
            defer { state.isOnBoard = true }
            return !state.isOnBoard
        }
        let changes = watch.changes(conditions, at: .now)
        let watched = Set(conditions.map(\.path))
        // Other watchers tell of the copies of their roots.
        let copies = remotes().filter { watched.contains($0.root) }.map { condition in
            let subject = Alert.Subject(.remote, root: condition.root)
            guard let problem = condition.problem else { return Report.clear(subject) }
            return .fire(Alert(subject, since: .now, message: "\(condition.root): \(problem)"))
        }
        let news = reports + changes.fires.map(Report.fire) + changes.clears.map(Report.clear) + copies
        // A former watcher with another configuration may have told it.
        let firing = news.compactMap { report -> Alert.Subject? in
            if case .fire(let alert) = report { alert.subject } else { nil }
        }
        var board = store.update(
            takingOver: Self.captured(conditions),
            and: Set(firing),
            to: receivers
        ) { board in
            board.outbox.keep(receivers)
            if isFirst {
                board.begin(to: receivers, at: .now)
            } else if !state.withLock({ $0.isStopping }) {
                board.goOn()
            }
            board.receivers = receivers
            if settings.heartbeat == nil { board.heartbeatFailure = nil }
            apply(news, to: &board, receivers)
            board.protects(conditions.map(\.path), to: receivers)
            board.clearEvents(to: receivers, at: .now)
        }
        note()
        deliver(&board)
        var next = MonotonicInstant.now.advanced(by: Self.pause)
        if let heartbeat = settings.heartbeat {
            board = beat(heartbeat, conditions, &watch) ?? board
            next = min(next, .now.advanced(by: heartbeat.interval))
            if let beat = watch.nextHeartbeat(heartbeat.interval, after: .now) { next = min(next, beat) }
        }
        let retry = board.outbox.next(after: .now).map { next in
            Duration.nanoseconds(max(0, next.nanoseconds &- Instant.now.nanoseconds))
        }
        return retry.map { min(next, .now.advanced(by: $0)) } ?? next
    }

    /// Sends a heartbeat if it is due. Returns the board then.
    private func beat(
        _ heartbeat: Heartbeat,
        _ conditions: [RootCondition],
        _ watch: inout ConditionWatch
    ) -> AlertBoard? {
        guard !state.withLock({ $0.isStopping }),
            watch.isHeartbeatDue(heartbeat.interval, conditions, at: .now)
        else { return nil }
        let failure = courier.deliver([AlertDelivery(alert: nil, receiver: .url(heartbeat.url))])[0]
        if failure != nil { watch.heartbeatFailed(heartbeat.interval, at: .now) }
        return store.update { $0.heartbeatFailure = failure }
    }

    /// For the process that the service manager starts after a failure. Tells the configured receivers or, if
    /// the configuration cannot be read, the last ones that are known. Blocks its thread.
    package func reportStop(why: String, isConfigured: Bool) {
        let settings = state.withLock { $0.settings }
        var board = store.update { board in
            if isConfigured { board.receivers = settings.receivers }
            board.stopped(why: why, to: board.receivers, at: .now)
        }
        deliver(&board)
    }

    /// Delivers all that is due, until the watcher is told to end.
    private func deliver(_ board: inout AlertBoard) {
        while case let due = board.outbox.due(at: .now), !due.isEmpty, !state.withLock({ $0.isStopping }) {
            let failures = courier.deliver(due.map { AlertDelivery(alert: $0.alert, receiver: $0.receiver) })
            board = store.update { board in
                for (item, failure) in zip(due, failures) {
                    board.outbox.tried(item, failure: failure, at: .now)
                }
            }
        }
    }
}
