import ArgumentParser
import LinuxFiles
import Recovery
import Repository
import SystemPackage

struct Check: HoldfastCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for damage in the repository.",
        discussion: """
            Reads every record, every link between segments and every base image; with --read-data it also rebuilds \
            every snapshot and compares its digest. Works beside a running watcher.

            A root whose description is damaged, or that cannot be read, hinders the check of no other one.

            Exit status: 0 no damage, 1 failed, 4 damage found, 10 no repository, 64 wrong usage.
            """
    )

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Rebuild every snapshot as well. This may take long.")
    var readData = false

    func perform(_ console: Console) throws -> ExitStatus {
        let roots = try options.openRepositorySilently().roots()
        var total = Totals()
        var failure: (any Error)?
        for damaged in roots.damaged {
            guard damaged.isDamage else {
                Console.warn(of: damaged)
                failure = failure ?? damaged.failure
                continue
            }
            total.errors += 1
            try report(damaged.finding, console)
        }
        for root in roots.usable {
            console.detail("checking \(root.path.printable) in \(root.directory.printable)")
            do {
                total.add(try RootCheck(root).run(readingData: readData) { try report($0, console) })
            } catch {
                // The other roots are looked at all the same.
                try console.flush()
                let reason = Failure(error)?.message ?? "\(error)"
                if roots.usable.count > 1 { console.warning("\(root.path.printable): \(reason)") }
                failure = failure ?? error
            }
        }
        // Nobody can say that there is no damage in what was not read.
        if total.errors == 0, let failure {
            try console.flush()
            throw failure
        }
        try console.result(
            json: JSONObject().adding("summary", true).adding("errors", total.errors)
                .adding("snapshots", total.snapshots).adding("bytes_read", total.bytesRead),
            text: summaryText(total)
        )
        return total.errors == 0 ? .done : .damaged
    }

    private func report(_ finding: Finding, _ console: Console) throws {
        let word = finding.severity.rawValue
        let style = console.style
        try console.result(
            json: JSONObject().adding("severity", word).adding("file", finding.file.string)
                .adding("offset", finding.offset).adding("message", finding.message),
            text: (finding.severity == .error ? style.red(word) : style.yellow(word))
                + ": \(finding.file.printable) at byte \(finding.offset): \(finding.message)"
        )
        // Damage is said even to those who want it quiet.
        if console.isQuiet && !console.isJSON && finding.severity == .error {
            console.warning(
                "damage in \(finding.file.printable) at byte \(finding.offset): \(finding.message): "
                    + "keep a copy of the repository"
            )
        }
    }

    private func summaryText(_ total: Totals) -> String {
        let found =
            total.errors == 0
            ? "no damage"
            : "\(total.errors) error\(total.errors == 1 ? "" : "s"): keep a copy of the repository"
        let doubts = total.warnings == 0 ? "" : ", \(total.warnings) warning\(total.warnings == 1 ? "" : "s")"
        return "\(total.roots) root\(total.roots == 1 ? "" : "s"), \(total.snapshots) snapshots, "
            + "\(Quantity.text(bytes: total.bytesRead)) read\(doubts): \(found)"
    }
}

/// What was found in all roots together.
private struct Totals {
    var roots = 0
    var errors = 0
    var warnings = 0
    var snapshots: UInt64 = 0
    var bytesRead: UInt64 = 0

    mutating func add(_ summary: RootCheck.Summary) {
        roots += 1
        errors += summary.errors
        warnings += summary.warnings
        snapshots += summary.snapshots
        bytesRead.addSaturated(summary.bytesRead)
    }
}
