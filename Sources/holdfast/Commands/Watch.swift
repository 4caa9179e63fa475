import ArgumentParser
import Capture
import History
import LinuxSystem
import Logging
import Recovery
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import Service
import ServiceLifecycle
import Synchronization
import SystemPackage

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Protect databases and files until told to stop.",
        discussion: """
            PATH is a directory, all of which is protected, or a single file. Left out, it is .devteam if that exists \
            here, else the only root in the repository. The repository is made on first use.

            Prints a line beginning with "ready" on standard error when the first capture of everything is durable. \
            SIGINT, SIGTERM and SIGHUP end it: what has been committed is captured first, as far as that takes no longer than \
            two seconds; a second signal ends it at once. A root that cannot be protected is tried again as long as another one is.

            Now and then, when the history has grown, old snapshots are removed by the same rules as holdfast forget \
            has; without any --keep option, everything of the last 24 hours stays, then 48 hourly, 7 daily, 4 weekly and \
            12 monthly moments. --keep-all removes nothing.

            Exit status: 0 ended as told, 1 failed, 3 with --once: some files or roots could not be captured, 11 another watcher has the \
            root, 64 wrong usage, 130 told to stop before everything was captured.

            Examples:
              holdfast watch .devteam
              holdfast watch /srv/app --exclude "*.tmp" --keep-daily 30 --max-size 20G
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "What to protect.", completion: .file())
    var path: [String] = []

    @Option(help: .time("Quiet that ends a burst of changes."), transform: parseDuration)
    var debounce: Duration = .milliseconds(20)

    @Option(help: .time("The longest that a change waits to be made durable."), transform: parseDuration)
    var maxDelay: Duration = .milliseconds(100)

    @Option(
        help: .time(
            "The longest that a file goes without being compared as a whole; idle ones are after each change."
        ),
        transform: parseDuration
    )
    var auditInterval: Duration = .seconds(24 * 3600)

    @Option(
        help: .time("Quiet after which SQLite checks the captured image of each database that changed."),
        transform: parseDuration
    )
    var checkAfter: Duration = .seconds(5)

    @Option(
        help: .time("How often a restore of everything is tried; 0s for never."),
        transform: parseDuration
    )
    var drillInterval: Duration = .seconds(24 * 3600)

    @Option(help: ArgumentHelp("Leave out names that match; may be repeated.", valueName: "glob"))
    var exclude: [String] = []

    @OptionGroup(title: "Rules of retention") var retention: RetentionOptions

    @Flag(help: "Remove nothing.")
    var keepAll = false

    @Flag(help: "Catch up and end.")
    var once = false

    @OptionGroup var progress: ProgressOption

    mutating func validate() throws {
        guard keepAll else { return }
        guard retention.rules == RetentionRules() else {
            throw ValidationError("--keep-all and rules of retention exclude each other")
        }
    }

    func run() async throws {
        guard keepAll || !retention.rules.policy.isEmpty else { throw RetentionError.keepsNothing }
        Memory.shareHeaps()
        CurrentProcess.raiseOpenFileLimit()
        let (repository, targets) = try await WorkerThread.run("command") { try openTargets() }
        var protection = RootProtector.Options()
        protection.quiet = debounce
        protection.maximumDelay = maxDelay
        protection.auditInterval = max(auditInterval, .seconds(1))
        protection.exclusions = exclude
        protection.isPatient = !once
        var health = HealthWatch.Options()
        health.quiet = max(checkAfter, .milliseconds(100))
        let isPartial = Atomic(false)
        let display = Mutex<ProgressDisplay?>(nil)
        var listeners = WatchService.Listeners()
        listeners.notice = { [options] in Self.say($1, of: $0, options) }
        listeners.failed = { [once] in
            isPartial.store(true, ordering: .releasing)
            Self.warn($0, $1, isTriedAgain: !once)
        }
        listeners.verdict = { Self.warn(of: $0) }
        listeners.drill = { [options] in Self.say($1, of: $0, options) }
        listeners.ready = { [options] ready in
            display.withLock { $0?.end() }
            if ready.contains(where: { $0.leftOut > 0 }) { isPartial.store(true, ordering: .releasing) }
            Self.announce(ready, options)
        }
        let service = try WatchService(
            targets: targets,
            repository: repository,
            options: protection,
            retention: keepAll ? nil : retention.rules,
            health: health,
            drillInterval: drillInterval > .zero ? max(drillInterval, .seconds(1)) : nil,
            once: once,
            listeners: listeners
        )
        display.withLock { $0 = showFirstCapture(of: service) }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "holdfast") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        try StopSignal.onFirst {
            Task { await group.triggerGracefulShutdown() }
            try? WorkerThread.start("deadline") {
                WorkerThread.sleep(Self.stopTime)
                for (path, why) in service.abandon() { Self.warn(path, why) }
                UnfinishedWork.abandonAll { CurrentProcess.exit(ExitStatus.interrupted.rawValue) }
            }
        } again: {
            CurrentProcess.exit(ExitStatus.interrupted.rawValue)
        }
        do {
            defer { display.withLock { $0?.end() } }
            try await group.run()
        } catch let interrupted as WatchService.Interrupted {
            for (path, why) in interrupted.roots { Self.warn(path, why) }
            UnfinishedWork.abandonAll { CurrentProcess.exit(ExitStatus.interrupted.rawValue) }
        }
        guard !(once && isPartial.load(ordering: .acquiring)) else { throw ExitStatus.partial }
        // What looks after the databases may have something half done.
        UnfinishedWork.abandonAll { CurrentProcess.exit(ExitStatus.done.rawValue) }
    }

    private func showFirstCapture(of service: WatchService) -> ProgressDisplay? {
        ProgressDisplay(Console(options), wantsLines: progress.progress) { service.firstCapture }
    }

    /// What ends by itself when it is told to does within this time.
    private static let stopTime = Duration.milliseconds(2500)

    /// Makes the repository, and finds what is to be protected.
    private func openTargets() throws -> (RepositoryDirectory, [WatchService.Target]) {
        let repository = try RepositoryDirectory.openOrCreate(at: options.repositoryPath())
        for damaged in try repository.roots().damaged { Console.warn(of: damaged) }
        if try repository.isOpenedByMount {
            Console.say(
                "warning: the file system of \(repository.path.printable) keeps no modes, and its mount lets other users in: "
                    + "mount it with umask=077, or keep the repository elsewhere"
            )
        }
        if path.isEmpty, FileStatus.ifPresent(".devteam") == nil {
            let root = try Target(nil, in: repository).root
            return (repository, [WatchService.Target(path: root.path, find: { root }, known: { root })])
        }
        let paths = (path.isEmpty ? [".devteam"] : path).map { FilePath(argument: $0) }
        // A wrong command is wrong at once; what else fails may work later.
        let roots = paths.map { path in Result { try Self.root(path, in: repository) } }
        for root in roots {
            if case .failure(let error as Failure) = root, error.status == .wrongUsage { throw error }
        }
        let found = roots.compactMap { try? $0.get() }
        guard Set(found).count == found.count else {
            throw Failure(.wrongUsage, "the same root is named twice: name it once")
        }
        let targets = paths.map { path in
            WatchService.Target(path: path) {
                try Self.root(path, in: repository)
            } known: {
                try repository.root(for: path).flatMap {
                    $0.name == nil || $0.root.kind == .file ? $0.root : nil
                }
            }
        }
        return (repository, targets)
    }

    private static func root(_ path: FilePath, in repository: RepositoryDirectory) throws -> RootDescription {
        guard !path.isEmpty else { throw Failure(.wrongUsage, "PATH is empty: name a directory or a file") }
        let status = try FileStatus.of(path)
        if [.directory, .regular].contains(status.kind),
            let pseudo = FileSystem.nameIfPseudo(try Directory.resolve(path))
        {
            throw Failure(
                .wrongUsage,
                "\(path.printable) is on \(pseudo), which the kernel makes up: name files of your own"
            )
        }
        if let enclosing = try RepositoryDirectory.enclosing(path) {
            throw Failure(
                .wrongUsage,
                "\(path.printable) lies in the repository \(enclosing.printable), which is not protected itself: "
                    + "name your own files, or copy the repository for a second copy"
            )
        }
        if let match = try repository.root(for: path), match.root.kind == .directory, let name = match.name,
            RootScope().protects(status.kind == .directory ? name.appending("any") : name)
        {
            let root = match.root.path
            throw Failure(
                .wrongUsage,
                "\(path.printable) lies in \(root.printable), which is protected as a whole: run "
                    + "\(SuggestedCommand("watch", root))"
            )
        }
        switch status.kind {
        case .directory: return try repository.addRoot(path, kind: .directory)
        case .regular: return try repository.addRoot(path, kind: .file)
        case .symbolicLink, .pipe, .socket, .device:
            throw Failure(
                .failed,
                "\(path.printable) is neither a directory nor a regular file: name one that is"
            )
        }
    }

    /// A root cannot be protected for now.
    private static func warn(_ path: FilePath, _ error: any Error, isTriedAgain: Bool) {
        let addition = isTriedAgain ? "; trying again" : ""
        Console.say("\(path.printable) cannot be protected: \(Failure.reason(error))\(addition)")
    }

    /// Not everything was captured when it was told to stop.
    private static func warn(_ path: FilePath, _ why: String) {
        Console.say("\(path.printable): \(why); run \(SuggestedCommand("watch", path)) again")
    }

    private static func announce(_ ready: [WatchService.Ready], _ options: GlobalOptions) {
        for one in ready {
            if options.json {
                let line = ReadyLine(root: one.root.path.string, files: one.files, databases: one.databases)
                StandardStream.output.write(line.json + "\n")
            } else {
                TerminalLine.cleared {
                    StandardStream.error.write(
                        "ready: \(one.root.path.printable), \(Quantity.text(one.databases, "database")), "
                            + "\(Quantity.text(one.files, "file"))\n"
                    )
                }
            }
        }
        ServiceManager.reportReady()
    }

    /// At the first damaged snapshot.
    private static func warn(of verdict: HealthSurvey.Verdict) {
        guard let problem = verdict.problem, verdict.isNews else { return }
        let path = verdict.path.printable
        let advice =
            verdict.lastGood.map { "the last one found good is \($0)" } ?? "none was found good before"
        Console.say(
            "\(path) is damaged at snapshot \(verdict.sequence) (\(problem)); \(advice): see "
                + "\(SuggestedCommand("doctor", verdict.path))"
        )
    }

    private static func say(_ drill: DrillRecord, of root: RootDescription, _ options: GlobalOptions) {
        if drill.problem == nil && options.quiet { return }
        Console.say("\(root.path.printable): \(drill.text)")
    }

    private static func say(_ notice: CaptureNotice, of root: RootDescription, _ options: GlobalOptions) {
        let path = root.path.printable
        switch notice {
        case .finding(let finding):
            Console.say("\(finding.file.printable) at byte \(finding.offset): \(finding.message)")
        case .leftOut(let leftOut): if leftOut.isTrouble || !options.quiet { Console.say(leftOut.text) }
        case .hindered(let reason): Console.say(reason)
        case .quarantined(let file, let reason):
            Console.say("\(file): \(reason): this file is captured anew, the others go on: please report it")
        case .trouble(let trouble?): Console.say("\(path): \(trouble)")
        case .trouble(nil): if !options.quiet { Console.say("\(path): in order again") }
        case .gap(let reason):
            if !options.quiet { Console.say("\(path): a gap in the history: \(reason)") }
        case .removed(let outcome):
            guard !options.quiet else { return }
            let size = Quantity.text(bytes: outcome.freedBytes)
            Console.say("\(path): removed \(outcome.removedSnapshots) old snapshots, \(size) freed")
        case .databaseDeleted(let file):
            let command = SuggestedCommand("doctor", file, "--apply", "best")
            Console.say("\(file.printable) was deleted: to restore it, \(command)")
        case .sharesDisk: if !options.quiet { Console.say("\(path): \(DiskWarning.text)") }
        case .auditDifference(let file):
            Console.say(
                "found changes in \(file) that were not captured, and captured them: this is a bug, please report it"
            )
        }
    }
}
