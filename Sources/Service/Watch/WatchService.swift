package import Capture
package import History
package import LinuxSystem
package import Recovery
package import RepositoryReader
import ServiceLifecycle
package import SystemPackage

/// Protects some roots until it is told to stop: `holdfast watch`.
package struct WatchService: Service {
    package struct Ready: Sendable {
        package let root: RootDescription
        package let files: Int
        package let databases: Int
        /// Files that could not be captured.
        package let leftOut: Int

        init(_ protector: RootProtector) {
            let status = protector.status
            root = protector.root
            files = status.files
            databases = status.databases
            leftOut = status.leftOut.count + status.hindrances.values.count { $0.isBlind }
        }
    }

    /// Told to stop, and these roots are not captured as a whole.
    package struct Interrupted: Error {
        package let roots: [(path: FilePath, why: String)]
    }

    /// Whom it tells of what happens.
    package struct Listeners: Sendable {
        package var notice: @Sendable (RootDescription, CaptureNotice) -> Void = { _, _ in }
        /// A root cannot be protected for now. It is tried again, unless it is to be captured only once.
        package var failed: @Sendable (FilePath, any Error) -> Void = { _, _ in }
        /// What was found of a database.
        package var verdict: @Sendable (HealthSurvey.Verdict) -> Void = { _ in }
        /// A database that was found damaged was deleted. Said again at the next start.
        package var deletedDamaged: @Sendable (RootDescription, FilePath) -> Void = { _, _ in }
        /// How a drill went.
        package var drill: @Sendable (RootDescription, DrillRecord) -> Void = { _, _ in }
        /// Another command asks that the configuration be read again, and to protect paths or no longer.
        /// Throws why that cannot be.
        package var reload: @Sendable (_ adding: [FilePath], _ removing: [FilePath]) throws -> Void = {
            _,
            _ in
        }
        /// What was said last, for those who ask for it.
        package var messages: @Sendable () -> [WatcherMessage] = { [] }
        /// Where metrics are served; nil for nowhere.
        package var metrics: @Sendable () -> WatcherDescription.Metrics? = { nil }
        /// From here on, other commands find this watcher, and the roots that it protects or will.
        package var listening: @Sendable () -> Void = {}
        /// The first capture of these roots is durable.
        package var ready: @Sendable ([Ready]) -> Void = { _ in }

        package init() {}
    }

    private let once: Bool
    /// The configuration file that can be read again.
    private let configuration: FilePath?
    private let started = Instant.now
    private let listeners: Listeners
    private let repository: RepositoryDirectory
    private let threads: WatchThreads
    private let rootStates = RootStates()
    private let repositoryWatch: RepositoryWatch
    private let roots: WatchedRoots
    /// Nil if nobody can be told of anything.
    private let alerts: AlertDesk?

    /// - Parameters:
    ///   - configuration: the configuration file in use, to be named to others.
    ///   - alerts: is told what goes wrong.
    ///   - once: catch up and return.
    ///   - program: Holdfast, which it starts for what it does not do itself.
    package init(
        _ targets: [WatchTarget],
        in repository: RepositoryDirectory,
        configuration: FilePath? = nil,
        alerts: AlertDesk? = nil,
        once: Bool = false,
        listeners: Listeners,
        program: FilePath = CurrentProcess.program
    ) throws(SystemError) {
        let listeners = alerts.map(listeners.reporting) ?? listeners
        self.alerts = alerts
        self.once = once
        self.configuration = configuration
        self.repository = repository
        self.listeners = listeners
        threads = try WatchThreads(rootCount: max(1, targets.count))
        repositoryWatch = RepositoryWatch(repository, threads)
        roots = WatchedRoots(
            RootWatch.Surroundings(
                threads: threads,
                rootStates: rootStates,
                repositoryWatch: repositoryWatch,
                once: once,
                listeners: listeners,
                program: program,
                started: started
            )
        )
        roots.update(targets)
    }

    /// Protects these roots from now on. One that is protected in the same way already goes on undisturbed.
    package func update(_ targets: [WatchTarget]) { roots.update(targets) }

    /// Protects the roots until the graceful shutdown, or once. A root that fails hinders no other one.
    ///
    /// Throws `Interrupted` when a shutdown came before everything was captured, `RepositoryError.gone`, and
    /// what hinders the last root when none is left that is protected.
    package func run() async throws {
        // Where nobody can listen, databases are protected all the same.
        let socket = try? WatcherSocket(repository, on: threads.requests) { await answer($0) }
        if socket != nil { listeners.listening() }
        async let _: Void? = socket?.run()
        defer { socket?.stop() }
        let watchdog = ServiceManager.watchdogTime.map { Watchdog(time: $0, threads: threads) }
        async let _: Void? = watchdog?.run()
        async let _: Void? = alerts?.run(on: threads.requests) { [roots] in roots.conditions }
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [repositoryWatch, roots, alerts] in
                    try await repositoryWatch.run { condition in
                        for watch in roots.all { watch.repositoryIs(condition) }
                        alerts?.look()
                    } lost: { root, reason in
                        for watch in roots.all { watch.lost(root, reason) }
                    }
                }
                group.addTask {
                    async let announcing: Void = announce()
                    try await protect()
                    await announcing
                }
                do {
                    // The roots are through.
                    _ = try await group.next()
                    group.cancelAll()
                    try await group.waitForAll()
                } catch {
                    roots.stop(.atOnce)
                    throw error
                }
            }
        } onGracefulShutdown: {
            ServiceManager.notify(.stopping, .status("capturing what was committed, then stopping"))
            roots.stop(.catchingUp)
            alerts?.stop()
        }
        await alerts?.end(on: threads.requests)
        let interruptions = rootStates.interruptions
        guard interruptions.isEmpty else { throw Interrupted(roots: interruptions) }
    }

    /// For a process that ends while the service runs: removes images that are not finished. Returns the
    /// roots of which something may not be captured, and why.
    package func abandon() -> [(path: FilePath, why: String)] { roots.all.compactMap { $0.abandon() } }

    private func answer(_ request: ControlRequest) async -> ControlAnswer {
        switch request {
        case .watcher:
            let description = WatcherDescription(
                pid: CurrentProcess.identifier,
                started: started.nanoseconds,
                configuration: configuration?.string,
                roots: rootStates.roots,
                usage: ProcessUsage.current.map { WatcherDescription.Usage($0) },
                metrics: listeners.metrics()
            )
            return .watcher(description)
        case .messages: return .messages(listeners.messages())
        case .reload(let adding, let removing):
            do {
                try await WorkerThread.run("reload") {
                    let paths = [adding, removing].map { $0.map { FilePath(argument: $0) } }
                    try listeners.reload(paths[0], paths[1])
                }
                return .reloaded
            } catch {
                return .failed(reason: "\(error)")
            }
        case .synchronise, .forget, .status:
            return .failed(reason: "this is the socket of the watcher: ask that of a root")
        }
    }

    /// How far the first capture of all roots together is; nil when it is over, or did not begin.
    package var firstCapture: WorkProgress.Reading? {
        roots.all.compactMap(\.firstCapture).reduce(nil) { sum, one in
            WorkProgress.Reading(
                stage: one.stage,
                bytes: one.bytes.addingSaturated(sum?.bytes ?? 0),
                totalBytes: one.totalBytes.addingSaturated(sum?.totalBytes ?? 0)
            )
        }
    }

    /// Whether the service manager was told that it is ready.
    package var isReady: Bool { rootStates.isAnnounced }

    private func protect() async throws {
        defer { rootStates.end() }
        try await withThrowingDiscardingTaskGroup { group in
            for await watch in roots.starting {
                group.addTask { [roots] in
                    do {
                        try await watch.run()
                    } catch {
                        roots.stop(.atOnce)
                        throw error
                    }
                }
            }
        }
    }

    private func announce() async {
        for await ready in rootStates.announcements {
            // Who reads that it is ready may kill it.
            await alerts?.waitUntilNoted(on: threads.requests)
            if !ready.isEmpty { listeners.ready(ready) }
            ServiceManager.notify(.ready)
            Memory.returnCode()
            if once { roots.stop(.done) }
        }
    }
}
