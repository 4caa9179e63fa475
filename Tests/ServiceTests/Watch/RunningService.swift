import Logging
import RepositoryReader
import ServiceLifecycle
import Synchronization
import SystemPackage
import TestSupport

@testable import Service

/// A watch service in a group of its own, as the command runs it. When this value goes away, the service is
/// told to shut down.
final class RunningService: Sendable {
    /// Roots whose first capture is durable, as they are announced. Ends with the service.
    let ready: AsyncStream<[WatchService.Ready]>
    private let failures: Failures
    private let service: WatchService
    private let group: ServiceGroup
    private let run: Task<Void, any Error>

    init(
        _ targets: [WatchTarget],
        in repository: RepositoryDirectory,
        once: Bool = false
    ) throws {
        let (ready, announcement) = AsyncStream.makeStream(of: [WatchService.Ready].self)
        let failures = Failures()
        var listeners = WatchService.Listeners()
        listeners.failed = { path, _ in failures.paths.withLock { $0.append(path) } }
        listeners.ready = { announcement.yield($0) }
        let service = try WatchService(
            targets,
            in: repository,
            once: once,
            listeners: listeners,
            program: FilePath(HoldfastProgram.path)
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        (self.ready, self.failures, self.service, self.group) = (ready, failures, service, group)
        run = Task {
            defer { announcement.finish() }
            try await group.run()
        }
    }

    deinit {
        Task { [group] in await group.triggerGracefulShutdown() }
    }

    /// The roots that could not be protected, as they were told.
    var failedPaths: [FilePath] { failures.paths.withLock { $0 } }

    /// Has it protect these roots from now on.
    func update(_ targets: [WatchTarget]) { service.update(targets) }

    /// Waits until the service has ended, and throws what it failed with.
    func end() async throws { try await run.value }

    /// Tells it to shut down, and waits for that.
    func shutDown() async throws {
        await group.triggerGracefulShutdown()
        try await end()
    }
}

/// The roots that could not be protected.
private final class Failures: Sendable {
    let paths = Mutex<[FilePath]>([])
}

extension WatchTarget {
    /// A root that is found as it is. Its databases are not checked.
    init(_ root: RootDescription, exclusions: [String] = []) {
        var settings = RootSettings()
        (settings.checkAfter, settings.drillInterval) = (nil, nil)
        settings.exclusions = exclusions
        self.init(path: root.path, settings: settings, find: { root }, known: { root })
    }
}
