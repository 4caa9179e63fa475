import LinuxSystem
import RepositoryReader
import Service
import Settings
import Synchronization
import SystemPackage

/// Changes what a running watcher protects: by SIGHUP, and when another command asks for it.
final class WatchReload: Sendable {
    private struct State {
        var service: WatchService?
        var changes: RootChanges
    }

    private let watch: WatchOptions
    private let options: GlobalOptions
    private let repository: RepositoryDirectory
    private let alerts: AlertDesk
    private let metrics: MetricsProcess?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - metrics: nil if none are served.
    ///   - changes: those that hold from the start.
    init(
        _ watch: WatchOptions,
        _ options: GlobalOptions,
        _ repository: RepositoryDirectory,
        _ alerts: AlertDesk,
        _ metrics: MetricsProcess?,
        _ changes: RootChanges
    ) {
        (self.watch, self.options, self.repository) = (watch, options, repository)
        (self.alerts, self.metrics) = (alerts, metrics)
        state = Mutex(State(changes: changes))
    }

    /// From here on, this service is changed. Serves metrics if the configuration says so.
    func begin(_ service: WatchService) throws {
        state.withLock { $0.service = service }
        try metrics?.serve(at: options.metricsAddress)
    }

    /// Reads the configuration again, and takes further changes in. If something is wrong with them, it
    /// throws and nothing changes.
    func run(adding: [FilePath] = [], removing: [FilePath] = []) throws {
        // It is not ready before its first capture is.
        let isReady = state.withLock { $0.service?.isReady ?? false }
        if isReady { ServiceManager.notify(.reloading) }
        // Also when nothing changes, because something is wrong.
        defer { if isReady { ServiceManager.notify(.ready) } }
        try state.withLock { state in
            var changes = state.changes
            changes.add(adding)
            changes.remove(removing)
            let targets = try watch.targets(in: repository, options, changes)
            let address = try options.metricsAddress
            alerts.update(try AlertDesk.Settings(options))
            state.service?.update(targets)
            try metrics?.serve(at: address)
            state.changes = changes
        }
        if try options.repositoryPath() != repository.path {
            Console.say("the configuration names another repository: stop the watcher, and start it again")
        }
        Console.say("the configuration was read again")
    }

    /// The same for a signal, which nobody waits for.
    func runAtSignal() {
        do {
            try run()
        } catch {
            // What is wrong with a configuration quotes it.
            var details: [String] = []
            if case .invalid(_, let problems)? = error as? ConfigurationError {
                details = problems.map(\.message)
            }
            Console.say("\(Failure.reason(error)): everything goes on as before", details: details)
        }
    }
}

extension GlobalOptions {
    /// Where the configuration has metrics served; nil for nowhere.
    fileprivate var metricsAddress: LoopbackAddress? {
        get throws { try configurationFile?.read()?.metrics?.value }
    }
}
