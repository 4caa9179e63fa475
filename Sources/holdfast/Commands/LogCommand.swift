import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage

struct LogCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "List snapshots, oldest first, one by one or by time.",
        discussion: """
            PATH is a protected file, a directory within a root, or a root, and may be gone by now. Left out, it is the root \
            that contains the current directory, else the .devteam of the nearest directory upwards, else the only root. WHEN is as for holdfast restore. Times can be passed to --at as they are. Works \
            beside a running watcher.

            With --table, PATH is a database or a root with one. Several conditions must all be met; --last then counts the \
            snapshots that meet them, and gaps are not listed. On a terminal that cannot show all snapshots at once they are \
            grouped by the finest unit of time by which they fit. Rows end at the terminal's width; in a pipe they are whole.

            Exit status: 0 done, 1 failed, 4 the history is damaged (what is intact was listed), 10 no repository, no \
            such root or no snapshot that matches, or never such a table, 64 wrong usage.

            Examples:
              holdfast log --table sessions --shrunk --since yesterday
              holdfast log .devteam/devteam.db --graph --since "2 days ago"
            """,
        aliases: ["ls"]
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "A protected file, directory or root.", completion: .protectedPath)
    var path: String?

    @Option(
        parsing: .unconditional,
        help: .when("From this snapshot or time on."),
        completion: .when,
        transform: parseWhen
    )
    var since: When?

    @Option(
        parsing: .unconditional,
        help: .when("Up to this snapshot or time."),
        completion: .when,
        transform: parseWhen
    )
    var until: When?

    @Option(help: ArgumentHelp("Of these, only the last N.", valueName: "n"))
    var last: Int?

    @Flag(help: "Newest first.")
    var reverse = false

    @OptionGroup var filter: LogFilter

    @Option(help: ArgumentHelp("Group by minute, hour or day of local time; snapshot: do not group."))
    var by: LogUnit?

    @Flag(help: "Draw commits, pages and, with --table, lost rows over time; tags and gaps are marked.")
    var graph = false

    @OptionGroup var pager: PagerOption

    @OptionGroup var sync: SyncOption

    mutating func validate() throws {
        if let last, last < 1 { throw ValidationError("--last \(last): N is 1 or more") }
        if graph && by != nil { throw ValidationError("--graph and --by exclude each other") }
        if graph && options.json {
            throw ValidationError("--graph and --json exclude each other: --by hour --json has the numbers")
        }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        if filter.table != nil { try UnfinishedWork.leaveNothingWhenInterrupted() }
        let now = Instant.now
        let target = try Target(path, in: source.openRepository(options, console, for: [path]))
        sync.run(target, for: .latest(back: 0), console: console)
        let (index, scope, directory) = try place(of: target)
        let listing = try HistoryListing(
            of: index,
            in: scope,
            below: directory,
            since: since,
            until: until,
            last: filter.isEmpty ? last : nil,
            now: now
        )
        let selection = try LogSelection(listing, filter, last: last, console)
        console.page(pager)
        let report = LogReport(selection: selection, isReversed: reverse, now: now, console: console)
        try show(report, target)
        try warn(index, scope, target, console)
        return .done
    }

    /// What the target means: of a root, a table is one of its database.
    private func place(of target: Target) throws -> (SnapshotIndex, HistoryScope, FilePath?) {
        guard filter.table != nil else {
            let index = try SnapshotIndex(target.root)
            let (scope, directory) = try index.scope(of: target)
            return (index, scope, directory)
        }
        let chosen = try ChosenSnapshot(.latest(back: 0), of: target)
        let entry = try HistoricalDatabase.entry(chosen, mayBeGone: true)
        return (chosen.index, .file(entry.file), nil)
    }

    private func show(_ report: LogReport, _ target: Target) throws {
        if graph { return try report.graph() }
        if let by {
            if let unit = by.unit { try report.groups(by: unit) } else { try report.list() }
            return
        }
        guard last == nil, let unit = try report.unitThatFits() else { return try report.list() }
        try report.groups(by: unit)
        try report.console.flush()
        report.console.message(
            "grouped by \(unit.rawValue) to fit the terminal: "
                + "\(SuggestedCommand("log", target.path, "--by", "snapshot")) lists each snapshot"
        )
    }

    private func warn(
        _ index: SnapshotIndex,
        _ scope: HistoryScope,
        _ target: Target,
        _ console: Console
    ) throws {
        if index.entries.isEmpty && index.damage.isEmpty {
            let command = SuggestedCommand("watch", target.root.path)
            console.message("there is no snapshot of \(target.path.printable) yet: run \(command)")
        }
        for issue in index.healthIssues(in: scope) {
            try console.flush()
            console.warning("\(issue): see \(SuggestedCommand("doctor", target.path))")
        }
        guard let damage = index.damage.first else { return }
        try console.flush()
        throw Failure(damage)
    }
}

/// By what `log` groups snapshots.
enum LogUnit: String, ExpressibleByArgument, CaseIterable {
    case minute, hour, day, snapshot

    var unit: CalendarUnit? { CalendarUnit(rawValue: rawValue) }
}
