import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// What `restore --in-place` and `undo` say of what they did, or would do.
struct InPlaceReport {
    let plan: InPlacePlan
    let target: Target
    let isDryRun: Bool
    let console: Console
    private let start = MonotonicInstant.now
    private(set) var worst = ExitStatus.done
    private(set) var done = 0
    private(set) var unchanged = 0
    private(set) var failed = 0
    /// Newer files, which are not changed.
    var newerFiles: [FilePath] = []

    mutating func add(_ outcome: InPlaceOutcome) throws {
        done += 1
        if outcome.strategy == .unchanged { unchanged += 1 }
        try console.result(json: line(outcome), text: text(outcome))
        guard !isDryRun, !console.isQuiet else { return }
        for holder in outcome.holders where outcome.strategy == .transaction {
            console.message("\(holder) has it open, and sees it at its next read")
        }
        guard let check = outcome.check else { return }
        if case .problems(let problems) = check.integrity {
            console.warning("\(outcome.item.path.printable) is damaged: \(problems[0])")
            // An undo restores a state that was there before.
            if plan.action != .undo { worst = .damaged }
        }
        for violation in check.violations {
            console.warning("\(outcome.item.path.printable): \(violation)")
        }
        if let before = check.schemaBefore, let after = check.schemaAfter, before != after {
            console.warning(
                "the schema of \(outcome.item.path.printable) has version \(after) now, it had "
                    + "\(before): its programs may have to migrate it"
            )
        }
    }

    mutating func addFailure(_ path: FilePath, _ error: any Error) throws {
        try console.flush()
        console.warning("\(path.printable) was left as it is: \(Failure.reason(error))")
        failed += 1
        worst = .partial
    }

    /// The files may have existed with unknown content: they are not changed.
    mutating func addUnseen(_ names: [FilePath]) {
        console.warn(unseen: names, in: plan.root, at: plan.at)
        if worst == .done, !names.isEmpty { worst = .partial }
    }

    /// The last line; returns the status to end with.
    func end(_ entry: RecoveryEntry?) throws -> ExitStatus {
        if !newerFiles.isEmpty { console.message(Self.text(newerFiles: newerFiles)) }
        if plan.items.count > 1 {
            try console.result(
                json: InPlaceDirectoryLine(
                    sequence: plan.at,
                    path: target.path.string,
                    dryRun: isDryRun,
                    files: done,
                    unchanged: unchanged,
                    failed: failed,
                    leftAlone: newerFiles.map { plan.root.path(of: $0).string },
                    elapsedMs: start.duration(to: .now).wholeMilliseconds
                ),
                text:
                    "\(Quantity.text(done, "file")) of \(target.path.printable): \(done - unchanged) "
                    + "\(isDryRun ? "would be " : "")restored, \(unchanged) unchanged"
                    + (failed == 0 ? "" : ", \(failed) failed and left alone")
            )
        }
        if let entry {
            let path = plan.items.count == 1 ? plan.items[0].path : plan.root.path
            try console.text(
                "it took \(Quantity.text(entry.elapsed)); to undo it: \(SuggestedCommand("undo", path))"
            )
        }
        return worst
    }

    private static func text(newerFiles: [FilePath]) -> String {
        let some = newerFiles.prefix(10).map(\.printable).joined(separator: ", ")
        let rest = newerFiles.count > 10 ? " and \(newerFiles.count - 10) more" : ""
        return "left alone, because they are newer: \(some)\(rest)"
    }

    private func text(_ outcome: InPlaceOutcome) -> String {
        let path = outcome.item.path.printable
        let would = isDryRun ? "would be " : "was "
        let source = text(outcome.item.source)
        var lines: [String]
        switch outcome.strategy {
        case .unchanged: lines = ["\(path) is unchanged"]
        case .transaction: lines = ["\(path) \(would)restored \(source) in one transaction"]
        case .rename: lines = ["\(path) \(would)restored \(source) as a new file"]
        case .movedAway: lines = ["\(path) \(would)moved away: there was no such file"]
        }
        lines += outcome.quarantined.map { "  previous file kept as \($0.printable)" }
        for table in outcome.changes.tables {
            let counts = [(table.removed, "lost"), (table.added, "regained"), (table.changed, "changed")]
            let parts =
                counts.filter { $0.0 > 0 }.map { "\(Quantity.text(rows: $0.0)) \($0.1)" } + table.notes
            lines.append("  \(table.table.printable): \(parts.map(\.printable).joined(separator: ", "))")
        }
        if outcome.becomesUnreadable {
            lines.append("  it was no intact database then: its present rows would only be in the history")
        }
        lines += outcome.changes.schema.map { "  \($0.text(added: "regained", removed: "lost"))" }
        return lines.joined(separator: "\n")
    }

    private func text(_ source: InPlacePlan.Source) -> String {
        switch source {
        case .snapshot(let entry): "to snapshot \(entry.text)"
        case .sql(let dump): "from \(dump.printable)"
        case .image: "from the salvaged rows"
        case .nothing: "to nothing"
        }
    }

    private func line(_ outcome: InPlaceOutcome) -> InPlaceFileLine {
        let (item, state, check) = (outcome.item, outcome.state, outcome.check)
        return InPlaceFileLine(
            sequence: state?.sequence,
            time: state.map { item.entry?.time ?? $0.time },
            path: item.path.string,
            output: item.path.string,
            dryRun: isDryRun,
            way: outcome.strategy.rawValue,
            safetySequence: outcome.before,
            imageBytes: state?.shape.byteCount,
            digest: state?.digest.hexadecimal,
            integrity: check?.integrity.name,
            foreignKeyViolations: check?.violations.reduce(0) { $0 + $1.count },
            schemaVersion: check?.schemaAfter?.description,
            schemaVersionBefore: check?.schemaBefore?.description,
            aside: outcome.quarantined.map(\.string),
            tables: outcome.changes.tables.map(RestoredTable.init),
            schema: outcome.changes.schema.map(SchemaChangeFields.init),
            elapsedMs: start.duration(to: .now).wholeMilliseconds
        )
    }
}
