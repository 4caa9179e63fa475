import ArgumentParser

struct RowsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rows",
        abstract: "Restore rows, or show the history of one.",
        discussion: """
            Exit status: that of the command behind it; 0 done, 64 wrong usage.

            Examples:
              holdfast rows history sessions session-03
              holdfast rows restore sessions session-03 --at "10m ago"
            """,
        subcommands: [RowsRestoreCommand.self, RowsHistoryCommand.self]
    )
}
