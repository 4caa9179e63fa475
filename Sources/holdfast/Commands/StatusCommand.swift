import ArgumentParser
import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

struct StatusCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say whether everything is protected, and how each root is doing.",
        discussion: """
            With PATH only that root. The first line is the answer. "degraded" means that a watcher runs but something hinders it. \
            If the configuration has roots, these are to be protected; other roots of the repository that nobody watches are only listed.

            --check is for monitors: it prints nothing if every root is watched, sound and fresh, else one line that says why. \
            --line is for a prompt or a status line. --watch shows the status anew each second until Ctrl-C.

            Exit status: 0 all is well, 1 something is not protected or not well, or failed, 10 no repository or no such root, \
            64 wrong usage.

            Examples:
              holdfast status --watch
              holdfast status --check --max-age 5m
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A root or a protected file.", completion: .protectedPath)
    var path: String?

    @Flag(help: "Print nothing if all is well, else one line why.")
    var check = false

    @Flag(help: "Print one line.")
    var line = false

    @Flag(help: "Show it anew each second, on a terminal.")
    var watch = false

    @Option(
        help: .time("For how long it may be unknown whether everything committed is durable."),
        transform: parseDuration
    )
    var maxAge: Duration?

    mutating func validate() throws {
        guard [check, line, watch].count(where: \.self) <= 1 else {
            throw ValidationError("--check, --line and --watch exclude each other")
        }
        if watch, options.json { throw ValidationError("--watch and --json exclude each other") }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        // Each root is asked at its own socket, all at once.
        CurrentProcess.raiseOpenFileLimit()
        guard watch else { return try show(console) }
        guard let terminal = console.terminal else {
            throw Failure(.wrongUsage, "--watch needs a terminal: run it without --watch")
        }
        return try LiveScreen(terminal).run { screen in
            let report = try report(console)
            screen.lines = report.headlines + [""] + report.roots.map(\.text) + report.scope.remarks
        }
    }

    private func show(_ console: Console) throws -> ExitStatus {
        let report = try report(console)
        let isWell = report.isWell
        if check {
            if !isWell { try console.text(report.why) }
        } else if line {
            try console.text(report.shortLine)
        } else {
            for line in report.headlines { try console.text(line) }
            for root in report.roots { try console.result(json: root.json, text: root.text) }
            for remark in report.scope.remarks { try console.text(remark) }
        }
        if let failure = report.scope.failure {
            try console.flush()
            throw failure
        }
        // No root has an object that says it.
        if console.isJSON, let nothing = report.nothing { throw Failure(.failed, nothing.reason) }
        return isWell ? .done : .failed
    }

    private func report(_ console: Console) throws -> StatusReport {
        let repository = try options.openRepository()
        let scope =
            try path.map { StatusScope(try Target($0, in: repository).root) }
            ?? StatusScope(repository, options)
        let remotes = try RemoteChoice.all(options)
        let nothing = ProtectionAnswer.Problem(
            path: repository.path,
            reason: Target.nothingIsProtected(in: repository)
        )
        let lags = (scope.statuses + scope.former).map { ($0.root.id, RemoteLag.all($0, remotes)) }
        return StatusReport(
            scope,
            nothing: scope.isEmpty ? nothing : nil,
            maximumAge: maxAge,
            lags: Dictionary(lags) { $1 },
            alerts: AlertStore.all(in: repository),
            serviceStart: UnitScope.allCases.first(where: \.hasUnit)?.startCommand,
            style: console.style
        )
    }
}
