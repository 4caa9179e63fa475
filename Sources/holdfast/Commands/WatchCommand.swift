import ArgumentParser
import History
import LinuxSystem
import Logging
import Recovery
import Service
import ServiceLifecycle
import Settings
import Synchronization
import SystemPackage

struct WatchCommand: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Protect databases and files until told to stop.",
        discussion: """
            PATH is a directory, all of which is protected, or a single file. Left out, the roots of the configuration are \
            protected, else .devteam if that exists here, else the only root in the repository. The repository is made on first use.

            Prints a line beginning with "ready" on standard error when the first capture of everything is durable. \
            SIGINT, SIGTERM and SIGHUP end it: what has been committed is captured first, as far as that takes no longer than \
            two seconds; a second signal ends it at once. A root that cannot be protected is tried again as long as another one is, or with --wait-for-root.

            --ensure starts a watcher in the background where none runs, and returns at once. The watcher writes its messages \
            to watch.log in the repository; stop it with kill. A root that is watched already stays with its watcher.

            With a configuration file, SIGHUP has it read again instead: a root whose settings are the same goes on undisturbed.

            Now and then, when the history has grown, old snapshots are removed by the same rules as holdfast forget \
            has; without any --keep option, everything of the last 24 hours stays, then 48 hourly, 7 daily, 4 weekly and \
            12 monthly moments. --keep-all removes nothing.

            Exit status: 0 ended as told, or with --ensure: a watcher runs or was started, 1 failed, 3 with --once: some files or \
            roots could not be captured, 11 another watcher has the root, 64 wrong usage, 130 told to stop before everything was \
            captured.

            Examples:
              holdfast watch .devteam
              holdfast watch /srv/app --exclude "*.tmp" --keep-daily 30 --max-size 20G
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup var watch: WatchOptions

    @Flag(help: "Catch up and end.")
    var once = false

    @Flag(help: "Start a watcher in the background if none runs.")
    var ensure = false

    /// This is the watcher that --ensure starts. Its standard input has the locks of its start.
    @Flag(help: .hidden)
    var ensured = false

    /// Roots that another watcher has.
    @Option(help: .hidden)
    var except: [String] = []

    @OptionGroup var progress: ProgressOption

    mutating func validate() throws {
        if ensure, once { throw ValidationError("--ensure and --once exclude each other") }
        if ensure, progress.progress { throw ValidationError("--ensure and --progress exclude each other") }
    }

    func run() throws {
        guard watch.keepAll || !watch.retention.rules.policy.isEmpty else {
            throw RetentionError.keepsNothing
        }
        if ensure { return try ensureWatcher() }
        try (ensured ? leavingDirectory() : self).protect()
    }

    private func protect() throws {
        Memory.shareHeaps()
        CurrentProcess.raiseOpenFileLimit()
        var changes = RootChanges()
        changes.remove(except.map { FilePath(argument: $0) })
        let repository = try options.openOrCreateRepository()
        let targets = try watch.targets(in: repository, options, changes)
        let named = try watch.namedRoots(of: targets, options)
        // They stay when the configuration names others later.
        if !named.isEmpty { changes.add(targets.map(\.path)) }
        let isPartial = Atomic(false)
        let display = Mutex<ProgressDisplay?>(nil)
        var listeners = WatchService.Listeners()
        listeners.notice = { [options] in WatchMessages.say($1, of: $0, options) }
        listeners.failed = { [once] in
            isPartial.store(true, ordering: .releasing)
            WatchMessages.warn($0, $1, isTriedAgain: !once)
        }
        listeners.verdict = { WatchMessages.warn(of: $0) }
        listeners.drill = { [options] in WatchMessages.say($1, of: $0, options) }
        listeners.ready = { [options] ready in
            display.withLock { $0?.end() }
            if ready.contains(where: { $0.leftOut > 0 }) { isPartial.store(true, ordering: .releasing) }
            WatchMessages.announce(ready, options)
        }
        listeners.messages = { RecentMessages.all }
        if ensured { listeners.listening = { CurrentProcess.closeStandardInput() } }
        let alerts = try AlertDesk(
            repository,
            AlertDesk.Settings(options),
            configuration: options.configurationFile?.path,
            watching: named,
            remotes: { [options] in RemoteLag.conditions(repository, options) }
        )
        let configuration = try options.configuration() == nil ? nil : options.configurationFile?.path
        let metrics =
            try once
            ? nil : MetricsProcess(repository, configuration: configuration, isQuiet: options.quiet)
        listeners.metrics = { metrics?.metrics }
        let push =
            try once
            ? nil : PushProcess(repository, configuration: configuration, isQuiet: options.quiet)
        let reload = WatchReload(watch, options, repository, alerts, metrics, push, changes)
        listeners.reload = { try reload.run(adding: $0, removing: $1) }
        let service = try WatchService(
            targets,
            in: repository,
            configuration: configuration,
            alerts: once ? nil : alerts,
            once: once,
            listeners: listeners
        )
        display.withLock { $0 = showFirstCapture(of: service) }
        try reload.begin(service)
        if configuration != nil { try StopSignal.onHangUp { reload.runAtSignal() } }
        try run(service) { display.withLock { $0?.end() } }
        guard !(once && isPartial.load(ordering: .acquiring)) else { throw ExitStatus.partial }
        // What looks after the databases may have something half done.
        UnfinishedWork.abandonAll { CurrentProcess.exit(ExitStatus.done.rawValue) }
    }

    /// Runs it until it ends or a signal stops it, and then calls `ended`, before anything is said.
    private func run(_ service: WatchService, ended: () -> Void) throws {
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "holdfast") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        do {
            defer { ended() }
            try EventLoop.run("service") { loop in
                try StopSignal.onFirst {
                    Task(executorPreference: loop) { await group.triggerGracefulShutdown() }
                    try? WorkerThread.start("deadline") {
                        WorkerThread.sleep(Self.stopTime)
                        for (path, why) in service.abandon() { WatchMessages.warn(path, why) }
                        UnfinishedWork.abandonAll { CurrentProcess.exit(ExitStatus.interrupted.rawValue) }
                    }
                } again: {
                    CurrentProcess.exit(ExitStatus.interrupted.rawValue)
                }
                try await group.run()
            }
        } catch let interrupted as WatchService.Interrupted {
            for (path, why) in interrupted.roots { WatchMessages.warn(path, why) }
            UnfinishedWork.abandonAll { CurrentProcess.exit(ExitStatus.interrupted.rawValue) }
        }
    }

    private func showFirstCapture(of service: WatchService) -> ProgressDisplay? {
        ProgressDisplay(Console(options), wantsLines: progress.progress) { service.firstCapture }
    }

    /// What ends by itself when it is told to does within this time.
    private static let stopTime = Duration.milliseconds(2500)
}
