package import Capture
package import History
package import LinuxSystem
package import Recovery
package import RepositoryReader
import ServiceLifecycle
package import SystemPackage

/// Protects some roots until it is told to stop: `holdfast watch`.
package struct WatchService: Service {
    /// What is to be protected.
    package struct Target: Sendable {
        /// As it was given.
        package let path: FilePath
        /// Its root, made if it is new. Throws when there is nothing to protect for now.
        let find: @Sendable () throws -> RootDescription
        /// The root that the repository has of it; nil for none.
        let known: @Sendable () throws -> RootDescription?

        package init(
            path: FilePath,
            find: @escaping @Sendable () throws -> RootDescription,
            known: @escaping @Sendable () throws -> RootDescription?
        ) {
            self.path = path
            self.find = find
            self.known = known
        }
    }

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
        /// How a drill went.
        package var drill: @Sendable (RootDescription, DrillRecord) -> Void = { _, _ in }
        /// The first capture of these roots is durable.
        package var ready: @Sendable ([Ready]) -> Void = { _ in }

        package init() {}
    }

    private let once: Bool
    private let listeners: Listeners
    private let standings: RootStates
    private let repositoryWatch: RepositoryWatch
    private let watches: [RootWatch]

    /// - Parameters:
    ///   - retention: which snapshots stay, when the history has grown; nil for all.
    ///   - health: when the captured databases are looked at; nil for never.
    ///   - drillInterval: how often a restore is tried; nil for never.
    ///   - once: catch up and return.
    package init(
        targets: [Target],
        repository: RepositoryDirectory,
        options: RootProtector.Options,
        retention: RetentionRules? = nil,
        health: HealthWatch.Options? = HealthWatch.Options(),
        drillInterval: Duration? = nil,
        once: Bool = false,
        listeners: Listeners
    ) throws(SystemError) {
        self.once = once
        self.listeners = listeners
        standings = RootStates(rootCount: targets.count)
        let threads = try WatchThreads(rootCount: targets.count)
        repositoryWatch = RepositoryWatch(repository, threads)
        var options = options
        options.openFiles /= max(1, targets.count)
        if let retention { options.retention = Self.retention(retention, listeners.notice) }
        let (health, drillInterval) = once ? (nil, nil) : (health, drillInterval)
        let surroundings = RootWatch.Surroundings(
            options: options,
            threads: threads,
            standings: standings,
            repositoryWatch: repositoryWatch,
            once: once,
            listeners: listeners
        ) { protector, changes in
            let health = health.map {
                HealthWatch(
                    protector: protector,
                    options: $0,
                    loop: threads.maintenance,
                    changes: changes,
                    notice: listeners.verdict
                )
            }
            let drills = drillInterval.map {
                DrillWatch(
                    protector: protector,
                    schedule: DrillSchedule(interval: $0),
                    loop: threads.maintenance,
                    notice: listeners.drill
                )
            }
            async let healthRun: Void? = health?.run()
            async let drillRun: Void? = drills?.run()
            _ = await (healthRun, drillRun)
        }
        watches = targets.enumerated().map { RootWatch($0, $1, surroundings) }
    }

    private static func retention(
        _ rules: RetentionRules,
        _ notice: @escaping @Sendable (RootDescription, CaptureNotice) -> Void
    ) -> @Sendable (RootDescription) throws -> KeptSnapshots {
        { root in
            let plan = try RetentionPlan(root, rules)
            if let limit = plan.limit, !limit.isReached {
                let message =
                    "the root takes more than --max-size allows, and cannot be brought below "
                    + "\(Quantity.text(bytes: limit.leastBytes)): allow more"
                notice(root, .finding(Finding(.warning, root.directory, at: 0, message)))
            }
            return plan.kept
        }
    }

    /// Protects the roots until the graceful shutdown, or once. A root that fails hinders no other one.
    ///
    /// Throws `Interrupted` when a shutdown came before everything was captured, `RepositoryError.gone`, and
    /// what hinders the last root when none is left that is protected.
    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [repositoryWatch, watches] in
                    try await repositoryWatch.run { condition in
                        for watch in watches { watch.repositoryIs(condition) }
                    } lost: { root, reason in
                        for watch in watches { watch.lost(root, reason) }
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
                    stop(.atOnce)
                    throw error
                }
            }
        } onGracefulShutdown: {
            stop(.catchingUp)
        }
        let interruptions = standings.interruptions
        guard interruptions.isEmpty else { throw Interrupted(roots: interruptions) }
    }

    /// For a process that ends while the service runs: removes images that are not finished. Returns the
    /// roots of which something may not be captured, and why.
    package func abandon() -> [(path: FilePath, why: String)] { watches.compactMap { $0.abandon() } }

    /// How far the first capture of all roots together is; nil when it is over, or did not begin.
    package var firstCapture: WorkProgress.Reading? {
        watches.compactMap(\.firstCapture).reduce(nil) { sum, one in
            WorkProgress.Reading(
                stage: one.stage,
                bytes: one.bytes.addingSaturated(sum?.bytes ?? 0),
                totalBytes: one.totalBytes.addingSaturated(sum?.totalBytes ?? 0)
            )
        }
    }

    private func protect() async throws {
        defer { standings.end() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for watch in watches { group.addTask { try await watch.run() } }
            do {
                for try await _ in group {}
            } catch {
                stop(.atOnce)
                throw error
            }
        }
    }

    private func announce() async {
        for await ready in standings.announcements {
            listeners.ready(ready)
            if once { stop(.done) }
        }
    }

    private func stop(_ stop: CaptureStop) {
        for watch in watches { watch.stop(stop) }
    }
}
