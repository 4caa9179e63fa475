import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryReader
import SystemPackage

struct DiffCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show which rows differ between two moments.",
        discussion: """
            From the first WHEN to the second one, or to the latest snapshot. PATH is a database or a root; of a root, other \
            files that differ are named. Rows are the same row if they have the same primary key, or rowid.

            Exit status: 0 done, 1 failed, 3 done but for tables that cannot be compared, each with a note, 4 damage, \
            10 no such root or no snapshot that matches, 64 wrong usage.

            Examples:
              holdfast diff "10m ago"
              holdfast diff before-cleanup latest .devteam/devteam.db --table sessions
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: .when("The older snapshot or time."), completion: .when, transform: parseWhen)
    var from: When

    @Argument(
        help: ArgumentHelp(
            "The newer snapshot or time, and a database or a root; either may be left out.",
            valueName: "when] [path"
        ),
        completion: .whenOrPath
    )
    var rest: [String] = []

    @Option(help: ArgumentHelp("Only this table.", valueName: "name"), completion: .table)
    var table: String?

    @Flag(help: "Only how many rows of each table.")
    var summary = false

    @OptionGroup var pager: PagerOption

    @OptionGroup var sync: SyncOption

    @OptionGroup var progress: ProgressOption

    mutating func validate() throws {
        if rest.count > 2 {
            throw ValidationError("too much: say WHEN, perhaps another WHEN, and perhaps PATH")
        }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let repository = try source.openRepository(options, console, for: [rest.last, nil])
        let (to, path) = try split(in: repository)
        let target = try Target(path, in: repository)
        sync.run(target, for: from, to, console: console)
        let old = try ChosenSnapshot(from, of: target)
        let new = try ChosenSnapshot(to, of: target)
        new.warnIfStale(console)
        let pair = SnapshotPair(new.index, in: new.scope, from: old.entry.sequence, to: new.entry.sequence)
        console.page(pager)
        let work = WorkProgress()
        let report = DiffReport(
            pair: pair,
            target: target,
            table: table,
            isSummary: summary,
            progress: work,
            console: console
        )
        return try console.showing(work, wantsLines: progress.progress) {
            try report.show(from: old.entry, to: new.entry)
        }
    }

    /// One argument alone is a path if a root has it.
    private func split(in repository: RepositoryDirectory) throws -> (to: When, path: String?) {
        if rest.count == 2 { return (try parseWhen(rest[0]), rest[1]) }
        guard let one = rest.first else { return (.latest(back: 0), nil) }
        let isPath = try Target.isNamed(by: one, in: repository)
        return isPath ? (.latest(back: 0), one) : (try parseWhen(one), nil)
    }
}
