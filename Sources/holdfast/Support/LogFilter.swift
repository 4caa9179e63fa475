import ArgumentParser
import History
import RepositoryReader

/// Which snapshots of a listing `log` is about.
struct LogFilter: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only snapshots that changed this table of a database, with the rows added and removed.",
            valueName: "name"
        ),
        completion: .table
    )
    var table: String?

    @Flag(help: "With --table, only those in which the table lost rows.")
    var shrunk = false

    @Flag(name: .customLong("tag"), help: "Only snapshots with a tag.")
    var tagged = false

    @Flag(help: "Only snapshots in which SQLite found damage.")
    var bad = false

    @Option(help: ArgumentHelp("Only snapshots that changed at least N pages.", valueName: "n"))
    var minPages: UInt64?

    mutating func validate() throws {
        if shrunk && table == nil { throw ValidationError("--shrunk needs --table: say which table") }
    }

    /// Whether it selects everything.
    var isEmpty: Bool { table == nil && !tagged && !bad && minPages == nil }

    /// - Parameter tally: what the snapshot did to the table; nil if it did nothing, or if none is named.
    func selects(_ snapshot: HistoryListing.Snapshot, _ tally: RowTally?) -> Bool {
        if table != nil {
            guard let tally else { return false }
            if shrunk && tally.removed == 0 { return false }
        }
        return (!tagged || !snapshot.tags.isEmpty) && (!bad || snapshot.isGood == false)
            && snapshot.record.pageCount >= minPages ?? 0
    }
}
