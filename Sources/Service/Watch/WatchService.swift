package import Capture
package import Recovery
package import Repository
import ServiceLifecycle
import SystemPackage

/// Protects some roots until it is told to stop: `holdfast watch`.
package struct WatchService: Service {
    package struct Ready: Sendable {
        package let root: RootDescription
        package let files: Int
        package let databases: Int
        /// Files that could not be read.
        package let leftOut: Int
    }

    private let roots: [RootDescription]
    private let repository: RepositoryDirectory
    private var options: RootProtector.Options
    /// Catch up and return.
    private let once: Bool
    private let health: HealthWatch.Options?
    private let drillInterval: Duration?
    private let notice: @Sendable (RootDescription, CaptureNotice) -> Void
    private let verdict: @Sendable (HealthSurvey.Verdict) -> Void
    private let drill: @Sendable (RootDescription, DrillRecord) -> Void
    private let ready: @Sendable ([Ready]) -> Void

    /// - Parameters:
    ///   - retention: which snapshots stay, when the history has grown; nil for all.
    ///   - health: when the captured databases are looked at; nil for never.
    ///   - drillInterval: how often a restore is tried; nil for never.
    ///   - verdict: what was found of a database.
    ///   - drill: how a drill went.
    ///   - ready: called when the first capture of everything is durable.
    package init(
        roots: [RootDescription],
        repository: RepositoryDirectory,
        options: RootProtector.Options,
        retention: RetentionRules? = nil,
        health: HealthWatch.Options? = HealthWatch.Options(),
        drillInterval: Duration? = nil,
        once: Bool = false,
        notice: @escaping @Sendable (RootDescription, CaptureNotice) -> Void,
        verdict: @escaping @Sendable (HealthSurvey.Verdict) -> Void,
        drill: @escaping @Sendable (RootDescription, DrillRecord) -> Void,
        ready: @escaping @Sendable ([Ready]) -> Void
    ) {
        self.roots = roots
        self.repository = repository
        self.options = options
        if let retention {
            self.options.retention = { root in
                let plan = try RetentionPlan(root, retention)
                if let limit = plan.limit, !limit.isReached {
                    let message =
                        "the root takes more than it may, for what must stay takes \(limit.estimatedBytes) bytes"
                    notice(root, .finding(Finding(.warning, root.directory, at: 0, message)))
                }
                return plan.kept
            }
        }
        self.health = once ? nil : health
        self.once = once
        self.notice = notice
        self.verdict = verdict
        self.drill = drill
        self.drillInterval = once ? nil : drillInterval
        self.ready = ready
    }

    package func run() async throws {
        var options = options
        options.openFiles /= max(1, roots.count)
        var protectors: [RootProtector] = []
        var cares: [@Sendable () async -> Void] = []
        for root in roots {
            // One element is as good as many.
            let (changes, recorded) = AsyncStream.makeStream(
                of: Void.self,
                bufferingPolicy: .bufferingNewest(1)
            )
            options.onDurable = { recorded.yield() }
            let protector = try RootProtector(root: root, repository: repository.path, options: options) {
                [notice] in
                notice(root, $0)
            }
            protectors.append(protector)
            let health = health.map { HealthWatch(protector, $0, changes: changes, notice: verdict) }
            let drills = drillInterval.map { DrillWatch(protector, every: $0, notice: drill) }
            cares.append {
                async let health: Void? = health?.run()
                async let drills: Void? = drills?.run()
                _ = await (health, drills)
            }
        }
        try await withGracefulShutdownHandler { [protectors] in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (protector, care) in zip(protectors, cares) {
                    group.addTask { try await Self.protect(protector, care) }
                }
                group.addTask { try await announce(protectors) }
                do {
                    try await group.waitForAll()
                } catch {
                    for protector in protectors { protector.stop() }
                    throw error
                }
            }
        } onGracefulShutdown: { [protectors] in
            for protector in protectors { protector.stop() }
        }
    }

    /// Runs one root with its control socket, and meanwhile what else is to be done for it, until it is cancelled.
    private static func protect(
        _ protector: RootProtector,
        _ care: @escaping @Sendable () async -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let socket = ControlSocketHolder()
            group.addTask {
                defer { socket.close() }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await care() }
                    defer { group.cancelAll() }
                    try await protector.run()
                }
            }
            // Only the lock's holder may take the socket's name.
            if (try? await protector.locked()) != nil {
                try socket.open(protector)
                group.addTask { try await socket.run() }
            }
            try await group.waitForAll()
        }
    }

    private func announce(_ protectors: [RootProtector]) async throws {
        for protector in protectors {
            // One that fails says so itself.
            guard (try? await protector.ready()) != nil else { return }
        }
        ready(
            protectors.map {
                Ready(
                    root: $0.root,
                    files: $0.status.files,
                    databases: $0.status.databases,
                    leftOut: $0.status.leftOut.count
                )
            }
        )
        if once { for protector in protectors { protector.stop() } }
    }
}
