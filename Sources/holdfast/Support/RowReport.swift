import LinuxFiles
import Recovery
import Repository
import SystemPackage

/// What `rows restore` says of what it did, or would do.
struct RowReport {
    private let path: FilePath
    private let entry: SnapshotIndex.Entry
    private let isOverwriting: Bool
    /// Rows that cannot come back are no reason for another exit status.
    private let isSkipping: Bool
    private let console: Console

    init(
        _ path: FilePath,
        _ entry: SnapshotIndex.Entry,
        isOverwriting: Bool,
        isSkipping: Bool,
        _ console: Console
    ) {
        self.path = path
        self.entry = entry
        self.isOverwriting = isOverwriting
        self.isSkipping = isSkipping
        self.console = console
    }

    /// A row of a dry run, or one that could not come back or had to go.
    func show(_ row: RowChange) throws {
        let action = action(row.kind)
        var json = JSONObject().adding("path", path.string).adding("table", row.table)
            .adding("key", JSONObject(row.key.map(\.column), row.key.map(\.value)))
            .adding("state", row.kind.rawValue).adding("action", action.name)
        var text = "\(row.table.printable) \(Self.text(row.key)): \(action.text)"
        if row.kind == .blocked {
            json = json.adding("reason", row.reason)
                .adding("in_the_way", row.obstacles.map { JSONObject($0.map(\.column), $0.map(\.value)) })
            text += " (\(row.reason.printable))"
            if !row.obstacles.isEmpty {
                text += ": in its way is \(row.obstacles.map(Self.text).joined(separator: ", "))"
            }
        }
        try console.result(json: json, text: text)
    }

    private static func text(_ key: [RowDiff.Value]) -> String {
        key.map { "\($0.column.printable)=\($0.value.printed)" }.joined(separator: " ")
    }

    private func action(_ kind: RowChange.Kind) -> (name: String, text: String) {
        switch kind {
        case .missing: ("insert", "would come back")
        case .blocked: ("none", "cannot come back")
        case .displaced: ("delete", "is not there any more, for it was in the way")
        case .same: ("none", "is there as it was")
        case .conflict:
            isOverwriting
                ? ("overwrite", "has other values, and would be overwritten")
                : ("none", "has other values, and would stay")
        case .unlinked: ("link", "would refer to its row again")
        case .relinked:
            isOverwriting
                ? ("link", "refers to another row, and would be overwritten")
                : ("none", "refers to another row, and would stay")
        }
    }

    /// The tables, and the last line; returns the status to end with.
    func end(_ outcome: RowOutcome, _ recovery: RecoveryEntry?, isRehearsal: Bool) throws -> ExitStatus {
        for row in outcome.exceptions { try show(row) }
        let counts = outcome.counts
        var left = 0
        for count in counts {
            let conflicts = count[.conflict] + count[.relinked]
            if !isOverwriting { left += conflicts }
            let would = isRehearsal ? "would be " : ""
            let parts = [
                (count[.missing], "\(would)restored"), (count[.unlinked], "\(would)linked again"),
                (count[.same], "there as they were"),
                (conflicts, isOverwriting ? "\(would)overwritten" : "left with other values"),
                (count[.blocked], "not restored"), (count[.displaced], "\(would)removed, being in the way"),
            ]
            let text = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" } + count.notes.map(\.printable)
            // Of all the tables that may refer to the rows, those that do are worth a line.
            guard !text.isEmpty || counts.count == 1 || console.isJSON else { continue }
            try console.result(
                json: json(count, isRehearsal),
                text:
                    "\(count.table.printable): \(text.isEmpty ? "nothing to do" : text.joined(separator: ", "))"
            )
        }
        if let recovery {
            try console.text(
                "it took \(Quantity.text(recovery.elapsed)); to take it back: \(SuggestedCommand("undo", path))"
            )
        }
        for dependent in outcome.dependents { console.warning(Self.text(dependent, isRehearsal)) }
        let blocked = counts.reduce(0) { $0 + $1[.blocked] }
        if left > 0, !isSkipping {
            console.warning(
                "\(left) rows have other values and were left as they are: say --overwrite to replace them"
            )
        }
        if blocked > 0, !isSkipping {
            let advice =
                isOverwriting
                ? "see what is against each above" : "say --overwrite to remove what is in their way"
            console.warning("what could not come back: \(Quantity.text(rows: blocked)): \(advice)")
        }
        return left + blocked > 0 && !isSkipping ? .partial : .done
    }

    private static func text(_ dependent: RowDependent, _ isRehearsal: Bool) -> String {
        let (name, table) = (dependent.name.printable, dependent.table.printable)
        let aTrigger = "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
        return switch dependent.kind {
        case .index(isRebuilt: true):
            "the index \(name) of \(table) \(isRehearsal ? "would be" : "was") built anew"
        case .index(isRebuilt: false):
            "the index \(name) of \(table) does not know of the rows: say --rebuild-indexes, or run "
                + "\(dependent.rebuild.printable) with the database's own program"
        case .virtualTable:
            "the virtual table \(name) does not know of the rows of \(table): put them in as the trigger does that fills it, "
                + "see \(aTrigger)"
        case .trigger:
            "the trigger \(name) of \(table) did not run: if it keeps totals or an index, do for the rows what it does, see "
                + aTrigger
        }
    }

    private func json(_ count: RowCounts, _ isRehearsal: Bool) -> JSONObject {
        JSONObject().adding("sequence", entry.sequence.rawValue).adding("time", entry.time)
            .adding("path", path.string).adding("table", count.table).adding("dry_run", isRehearsal)
            .adding("restored", count[.missing]).adding("linked", count[.unlinked])
            .adding("unchanged", count[.same])
            .adding("blocked", count[.blocked]).adding("removed", count[.displaced])
            .adding("overwritten", isOverwriting ? count[.conflict] + count[.relinked] : 0)
            .adding("conflicts", isOverwriting ? 0 : count[.conflict] + count[.relinked])
            .adding("notes", count.notes)
    }
}
