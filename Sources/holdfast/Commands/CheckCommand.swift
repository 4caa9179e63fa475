import ArgumentParser
import History
import LinuxSystem
import RepositoryReader
import SystemPackage

struct CheckCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look for damage in the repository.",
        discussion: """
            Reads every record, every link between segments and every base image; with --read-data it also rebuilds \
            every snapshot and compares its digest. Works beside a running watcher.

            A copy that was made while a watcher wrote may be incomplete: nothing in it is damaged, but something is \
            missing. That is said with its newest complete moment, and counts as errors do.

            A root whose description is damaged, or that cannot be read, hinders the check of no other one.

            Exit status: 0 no damage, 1 failed, 4 damage found or something missing, 10 no repository, 64 wrong usage.

            Examples:
              holdfast check
              holdfast check --read-data --repo /mnt/backup/holdfast
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Flag(help: "Rebuild every snapshot as well. This may take long.")
    var readData = false

    @OptionGroup var progress: ProgressOption

    /// What is damaged is reported as a finding, without a warning before it.
    private func repository(_ console: Console) throws -> RepositoryDirectory {
        if source.from != nil { return try source.openRepository(options, console, anew: readData) }
        return try RepositoryDirectory(at: options.repositoryPath())
    }

    func perform(_ console: Console) throws -> ExitStatus {
        let roots = try repository(console).roots()
        var total = Totals()
        var failure: (any Error)?
        for damaged in roots.damaged {
            guard damaged.isDamage else {
                Console.warn(of: damaged)
                failure = failure ?? damaged.failure
                continue
            }
            total.errors += 1
            let found = damaged.finding
            try report(
                Finding(
                    found.severity,
                    found.file,
                    at: found.offset,
                    "\(found.message): run \(SuggestedCommand("repair"))"
                ),
                console
            )
        }
        for root in roots.usable {
            console.detail("checking \(root.path.printable) in \(root.directory.printable)")
            do {
                let work = WorkProgress()
                let summary = try console.showing(work, wantsLines: progress.progress) {
                    try RootCheck(root, progress: work).run(readingData: readData) { try report($0, console) }
                }
                total.add(summary)
                if summary.errors > 0, summary.errors == summary.incompletenesses {
                    total.incomplete.append(try text(ofIncomplete: root))
                }
            } catch {
                // The other roots are checked all the same.
                try console.flush()
                if roots.usable.count > 1 {
                    console.warning("\(root.path.printable): \(Failure.reason(error))")
                }
                failure = failure ?? error
            }
        }
        // Nobody can say that there is no damage in what was not read.
        if total.errors == 0, let failure {
            try console.flush()
            throw failure
        }
        try console.result(
            json: CheckLine(errors: total.errors, snapshots: total.snapshots, bytesRead: total.bytesRead),
            text: summaryText(total)
        )
        return total.errors == 0 ? .done : .damaged
    }

    private func report(_ finding: Finding, _ console: Console) throws {
        let word = finding.isIncompleteness ? "incomplete" : finding.severity.rawValue
        let style = console.style
        try console.result(
            json: FindingLine(finding),
            text: (finding.severity == .error ? style.red(word) : style.yellow(word))
                + ": \(finding.file.printable) at byte \(finding.offset): \(finding.message)"
        )
        // Damage is said even to those who want it quiet.
        if console.isQuiet && !console.isJSON && finding.severity == .error {
            let advice = finding.isIncompleteness ? "copy it again" : "keep a copy of the repository"
            console.warning("\(DamageError(finding)): \(advice)")
        }
    }

    private func text(ofIncomplete root: RootDescription) throws -> String {
        let newest = try SnapshotIndex(root).newestWhole(in: .root)
        let moment = newest.map {
            "its newest complete moment is snapshot \($0.sequence), \($0.time.pasteableText)"
        }
        return "this is an incomplete copy of \(root.path.printable), or something was removed: "
            + (moment ?? "no moment of the root is complete in it")
    }

    private func summaryText(_ total: Totals) -> String {
        let found =
            total.errors == 0
            ? "no damage"
            : total.incomplete.count > 0 && total.errors == total.incompletenesses
                ? "no damage, but \(total.incomplete.joined(separator: "; "))"
                : "\(Quantity.text(total.errors, "error")): keep a copy of the repository, then run \(SuggestedCommand("repair"))"
        let doubts = total.warnings == 0 ? "" : ", \(Quantity.text(total.warnings, "warning"))"
        return "\(Quantity.text(total.roots, "root")), \(Quantity.text(total.snapshots, "snapshot")), "
            + "\(Quantity.text(bytes: total.bytesRead)) read\(doubts): \(found)"
    }
}

/// What was found in all roots together.
private struct Totals {
    var roots = 0
    var errors = 0
    var incompletenesses = 0
    /// What there is of each root in which something is missing and nothing damaged.
    var incomplete: [String] = []
    var warnings = 0
    var snapshots: UInt64 = 0
    var bytesRead: UInt64 = 0

    mutating func add(_ summary: RootCheck.Summary) {
        roots += 1
        errors += summary.errors
        incompletenesses += summary.incompletenesses
        warnings += summary.warnings
        snapshots += summary.snapshots
        bytesRead.addSaturated(summary.bytesRead)
    }
}
