import LinuxFiles
import Recovery
import Repository
import SystemPackage

/// What `rows restore` says of what it did, or would do.
struct RowReport {
    private let path: FilePath
    private let entry: SnapshotIndex.Entry
    private let isOverwriting: Bool
    private let console: Console

    init(_ path: FilePath, _ entry: SnapshotIndex.Entry, isOverwriting: Bool, _ console: Console) {
        self.path = path
        self.entry = entry
        self.isOverwriting = isOverwriting
        self.console = console
    }

    /// A row of a dry run.
    func show(_ row: RowChange) throws {
        let key = row.key.map { "\($0.column)=\($0.value.literal)" }.joined(separator: " ")
        let action = action(row.kind)
        try console.result(
            json: JSONObject().adding("path", path.string).adding("table", row.table)
                .adding("key", JSONObject(row.key.map(\.column), row.key.map(\.value)))
                .adding("state", row.kind.rawValue).adding("action", action.name),
            text: "\(row.table) \(key): \(action.text)"
        )
    }

    private func action(_ kind: RowChange.Kind) -> (name: String, text: String) {
        switch kind {
        case .missing: ("insert", "would come back")
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
    func end(_ counts: [RowCounts], _ recovery: RecoveryEntry?, isRehearsal: Bool) throws -> ExitStatus {
        var left = 0
        for count in counts {
            let conflicts = count[.conflict] + count[.relinked]
            if !isOverwriting { left += conflicts }
            let would = isRehearsal ? "would be " : ""
            let parts = [
                (count[.missing], "\(would)restored"), (count[.unlinked], "\(would)linked again"),
                (count[.same], "there as they were"),
                (conflicts, isOverwriting ? "\(would)overwritten" : "left with other values"),
            ]
            let text = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" } + count.notes
            // Of all the tables that may refer to the rows, those that do are worth a line.
            guard !text.isEmpty || counts.count == 1 || console.isJSON else { continue }
            try console.result(
                json: json(count, isRehearsal),
                text: "\(count.table): \(text.isEmpty ? "nothing to do" : text.joined(separator: ", "))"
            )
        }
        if let recovery {
            try console.text(
                "it took \(Quantity.text(recovery.elapsed)); to take it back: holdfast undo \(path.printable)"
            )
        }
        guard left > 0 else { return .done }
        console.warning(
            "\(left) rows have other values and were left as they are: say --overwrite to replace them"
        )
        return .partial
    }

    private func json(_ count: RowCounts, _ isRehearsal: Bool) -> JSONObject {
        JSONObject().adding("sequence", entry.sequence.rawValue).adding("time", entry.time)
            .adding("path", path.string).adding("table", count.table).adding("dry_run", isRehearsal)
            .adding("restored", count[.missing]).adding("linked", count[.unlinked])
            .adding("unchanged", count[.same])
            .adding("overwritten", isOverwriting ? count[.conflict] + count[.relinked] : 0)
            .adding("conflicts", isOverwriting ? 0 : count[.conflict] + count[.relinked])
            .adding("notes", count.notes)
    }
}
