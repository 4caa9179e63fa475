import ArgumentParser
import LinuxSystem
import RepositoryReader
import Service
import Settings
import SystemPackage

struct InstallCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Have systemd run the watcher from boot on.",
        discussion: """
            Writes the unit holdfast.service for the roots of the configuration, to which each PATH is added first, and \
            starts it. The unit lets the watcher write to nothing but its repository. Say it again after the configuration \
            has got a remote, a heartbeat, alerts or metrics, or another repository: the unit follows.

            A user's service runs while the user is logged in; with loginctl enable-linger it runs from boot on. \
            Changes of your own belong into systemctl edit holdfast.service.

            Exit status: 0 done, 1 failed, 11 another watcher runs on the repository, 64 wrong usage or a wrong configuration.

            Examples:
              holdfast install /srv/app/.devteam
              holdfast install --user --print
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "What to protect, besides what the configuration names.", completion: .file())
    var path: [String] = []

    @Flag var scope: UnitScope?

    @Flag(help: "Write the unit to the standard output, and do nothing.")
    var print = false

    func perform(_ console: Console) throws -> ExitStatus {
        let scope = scope ?? .standard
        let name = options.config.map { FilePath(argument: $0) }
        guard let file = ConfigurationFile(named: name, isSystems: scope == .system) else {
            throw Failure(.wrongUsage, "where is the configuration? HOME is not set: say --config FILE")
        }
        let paths = try path.map { try RootChanges.absolute(argument: $0) }
        if print {
            var unit = try UnitPlan(scope, file, options).unit
            unit.roots += paths.filter { !unit.roots.contains($0) }
            if !paths.isEmpty {
                console.message("the unit protects what \(file.path.printable) names: add PATH to it")
            }
            try console.result(bytes: Array(unit.text.utf8))
            return .done
        }
        try scope.checkManager()
        try refuseBesideOther(scope, file)
        let unit = try plan(scope, file, adding: paths)
        // The service sees its repository only if that is there when it starts.
        try options.openOrCreateRepository(at: unit.repository)
        let unitFile = try scope.unitFile()
        let change = try unitFile.write(unit)
        try start(scope, change, console)
        try report(unit, unitFile, change, console)
        if scope == .user {
            console.message(
                "it runs while you are logged in; to have it run from boot on: loginctl enable-linger"
            )
        }
        return .done
    }

    /// The unit, after the configuration was completed.
    private func plan(
        _ scope: UnitScope,
        _ file: ConfigurationFile,
        adding paths: [FilePath]
    ) throws -> ServiceUnit {
        let configuration = try file.isPresent ? file.read(with: options) ?? Configuration() : Configuration()
        guard !paths.isEmpty || !configuration.roots.isEmpty else {
            throw Failure(
                .wrongUsage,
                "no root is configured: name one, as in \(SuggestedCommand("install", "PATH"))"
            )
        }
        _ = try file.add(paths) { options.problems(of: $0) }
        let (repository, isNamed) = try UnitPlan.repository(scope, configuration, options)
        // All commands of this user find it then.
        if scope == .system, !isNamed, repository == ServiceUnit.stateDirectory {
            _ = try file.nameRepository(repository)
        }
        return try UnitPlan(scope, file, options).unit
    }

    /// A watcher that somebody has started would keep the roots from the service.
    private func refuseBesideOther(_ scope: UnitScope, _ file: ConfigurationFile) throws {
        let configuration = try file.isPresent ? file.read(with: options) ?? Configuration() : Configuration()
        let (repository, _) = try UnitPlan.repository(scope, configuration, options)
        guard FileStatus.ifPresent(repository) != nil else { return }
        let own = try scope.processID()
        let others = try RunningWatcher.all(in: RepositoryDirectory(at: repository)).filter { $0.pid != own }
        guard let other = others.first else { return }
        throw Failure(
            .locked,
            "a watcher runs on \(repository.printable) already (pid \(other.pid)): stop it, then install again"
        )
    }

    private func start(_ scope: UnitScope, _ change: UnitFile.Change, _ console: Console) throws {
        console.message(
            "starting \(ServiceUnit.name): it is ready when everything is captured for the first time"
        )
        let isStarted =
            try (change == .unchanged || scope.systemctl("daemon-reload"))
            && scope.systemctl("--quiet", "enable", ServiceUnit.name)
            // One that runs, perhaps by the unit of a package, is to follow its new unit.
            // The configuration may be another one.
            && scope.systemctl(change == .unchanged ? "reload-or-restart" : "restart", ServiceUnit.name)
        guard isStarted else {
            let user = scope == .user ? "--user " : ""
            throw Failure(
                .failed,
                "the service did not start: see systemctl \(user)status \(ServiceUnit.name) and journalctl \(user)-u holdfast"
            )
        }
    }

    private func report(
        _ unit: ServiceUnit,
        _ file: UnitFile,
        _ change: UnitFile.Change,
        _ console: Console
    ) throws {
        let roots = unit.roots.map(\.printable).joined(separator: ", ")
        let what =
            switch change {
            case .installed: "installed \(file.path.printable)"
            case .updated: "updated \(file.path.printable)"
            case .unchanged: "\(file.path.printable) is installed already"
            }
        try console.result(
            json: UnitLine(
                unit: file.path.string,
                action: change.rawValue,
                configuration: unit.configuration.string,
                repository: unit.repository.string,
                roots: unit.roots.map(\.string)
            ),
            text: "\(what): it protects \(roots) in \(unit.repository.printable)"
        )
    }
}
