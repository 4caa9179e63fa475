import ArgumentParser
import History
import LinuxSystem
import Recovery
import Service
import SystemPackage

struct RowsRestoreCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore rows as they were, and leave all others alone.",
        discussion: """
            A KEY is a value of the table's primary key, or its rowid; of a key with several columns, give the values of each \
            row one after the other. Rows that are missing are inserted, columns matched by name. With --with-children all \
            rows are restored that refer to them by foreign keys, or did until ON DELETE SET NULL. A row that is there with \
            other values is a conflict, and stays as it is without --overwrite. What can be restored is restored; each row \
            that cannot is named, with the row that conflicts with it. --overwrite removes that one, and --skip-conflicts \
            is content without. It is one transaction; no trigger runs, and no foreign key deletes anything: triggers and \
            indexes that go by the rows are named. holdfast undo reverts it as long as nobody wrote since then. \
            PATH, a database or a root with one, may follow the keys.

            Exit status: 0 done, 1 failed, 3 done but for conflicts and rows that cannot be restored, 4 damage, 10 no such root, snapshot, table or row, 11 \
            another writer has it, 64 wrong usage, 130 interrupted.

            Examples:
              holdfast rows restore sessions session-03 --with-children --at "10m ago"
              holdfast rows restore events --where "id > 100" --at 42 --dry-run
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "The table.", completion: .table)
    var table: String

    @Argument(help: ArgumentHelp("The keys of the rows, and perhaps a PATH behind them.", valueName: "key"))
    var words: [String] = []

    @Option(
        parsing: .unconditional,
        help: .when("The snapshot or time that has the rows."),
        completion: .when,
        transform: parseWhen
    )
    var at: When

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Instead of keys: rows for which this is true; 1 means all.", valueName: "sql")
    )
    var condition: String?

    @Option(help: "A database, or a root with one.", completion: .protectedPath)
    var path: String?

    @Flag(help: "And all rows that refer to them.")
    var withChildren = false

    @Flag(
        help:
            "Rows that are there with other values get their former ones, and rows that conflict are removed."
    )
    var overwrite = false

    @Flag(help: "Leave conflicts and what cannot be restored, with exit status 0.")
    var skipConflicts = false

    @Flag(help: "Rebuild full-text indexes over the tables.")
    var rebuildIndexes = false

    @OptionGroup var inPlaceOptions: InPlaceOptions

    @OptionGroup var sync: SyncOption

    mutating func validate() throws {
        let isRight = condition == nil ? !words.isEmpty : words.count <= (path == nil ? 1 : 0)
        if !isRight {
            throw ValidationError("which rows? Say either their keys or --where SQL; --where 1 means all")
        }
        if overwrite && skipConflicts {
            throw ValidationError("--overwrite and --skip-conflicts exclude each other")
        }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        try source.refuseInPlace()
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let repository = try source.openRepository(options, console, for: [path ?? words.last, nil])
        let rows = try RowArguments(words, areKeys: condition == nil, path: path, in: repository)
        let target = try Target(rows.path, in: repository)
        let lock = try inPlaceOptions.lock(target.root)
        defer { withExtendedLifetime(lock) {} }
        sync.run(target, for: at, console: console)
        let chosen = try ChosenSnapshot(at, of: target)
        let entry = try HistoricalDatabase.entry(chosen)
        let database = chosen.index.path(of: entry.file, at: entry.sequence)
        console.message("\(database.printable) at snapshot \(entry.text)")

        var rowOptions = RowRestore.Options()
        rowOptions.wait = inPlaceOptions.wait
        rowOptions.reason = inPlaceOptions.reason
        rowOptions.isOverwriting = overwrite
        rowOptions.withChildren = withChildren
        rowOptions.rebuildsIndexes = rebuildIndexes
        let capture = FreshCapture(target.root, timeout: max(inPlaceOptions.wait, .seconds(30)))
        let restore = try RowRestore(chosen.index, entry, rowOptions) { try capture.captured($0) }
        var report = RowReport(
            path: database,
            entry: entry,
            isOverwriting: overwrite,
            isSkipping: skipConflicts,
            isDryRun: inPlaceOptions.dryRun,
            console: console
        )
        let selection = try selection(rows.keys, restore)
        if inPlaceOptions.dryRun {
            let outcome = try restore.dryRun(table, selection) { try report.show($0) }
            return try report.end(outcome, nil)
        }
        let (outcome, recovery, present) = try restore.run(table, selection)
        let status = try report.end(outcome, recovery)
        if !withChildren { try warn(of: restore.missingChildren(table, selection, at: present), console) }
        return status
    }

    private func warn(of children: [RowCounts], _ console: Console) {
        guard !children.isEmpty else { return }
        let list = children.map { "\($0[.missing] + $0[.unlinked]) of \($0.table.printable)" }.joined(
            separator: ", "
        )
        console.warning(
            "rows that referred to them are still missing (\(list)): the same with --with-children restores them"
        )
    }

    /// The values of one row after the other, each as many as the key has columns.
    private func selection(_ key: [String], _ restore: RowRestore) throws -> RowSelection {
        if let condition { return .condition(condition) }
        let width = try restore.keyColumns(of: table).count
        let rows = stride(from: 0, to: key.count, by: width).map {
            Array(key[$0..<min($0 + width, key.count)])
        }
        return .keys(rows)
    }
}
