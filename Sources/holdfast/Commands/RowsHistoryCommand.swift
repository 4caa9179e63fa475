import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import SystemPackage

struct RowsHistoryCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show each version of a row, with its time.",
        discussion: """
            A KEY is a value of the table's primary key, or its rowid; of a key with several columns, give all values. PATH, a \
            database or a root with one, may follow it.

            Exit status: 0 done, 1 failed, 4 damage, 10 no such root or table, or never such a row, 64 wrong usage.

            Examples:
              holdfast rows history sessions session-03
              holdfast rows history events 17 .devteam/devteam.db --json
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "The table.", completion: .table)
    var table: String

    @Argument(help: ArgumentHelp("The key of the row, and perhaps a PATH behind it.", valueName: "key"))
    var words: [String]

    @Option(help: "A database, or a root with one.", completion: .protectedPath)
    var path: String?

    @OptionGroup var pager: PagerOption

    @OptionGroup var sync: SyncOption

    func perform(_ console: Console) throws -> ExitStatus {
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let repository = try source.openRepository(options, console, for: [path ?? words.last, nil])
        let row = try RowArguments(words, areKeys: true, path: path, in: repository)
        let (key, target) = (row.keys, try Target(row.path, in: repository))
        sync.run(target, for: .latest(back: 0), console: console)
        let chosen = try ChosenSnapshot(.latest(back: 0), of: target)
        let entry = try HistoricalDatabase.entry(chosen, mayBeGone: true)
        let database = chosen.index.path(of: entry.file, at: entry.sequence)
        let history = try RowHistory(target.root, entry.file, table: table, key: key)
        console.page(pager)
        var isFound = false
        try history.run { version in
            isFound = true
            let time = chosen.index.entry(at: version.state.sequence)?.time ?? version.state.time
            try console.result(json: line(version, time, database), text: text(version, time))
        }
        console.detail("SQLite examined \(Quantity.text(history.examinedCount, "snapshot"))")
        guard isFound else {
            throw Failure(
                .notFound,
                "\(table) never had a row \(key.joined(separator: " ")): see "
                    + "\(SuggestedCommand("query", "SELECT * FROM \"\(table)\"", database))"
            )
        }
        return .done
    }

    private func line(
        _ version: RowHistory.Version,
        _ time: Instant,
        _ database: FilePath
    ) -> RowVersionLine {
        RowVersionLine(
            sequence: version.state.sequence,
            time: time,
            path: database.string,
            table: table,
            change: version.kind.rawValue,
            row: SQLRow(version.row),
            old: SQLRow(version.former)
        )
    }

    private func text(_ version: RowHistory.Version, _ time: Instant) -> String {
        let age = "\(time.pasteableText), \(time.ageText(now: .now))"
        let head = "snapshot \(version.state.sequence) (\(age)): \(version.kind.rawValue) "
        guard version.kind == .changed else { return head + version.row.filter { $0.value != .null }.text }
        let changes = version.former.map { old in
            let new = version.row.first { $0.column.isSameName(as: old.column) }?.value ?? .null
            return "\(old.column.printable): \(old.value.printed) → \(new.printed)"
        }
        return head + changes.joined(separator: ", ")
    }
}
