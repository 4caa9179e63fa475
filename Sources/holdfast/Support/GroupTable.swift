import History
import LinuxSystem
import RepositoryFormat

/// The log by minute, hour or day.
struct GroupTable {
    private let unit: CalendarUnit
    private let style: Style
    /// The columns of the terminal; nil for a pipe.
    private let width: Int?
    private let sequenceWidth: Int
    /// Whether it is about the rows of a table, which are counted instead of bytes.
    private let showsRows: Bool

    init(_ listing: HistoryListing, by unit: CalendarUnit, showsRows: Bool, style: Style, width: Int?) {
        self.unit = unit
        self.style = style
        self.width = width
        self.showsRows = showsRows
        sequenceWidth = max(3, listing.bounds.map { String($0.upperBound.rawValue).count * 2 + 1 } ?? 0)
    }

    var heading: String {
        let rows = showsRows ? ["added", "removed"] : ["stored"]
        let columns = columns("seq", unit.rawValue, "snapshots", "pages", rows)
        return style.bold(Remark.line(columns, [], width: width))
    }

    func row(_ group: SnapshotGroup) -> String {
        let rows =
            showsRows
            ? [String(group.rows.added), String(group.rows.removed)]
            : [Quantity.text(bytes: group.storedBytes)]
        let row = columns(
            group.first == group.last ? "\(group.first)" : "\(group.first)-\(group.last)",
            unit.text(of: group.from, in: .system),
            String(group.snapshots),
            String(group.pages),
            rows
        )
        var remarks: [Remark] = []
        if group.bad > 0 { remarks.append(Remark("\(group.bad) bad", style.red)) }
        if group.gaps > 0 { remarks.append(Remark(Quantity.text(group.gaps, "gap"), style.yellow)) }
        remarks += group.tags.map { Remark("[\($0)]", style.green) }
        return Remark.line(row, remarks, width: width)
    }

    private func columns(
        _ sequences: String,
        _ time: String,
        _ snapshots: String,
        _ pages: String,
        _ rows: [String]
    ) -> String {
        let first = [
            (sequences, sequenceWidth), (time, unit == .day ? -10 : -16), (snapshots, 9), (pages, 8),
        ]
        return .cells(first + rows.map { ($0, showsRows ? 7 : 9) })
    }
}
