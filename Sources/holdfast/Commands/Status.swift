import ArgumentParser
import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

struct Status: HoldfastCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether everything is protected, and how each root is doing.",
        discussion: """
            With PATH only that root. The first line is the answer. "degraded" means that a watcher runs but something hinders it.

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
            let (report, _) = try report(console)
            screen.lines =
                report.headlines + report.alertLines + [""] + report.statuses.map(report.text)
                + report.remarks
        }
    }

    private func show(_ console: Console) throws -> ExitStatus {
        let (report, failure) = try report(console)
        let isWell = report.isWell
        if check {
            if !isWell { try console.text(report.why) }
        } else if line {
            try console.text(report.shortLine)
        } else {
            for line in report.headlines + report.alertLines { try console.text(line) }
            for status in report.statuses {
                let line = StatusLine(
                    status,
                    report.lags[status.root.id, default: []].map(\.line),
                    report.alerts,
                    report.now
                )
                try console.result(json: line, text: report.text(status))
            }
            for remark in report.remarks { try console.text(remark) }
        }
        if let failure {
            try console.flush()
            throw failure
        }
        return isWell ? .done : .failed
    }

    /// What there is to say, and what hinders that anything is known of a root.
    private func report(_ console: Console) throws -> (StatusReport, failure: (any Error)?) {
        let repository = try options.openRepository()
        let all = try repository.roots()
        let roots = try path.map { [try Target($0, in: repository).root] } ?? all.usable
        let isOneRoot = path != nil
        let asked = WorkerThread.begin("watchers") {
            isOneRoot ? [] : try RunningWatcher.all(in: repository).compactMap(\.description)
        }
        let answers = RootStatus.all(of: roots)
        let statuses = answers.map(\.status)
        // All roots are shown all the same.
        let failure =
            (isOneRoot ? nil : all.unusable.first?.failure) ?? answers.lazy.compactMap(\.problem).first
        let watchers = try asked.take().get()
        var awaited = awaitedRoots(watchers, besides: roots)
        if roots.isEmpty, awaited.isEmpty, failure == nil {
            let reason = Target.nothingIsProtected(in: repository)
            awaited.append(ProtectionAnswer.Problem(path: repository.path, reason: reason))
        }
        let answer = ProtectionAnswer(statuses, awaited: awaited, maximumAge: maxAge)
        let remotes = try RemoteChoice.all(options)
        let report = StatusReport(
            answer: answer,
            statuses: statuses,
            lags: Dictionary(statuses.map { ($0.root.id, RemoteLag.all($0, remotes)) }) { $1 },
            alerts: AlertStore.all(in: repository),
            remarks: watchers.compactMap(\.metrics?.problem),
            serviceStart: UnitScope.allCases.first(where: \.hasUnit)?.startCommand,
            style: console.style,
            now: .now
        )
        return (report, failure)
    }

    /// Roots that a watcher waits for, and of which nothing was captured yet.
    private func awaitedRoots(
        _ watchers: [WatcherDescription],
        besides roots: [RootDescription]
    ) -> [ProtectionAnswer.Problem] {
        let known = Set(roots.map(\.path.string))
        let awaited = watchers.flatMap(\.roots).filter { !known.contains($0.path) && $0.state != .ready }
        return awaited.map { root in
            let reason = root.reason ?? "the first capture is under way"
            return ProtectionAnswer.Problem(path: FilePath(root.path), reason: reason)
        }
    }
}
