import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader

/// What `log` shows of the selected lines.
struct LogReport {
    let selection: LogSelection
    /// Newest first.
    let isReversed: Bool
    let now: Instant
    let console: Console

    private var listing: HistoryListing { selection.listing }
    private var isTallied: Bool { selection.filter.table != nil }

    /// The finest unit by which the terminal shows everything at once; nil where it shows each snapshot, and
    /// for pipes and programs.
    func unitThatFits() throws -> CalendarUnit? {
        guard let terminal = console.terminal, !console.isJSON else { return nil }
        var (count, times) = (0, [Instant]())
        try selection.visitListed { line, _ in
            count += 1
            if case .snapshot(let snapshot) = line { times.append(snapshot.time) }
        }
        // The heading, the message, and the line of the shell's prompt.
        let most = terminal.rows - 3
        return count <= most ? nil : CalendarUnit.finest(for: times, most: most, in: .system)
    }

    /// Line by line.
    func list() throws {
        let table = LogTable(listing, now: now, style: console.style, width: console.terminal?.columns)
        if listing.bounds != nil { try console.text(table.heading) }
        guard isReversed else { return try selection.visitListed { try show($0, $1, table) } }
        var held: [(HistoryListing.Line, RowTally?)] = []
        try selection.visitListed { held.append(($0, $1)) }
        for (line, tally) in held.reversed() { try show(line, tally, table) }
    }

    private func show(_ line: HistoryListing.Line, _ tally: RowTally?, _ table: LogTable) throws {
        switch line {
        case .snapshot(let snapshot):
            try console.result(json: SnapshotLine(snapshot, tally), text: table.row(snapshot, tally))
        case .gap(let gap, let path):
            try console.result(
                json: GapLine(from: gap.from, to: gap.to, reason: gap.reason),
                text: table.row(gap, path)
            )
        case .clock(let step):
            try console.result(json: ClockLine(from: step.from, to: step.to), text: table.row(step))
        }
    }

    func groups(by unit: CalendarUnit) throws {
        let table = GroupTable(
            listing,
            by: unit,
            showsRows: isTallied,
            style: console.style,
            width: console.terminal?.columns
        )
        if listing.bounds != nil { try console.text(table.heading) }
        var held: [SnapshotGroup] = []
        let show = { (group: SnapshotGroup) in
            try console.result(json: SnapshotGroupLine(group, isTallied: isTallied), text: table.row(group))
        }
        var grouping = SnapshotGrouping(by: unit, in: .system)
        try selection.visit { line, tally in
            switch line {
            case .snapshot(let snapshot):
                guard let group = grouping.add(snapshot, tally ?? RowTally()) else { return }
                if isReversed { held.append(group) } else { try show(group) }
            case .gap: grouping.addGap()
            case .clock: break
            }
        }
        if let group = grouping.last { try show(group) }
        for group in held.reversed() { try show(group) }
    }

    func graph() throws {
        guard let bounds = listing.bounds, let first = listing.index.entry(at: bounds.lowerBound),
            let last = listing.index.entry(at: bounds.upperBound)
        else { return }
        let width = console.terminal?.columns
        var histogram = TimeHistogram(
            first.time...last.time,
            columns: width ?? LogGraph.standardWidth
        )
        try selection.visit { line, tally in
            switch line {
            case .snapshot(let snapshot): histogram.add(snapshot, tally ?? RowTally())
            case .gap(let gap, _): histogram.addGap(from: gap.from)
            case .clock: break
            }
        }
        let graph = LogGraph(
            histogram,
            table: selection.filter.table,
            isUnicode: BarChart.isUnicode(CurrentProcess.variable),
            style: console.style,
            width: width
        )
        for line in graph.lines { try console.text(line) }
    }
}
