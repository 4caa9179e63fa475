import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import SystemPackage

struct FindCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "find",
        abstract: "Find rows that were deleted, with the last snapshot that had them.",
        discussion: """
            PATH is a database, or a root with one. A row is found if some snapshot had it and the latest state does not; \
            rows are the same row if they have the same primary key, or rowid. Rows with the same last snapshot are listed \
            together, with a command that restores them. --where is an SQL expression over the columns of the table, which \
            must be true for the row in its last snapshot.

            Exit status: 0 done, also if there is no such row, 1 failed or the SQL is wrong, 3 done but for snapshots whose \
            rows cannot be compared, each with a note, 4 damage, 10 no such root or snapshot, or never such a table, 64 wrong usage.

            Examples:
              holdfast find sessions --deleted --since yesterday
              holdfast find events --deleted --where "event_type = 'log'" --json
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "The table.", completion: .table)
    var table: String

    @Argument(help: "A database, or a root with one.", completion: .protectedPath)
    var path: String?

    @Flag(help: "Rows that existed and are gone now.")
    var deleted = false

    @Option(
        parsing: .unconditional,
        help: .when("Only rows that existed at this snapshot or time, or later."),
        completion: .when,
        transform: parseWhen
    )
    var since: When?

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Only rows for which this is true.", valueName: "sql")
    )
    var condition: String?

    @OptionGroup var pager: PagerOption

    @OptionGroup var sync: SyncOption

    mutating func validate() throws {
        if !deleted { throw ValidationError("which rows? Say --deleted for those that are gone now") }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let target = try Target(path, in: source.openRepository(options, console, for: [path]))
        sync.run(target, for: .latest(back: 0), console: console)
        let chosen = try ChosenSnapshot(.latest(back: 0), of: target)
        chosen.warnIfStale(console)
        let entry = try HistoricalDatabase.entry(chosen, mayBeGone: true)
        let database = chosen.index.path(of: entry.file, at: entry.sequence)
        let deleted = try DeletedRows(
            target.root,
            entry.file,
            table: table,
            since: first(of: entry.file, in: chosen.index),
            where: condition
        )
        let rows = try deleted.find()
        console.detail("SQLite examined \(Quantity.text(deleted.examinedCount, "snapshot"))")
        for state in deleted.uncompared {
            console.warning(
                "at snapshot \(state.sequence) \(table.printable) got another key: rows that were gone since then may be missing here"
            )
        }
        if rows.isEmpty { console.message("no row of \(table.printable) is gone") }
        console.page(pager)
        let report = FoundRowsReport(
            table: table,
            database: database,
            index: chosen.index,
            source: source,
            console: console
        )
        try report.show(rows)
        return deleted.uncompared.isEmpty ? .done : .partial
    }

    /// The snapshot of the database that `--since` means; the first one where the time is before it.
    private func first(of file: FileID, in index: SnapshotIndex) throws -> SequenceNumber {
        guard let since else { return .none }
        do {
            return try index.resolve(since, in: .file(file), strictlyBefore: false, now: .now).sequence
        } catch let error as WhenError {
            if case .beforeFirst = error { return .none }
            throw error
        }
    }
}
