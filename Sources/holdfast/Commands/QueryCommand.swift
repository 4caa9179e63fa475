import ArgumentParser
import LinuxSystem
import Recovery
import SystemPackage

struct QueryCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Run SQL on a database as it was.",
        discussion: """
            PATH is a database, or a root with one. The database is read as it was at WHEN, and nothing can write to it. \
            Rows are listed as sqlite3 does, with | between the columns; with --json each is an object.

            Exit status: 0 done, 1 failed or the SQL is wrong, 4 damage, 10 no such root, or no snapshot or database that \
            matches, 64 wrong usage.

            Examples:
              holdfast query --at "10m ago" "SELECT count(*) FROM sessions"
              holdfast query --at latest~1 --header "SELECT * FROM events" .devteam
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "One or more statements.")
    var sql: String

    @Argument(help: "A database or a root.", completion: .protectedPath)
    var path: String?

    @OptionGroup var moment: MomentOption

    @Flag(help: "The names of the columns first.")
    var header = false

    func perform(_ console: Console) throws -> ExitStatus {
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let target = try Target(path, in: source.openRepository(options, console, for: [path]))
        let past = try HistoricalDatabase(moment.choose(target, console))
        console.message("\(past.path.printable) at snapshot \(past.entry.text)")
        var announced: [String]?
        let isOnTerminal = CurrentProcess.isTerminal(1)
        let show = { (columns: [String], values: [SQLValue]) throws in
            if header, announced != columns {
                announced = columns
                let names = columns.map { isOnTerminal ? $0.printable : $0 }
                try console.text(names.joined(separator: "|"), wraps: false)
            }
            if console.isJSON {
                try console.result(json: SQLRow(columns, values), text: "")
            } else if isOnTerminal {
                try console.result(bytes: Array(values.map(\.listedForTerminal).joined(separator: "|").utf8))
            } else {
                try console.result(bytes: Array(values.map(\.listed).joined(separator: [UInt8(ascii: "|")])))
            }
        }
        try past.read { try $0.query(sql, onRow: show) }
        return .done
    }
}
