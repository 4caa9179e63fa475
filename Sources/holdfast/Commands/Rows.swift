import ArgumentParser

struct Rows: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring rows back, or show what became of one.",
        subcommands: [RowsRestore.self, RowsHistory.self]
    )
}
