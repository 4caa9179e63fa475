package import SystemPackage

/// The unit by which systemd runs a watcher from boot on (systemd.unit(5), systemd.service(5)).
package struct ServiceUnit: Hashable, Sendable {
    package enum Scope: Hashable, Sendable {
        /// Run by the user's own manager, with the user's permissions.
        case user
        /// Run by the machine's manager as root.
        case system
    }

    package static let name = "holdfast.service"
    /// The directory of a system's service that the manager creates (systemd.exec(5), `StateDirectory=`).
    package static let stateDirectory: FilePath = "/var/lib/holdfast"
    /// The first line of a file that this program wrote.
    static let mark =
        "# Written by `holdfast install`, which replaces it. For settings of your own: systemctl edit"

    package var scope: Scope
    /// The program that the unit runs. All paths are absolute.
    package var program: FilePath
    package var configuration: FilePath
    package var repository: FilePath
    /// Whether the configuration does not name the repository.
    package var namesRepository: Bool
    package var roots: [FilePath]
    /// Directories in which copies are kept, as mounted disks.
    package var copies: [FilePath]
    /// Whether the watcher, or what it starts, must reach other machines or offer a port.
    package var needsNetwork: Bool
    /// Whether somebody is to hear that the watcher has failed.
    package var hasAlerts: Bool

    package init(
        _ scope: Scope,
        program: FilePath,
        configuration: FilePath,
        repository: FilePath,
        namesRepository: Bool,
        roots: [FilePath],
        copies: [FilePath] = [],
        needsNetwork: Bool,
        hasAlerts: Bool
    ) {
        self.scope = scope
        self.program = program
        self.configuration = configuration
        self.repository = repository
        self.namesRepository = namesRepository
        self.roots = roots
        self.copies = copies
        self.needsNetwork = needsNetwork
        self.hasAlerts = hasAlerts
    }

    /// The content of the unit's file.
    package var text: String {
        let sections = [
            [Self.mark], ["[Unit]"] + unit, ["[Service]"] + service + sandbox, ["[Install]"] + install,
        ]
        return sections.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
    }

    private var unit: [String] {
        [
            "Description=Holdfast, continuous protection of SQLite databases",
            "Documentation=man:holdfast(1)",
        ]
            + (scope == .system ? ["After=local-fs.target remote-fs.target"] : [])
            // A root that is not mounted is waited for; without its repository nothing can be done.
            + ["RequiresMountsFor=\(UnitWord.path(repository))"]
    }

    private var service: [String] {
        let configuration = "--config \(UnitWord.argument(configuration))"
        let repository = "--repo \(UnitWord.argument(repository))"
        let program = UnitWord.argument(program)
        // Not OnFailure=: before systemd 254 that is passed over when the service is started again. The
        // repository is named, because the configuration may be what is wrong.
        let stopped = "ExecStopPost=\(program) alert stopped \(configuration) \(repository)"
        let options = namesRepository ? "\(configuration) \(repository)" : configuration
        return [
            "Type=notify",
            "ExecStart=\(program) watch \(options)",
            "ExecReload=/bin/kill -HUP $MAINPID",
        ] + (hasAlerts ? [stopped] : []) + [
            "Restart=on-failure",
            "RestartSec=5s",
            "# A wrong configuration is wrong the next time as well.",
            "RestartPreventExitStatus=64",
            "# The first capture of large databases takes its time.",
            "TimeoutStartSec=infinity",
            "TimeoutStopSec=30s",
            "# Stopped before the first capture was complete.",
            "SuccessExitStatus=130",
            "WatchdogSec=5min",
            "# Its memory holds content of databases, which belongs into no core file.",
            "WatchdogSignal=SIGKILL",
        ]
    }

    private var install: [String] {
        ["WantedBy=\(scope == .system ? "multi-user.target" : "default.target")"]
    }
}
