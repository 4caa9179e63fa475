import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage

/// What `forget` says: for programs every snapshot, each file and a summary; for people what is kept and why,
/// and what goes, file by file.
struct ForgetReport {
    let plan: RetentionPlan
    /// Nil when it is not known: a dry run could not try it out.
    let removal: Removal?
    let isDryRun: Bool
    let console: Console

    /// What was removed in the end, or would be.
    struct Removal {
        let snapshots: Int
        let freedBytes: UInt64
        /// What the root takes then.
        let totalBytes: UInt64
    }

    private var root: FilePath { plan.index.root.path }

    func show() throws {
        let shares = plan.shares
        if console.isJSON {
            for place in plan.index.entries.indices { try console.result(json: line(place), text: "") }
        } else {
            try console.text(table)
        }
        for share in shares { try show(share) }
        let removed = removal?.snapshots ?? shares.reduce(0) { $0 + $1.removed }
        let freed = removal?.freedBytes ?? shares.reduce(0) { $0.addingSaturated($1.removedBytes) }
        let kept = shares.reduce(0) { $0 + $1.kept }
        let summary = RetentionLine(
            root: root.string,
            dryRun: isDryRun,
            kept: kept,
            removed: removed,
            freedBytes: freed,
            repositoryBytes: plan.totalBytes,
            maximumBytes: plan.limit.map { _ in plan.rules.maximumBytes ?? 0 },
            estimatedBytes: plan.limit.map(sizeBytes),
            leastBytes: plan.limit?.leastBytes,
            fits: plan.limit.map(fits)
        )
        try console.result(json: summary, text: summaryText(kept, removed, freed))
        try warnOfSize()
    }

    private func line(_ place: Int) -> RetainedSnapshotLine {
        let entry = plan.index.entries[place]
        return RetainedSnapshotLine(
            sequence: entry.sequence,
            time: entry.time,
            path: plan.index.path(of: entry.file, at: entry.sequence).string,
            action: plan.selection.keeps(place) ? "keep" : "remove",
            reasons: plan.reasons(of: place),
            storedBytes: plan.storedBytes[place]
        )
    }

    private func show(_ share: RetentionPlan.Share) throws {
        guard console.isJSON || share.removed > 0 else { return }
        let end = plan.index.entries.last?.sequence ?? .none
        let path = plan.index.path(of: share.file, at: end)
        let name = plan.index.declaration(of: share.file, at: end)?.name.printable ?? path.printable
        try console.result(
            json: RetainedFileLine(
                path: path.string,
                kept: share.kept,
                removed: share.removed,
                freedBytes: share.removedBytes
            ),
            text: "\(name): \(isDryRun ? "would remove" : "removed") \(share.removed) of "
                + "\(share.removed + share.kept) snapshots (\(Self.text(share.runs)))"
        )
    }

    /// Runs of sequences, the first of very many.
    private static func text(_ runs: [ClosedRange<SequenceNumber>]) -> String {
        let most = 20
        let shown = runs.prefix(most).map { run in
            run.lowerBound == run.upperBound
                ? "\(run.lowerBound)" : "\(run.lowerBound)-\(run.upperBound)"
        }
        return shown.joined(separator: ", ")
            + (runs.count > most ? " and \(runs.count - most) more runs, all in --json" : "")
    }

    private func summaryText(_ kept: Int, _ removed: Int, _ freed: UInt64) -> String {
        let start = "\(root.printable): \(Quantity.text(kept, "snapshot")) kept"
        guard removed > 0 else { return "\(start), nothing to remove" }
        let size = (removal == nil ? "up to " : "") + Quantity.text(bytes: freed)
        let done = isDryRun ? "would be " : ""
        return "\(start), \(removed) \(done)removed, \(size) \(done)freed"
    }

    /// The root's size afterwards; an estimate unless it was done or tried.
    private func sizeBytes(_ limit: SizeLimit.Outcome) -> UInt64 {
        removal?.totalBytes ?? limit.estimatedBytes
    }

    private func fits(_ limit: SizeLimit.Outcome) -> Bool {
        sizeBytes(limit) <= plan.rules.maximumBytes ?? .max
    }

    private func warnOfSize() throws {
        guard let limit = plan.limit, limit.isReached, !fits(limit) else { return }
        try console.flush()
        let maximum = Quantity.text(bytes: plan.rules.maximumBytes ?? 0)
        let size = Quantity.text(bytes: sizeBytes(limit))
        console.warning(
            "\(root.printable) \(isDryRun ? "would still take" : "still takes") \(size), more than \(maximum), "
                + "because what stays needs pages of removed snapshots: run \(SuggestedCommand("forget", root)) again to remove more"
        )
    }

    static func warnOfLimit(_ plan: RetentionPlan, _ console: Console) {
        guard let limit = plan.limit, !limit.isReached else { return }
        let maximum = Quantity.text(bytes: plan.rules.maximumBytes ?? 0)
        let least = Quantity.text(bytes: limit.leastBytes)
        console.warning(
            "\(plan.index.root.path.printable) cannot be reduced to \(maximum): what must stay takes about "
                + "\(least): release holds, or allow more"
        )
    }
}

extension ForgetReport {
    /// What is kept and why, as restic shows it. Of snapshots that one reason alone keeps in bulk, only the
    /// number.
    private var table: String {
        var lines = ["\(root.printable): keeps \(plan.rules.policy)"]
        var bulk: [RetentionReasons: Int] = [:]
        let width = max(3, String(plan.index.entries.last?.sequence.rawValue ?? 0).count)
        for (place, entry) in plan.index.entries.enumerated() where plan.selection.keeps(place) {
            let reasons = plan.selection.reasons[place]
            if reasons == .within || reasons == .last || reasons == .stateAtMoment {
                bulk[reasons, default: 0] += 1
                continue
            }
            let sequence = String(entry.sequence.rawValue).paddedOnLeft(to: width)
            lines.append(
                "\(sequence)  \(entry.time.localText(in: .system))  "
                    + plan.reasons(of: place).joined(separator: ", ")
            )
        }
        let kinds: [(RetentionReasons, String)] = [
            (.within, plan.rules.policy.withinText ?? ""),
            (.last, "among the last \(plan.rules.policy.last)"),
            (.stateAtMoment, "more: the newest snapshot of another file at one of these moments"),
        ]
        for (reasons, text) in kinds {
            if let count = bulk[reasons] { lines.append("and \(count) \(text)") }
        }
        return lines.joined(separator: "\n")
    }
}
