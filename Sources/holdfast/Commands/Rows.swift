import ArgumentParser

struct Rows: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Restore rows, or show the history of one.",
        subcommands: [RowsRestore.self, RowsHistory.self]
    )
}
