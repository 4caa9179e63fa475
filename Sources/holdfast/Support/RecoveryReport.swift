import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// What `recoveries` says of an entry of the recovery log.
struct RecoveryReport {
    let target: Target
    let index: SnapshotIndex

    func line(_ entry: RecoveryEntry) -> RecoveryLine {
        RecoveryLine(
            time: entry.time,
            action: entry.action.rawValue,
            path: target.root.path.string,
            sequence: entry.at,
            resultSequence: entry.result,
            safetySequence: entry.before.values.max() ?? .none,
            paths: paths(entry),
            tables: entry.tables,
            elapsedMs: entry.elapsed.wholeMilliseconds,
            reason: entry.reason
        )
    }

    func text(_ entry: RecoveryEntry) -> String {
        let paths = paths(entry)
        let files = paths.count == 1 ? paths[0] : "\(paths.count) files"
        let reason = entry.reason.isEmpty ? "" : ": \(entry.reason)"
        let head =
            "\(entry.time.localText(in: .system))  \(entry.action.rawValue) of \(files) to snapshot "
            + "\(snapshot(entry.at)), in \(Quantity.text(entry.elapsed))\(reason)"
        let before = "  the state before it is snapshot \(entry.before.values.max() ?? .none)"
        return ([head, before] + entry.tables.map { "  \($0.table): \(counts($0))" }).joined(separator: "\n")
    }

    func markdown(_ entry: RecoveryEntry) -> String {
        let rows = entry.tables.isEmpty ? ["none"] : entry.tables.map { "\($0.table): \(counts($0))" }
        return """
            ## \(entry.time.localText(in: .system)): \(entry.action.rawValue)

            - **Cause**: \(entry.reason.isEmpty ? "not given" : entry.reason)
            - **Files**: \(paths(entry).joined(separator: ", "))
            - **Snapshot used**: \(snapshot(entry.at))
            - **State before it**: snapshot \(entry.before.values.max() ?? .none)
            - **Rows**: \(rows.joined(separator: "; "))
            - **Time to recover**: \(Quantity.text(entry.elapsed))

            """
    }

    private func paths(_ entry: RecoveryEntry) -> [String] {
        entry.before.keys.sorted().map { index.path(of: $0, at: entry.result).string }
    }

    private func snapshot(_ sequence: SequenceNumber) -> String {
        guard sequence != .none else { return "none (an SQL dump, or what the doctor rescued)" }
        guard let found = index.entries.last(where: { $0.sequence == sequence }) else { return "\(sequence)" }
        return "\(sequence) (\(found.time.pasteableText))"
    }

    private func counts(_ table: RecoveryEntry.Table) -> String {
        [(table.lost, "lost"), (table.regained, "regained"), (table.changed, "changed")]
            .filter { $0.0 > 0 }.map { "\(Quantity.text(rows: $0.0)) \($0.1)" }.joined(separator: ", ")
    }
}
