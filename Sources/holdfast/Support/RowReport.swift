import History
import LinuxSystem
import Recovery
import RepositoryFormat
import SystemPackage

/// What `rows restore` says of what it did, or would do.
struct RowReport {
    let path: FilePath
    let entry: SnapshotIndex.Entry
    let isOverwriting: Bool
    /// Rows that cannot be restored do not change the exit status.
    let isSkipping: Bool
    let isDryRun: Bool
    let console: Console
    /// Of a table, so many rows of a kind are shown to people.
    private static let mostLines = 20
    private(set) var lines: [String: Int] = [:]

    /// A row of a dry run, or one that was not restored or was removed.
    mutating func show(_ row: RowChange) throws {
        lines["\(row.table) \(row.kind)", default: 0] += 1
        guard console.isJSON || lines["\(row.table) \(row.kind)"]! <= Self.mostLines else { return }
        let action = action(row.kind)
        var text = "\(row.table.printable) \(row.key.text): \(action.text)"
        if row.kind == .blocked {
            text += " (\(row.reason.printable))"
            if !row.obstacles.isEmpty {
                text += ": conflicts with \(row.obstacles.map(\.text).joined(separator: ", "))"
            }
        }
        try console.result(json: RestoredRowLine(row, path: path.string, action: action.name), text: text)
    }

    private func action(_ kind: RowChange.Kind) -> (name: String, text: String) {
        let (was, stays) = isDryRun ? ("would be", "would stay") : ("was", "stays")
        return switch kind {
        case .missing: ("insert", "would be restored")
        case .blocked: ("none", "cannot be restored")
        case .displaced: ("delete", "\(was) removed, because it conflicts with a restored row")
        case .same: ("none", "is unchanged")
        case .conflict where isOverwriting: ("overwrite", "has other values, and would be overwritten")
        case .conflict: ("none", "has other values, and \(stays)")
        case .unlinked: ("link", "would refer to its row again")
        case .relinked where isOverwriting: ("link", "refers to another row, and would be overwritten")
        case .relinked: ("none", "refers to another row, and \(stays)")
        }
    }

    /// The tables, and the last line; returns the status to end with.
    mutating func end(_ outcome: RowOutcome, _ recovery: RecoveryEntry?) throws -> ExitStatus {
        for row in outcome.exceptions { try show(row) }
        if !isDryRun { for row in outcome.left { try show(row) } }
        let hidden = lines.values.reduce(0) { $0 + max(0, $1 - Self.mostLines) }
        if hidden > 0 {
            try console.text("and \(Quantity.text(rows: hidden)) more, which --json names")
        }
        let counts = outcome.counts
        var left = 0
        for count in counts {
            let conflicts = count[.conflict] + count[.relinked]
            if !isOverwriting { left += conflicts }
            let would = isDryRun ? "would be " : ""
            let parts = [
                (count[.missing], "\(would)restored"), (count[.unlinked], "foreign keys \(would)restored"),
                (count[.same], "unchanged"),
                (conflicts, isOverwriting ? "\(would)overwritten" : "\(would)left with other values"),
                (count[.blocked], "not \(would)restored"),
                (count[.displaced], "\(would)removed because of conflicts"),
            ]
            let text = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" } + count.notes.map(\.printable)
            // Of all the tables that may refer to the rows, those that do are worth a line.
            guard !text.isEmpty || counts.count == 1 || console.isJSON else { continue }
            try console.result(
                json: line(count),
                text:
                    "\(count.table.printable): \(text.isEmpty ? "nothing to do" : text.joined(separator: ", "))"
            )
        }
        if let recovery {
            try console.text(
                "it took \(Quantity.text(recovery.elapsed)); to undo it, as long as nobody else writes: "
                    + "\(SuggestedCommand("undo", path))"
            )
        }
        for dependent in outcome.dependents { console.warning(text(dependent)) }
        let blocked = counts.reduce(0) { $0 + $1[.blocked] }
        if left > 0, !isSkipping {
            console.warning(
                "\(Quantity.text(rows: left)) with other values \(isDryRun ? "would stay" : "stayed") as they are: "
                    + "--overwrite replaces such a row, even an unrelated one that reused the key"
            )
            if counts.contains(where: { $0[.missing] > 0 && $0[.conflict] == 0 }) {
                console.warning(
                    "rows that refer to one with other values refer to its present content: check that it is the same one"
                )
            }
        }
        if blocked > 0, !isSkipping {
            let isInTheWay = !isOverwriting && outcome.exceptions.contains { !$0.obstacles.isEmpty }
            let advice =
                isInTheWay
                ? "say --overwrite to remove the rows that conflict" : "see the reason of each above"
            console.warning("not restored: \(Quantity.text(rows: blocked)): \(advice)")
        }
        return left + blocked > 0 && !isSkipping ? .partial : .done
    }

    private func text(_ dependent: RowDependent) -> String {
        let (name, table) = (dependent.name.printable, dependent.table.printable)
        let aTrigger = "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
        return switch dependent.kind {
        case .index(isRebuilt: true):
            "the index \(name) of \(table) \(isDryRun ? "would be" : "was") rebuilt"
        case .index(isRebuilt: false):
            "the index \(name) of \(table) does not have the rows: say --rebuild-indexes, or run "
                + "\(dependent.rebuild.printable) with the database's own program"
        case .virtualTable:
            "the virtual table \(name) does not have the rows of \(table): insert them as the trigger does that fills it, "
                + "see \(aTrigger)"
        case .trigger:
            "the trigger \(name) of \(table) did not run: if it maintains totals or an index, update them yourself: see "
                + aTrigger
        }
    }

    private func line(_ count: RowCounts) -> RestoredRowsLine {
        let differing = count[.conflict] + count[.relinked]
        return RestoredRowsLine(
            sequence: entry.sequence,
            time: entry.time,
            path: path.string,
            table: count.table,
            dryRun: isDryRun,
            restored: count[.missing],
            linked: count[.unlinked],
            unchanged: count[.same],
            blocked: count[.blocked],
            removed: count[.displaced],
            overwritten: isOverwriting ? differing : 0,
            conflicts: isOverwriting ? 0 : differing,
            notes: count.notes
        )
    }
}
