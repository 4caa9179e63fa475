import LinuxSystem
import Remote
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
    private let push: PushProcess?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - metrics: nil if none are served.
    ///   - push: nil if nothing is shipped.
    ///   - changes: those that hold from the start.
    init(
        _ watch: WatchOptions,
        _ options: GlobalOptions,
        _ repository: RepositoryDirectory,
        _ alerts: AlertDesk,
        _ metrics: MetricsProcess?,
        _ push: PushProcess?,
        _ changes: RootChanges
    ) {
        (self.watch, self.options, self.repository) = (watch, options, repository)
        (self.alerts, self.metrics, self.push) = (alerts, metrics, push)
        state = Mutex(State(changes: changes))
    }

    /// From here on, this service is changed. Serves metrics and ships, as the configuration says.
    func begin(_ service: WatchService) throws {
        state.withLock { $0.service = service }
        try metrics?.run(for: options.metricsAddress)
        try push?.run(for: RemoteChoice.all(options).ifAny)
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
            let remotes = try RemoteChoice.all(options)
            alerts.update(try AlertDesk.Settings(options))
            state.service?.update(targets)
            try metrics?.run(for: address)
            try push?.run(for: remotes.ifAny)
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
        get throws { try configuration()?.metrics?.value }
    }
}
