import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader

/// The lines of a listing that `log` is about, with what each snapshot did to a table.
struct LogSelection {
    let listing: HistoryListing
    let filter: LogFilter
    /// By snapshot; those that did not change the table are missing.
    private let tallies: [SequenceNumber: RowTally]
    /// Only the last so many lines.
    private let last: Int?

    /// - Parameter last: of the selected snapshots, only the last so many.
    init(_ listing: HistoryListing, _ filter: LogFilter, last: Int?, _ console: Console) throws {
        self.listing = listing
        self.filter = filter
        self.last = last
        tallies = try Self.tallies(listing, filter, console)
    }

    /// Calls `body` for the selected lines, oldest first. All gaps of the listing are among them.
    func visit(_ body: (HistoryListing.Line, RowTally?) throws -> Void) throws {
        guard !filter.isEmpty else { return try listing.visit { try body($0, nil) } }
        guard let last else { return try visitSelected(body) }
        var selected: [(line: HistoryListing.Line, tally: RowTally?)] = []
        try visitSelected { selected.append(($0, $1)) }
        let places = selected.indices.filter { selected[$0].line.isSnapshot }.suffix(last)
        for (line, tally) in selected[(places.first ?? selected.endIndex)...] { try body(line, tally) }
    }

    /// The same for a list, in which gaps are of no interest if it has not every snapshot.
    func visitListed(_ body: (HistoryListing.Line, RowTally?) throws -> Void) throws {
        try visit { line, tally in
            if filter.isEmpty || line.isSnapshot { try body(line, tally) }
        }
    }

    private func visitSelected(_ body: (HistoryListing.Line, RowTally?) throws -> Void) throws {
        try listing.visit { line in
            guard case .snapshot(let snapshot) = line else { return try body(line, nil) }
            let tally = tallies[snapshot.record.state.sequence]
            if filter.selects(snapshot, tally) { try body(line, tally) }
        }
    }

    /// What each snapshot did to the table of the filter.
    private static func tallies(
        _ listing: HistoryListing,
        _ filter: LogFilter,
        _ console: Console
    ) throws -> [SequenceNumber: RowTally] {
        guard let table = filter.table, case .file(let file) = listing.scope, let bounds = listing.bounds
        else { return [:] }
        // The first one is compared with the state before it.
        let before = listing.index.entry(of: file, atOrBefore: bounds.lowerBound.previous)
        let first = before?.sequence ?? .none
        let history = try TableHistory(
            listing.index.root,
            file,
            table: table,
            in: first...bounds.upperBound
        )
        var tallies: [SequenceNumber: RowTally] = [:]
        try history.run { change in
            let summary = change.summary
            tallies[change.state.sequence] = RowTally(added: summary.added, removed: summary.removed)
            guard !summary.isCompared, bounds.contains(change.state.sequence) else { return }
            console.warning(
                "snapshot \(change.state.sequence): \(summary.notes.joined(separator: ", ")); only their number is compared"
            )
        }
        console.detail("SQLite examined \(Quantity.text(history.examinedCount, "snapshot"))")
        return tallies
    }
}

extension HistoryListing.Line {
    fileprivate var isSnapshot: Bool {
        if case .snapshot = self { true } else { false }
    }
}
