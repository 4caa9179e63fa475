import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryReader
import Service
import SystemPackage

/// How something is done to files in their own places.
struct InPlaceOptions: ParsableArguments {
    @Option(help: .time("How long to wait for programs that use the database."), transform: parseDuration)
    var wait: Duration = .seconds(10)

    @Flag(help: "Change nothing: say what would be done, and which rows of each table differ.")
    var dryRun = false

    @Option(help: ArgumentHelp("Why, for the recovery log.", valueName: "text"))
    var reason = ""

    /// No other restore of the root runs while it exists; nil when nothing is changed.
    func lock(_ root: RootDescription) throws -> RecoveryLock? {
        dryRun ? nil : try RecoveryLock(root, wait: wait)
    }

    /// Does it, or says what would be done.
    func run(
        _ plan: InPlacePlan,
        _ target: Target,
        _ index: SnapshotIndex,
        isForced: Bool,
        check: Integrity.Check = .full,
        unseen: [FilePath] = [],
        wantsLines: Bool = false,
        _ console: Console
    ) throws -> ExitStatus {
        let work = WorkProgress()
        let options = restoreOptions(isForced: isForced, check: check, progress: work)
        let capture = FreshCapture(target.root, timeout: max(wait, .seconds(30)))
        let restore = InPlaceRestore(plan, options, index) { try capture.captured($0) }
        var report = InPlaceReport(plan: plan, target: target, isDryRun: dryRun, console: console)
        report.addUnseen(unseen)
        if dryRun {
            try console.showing(work, wantsLines: wantsLines) {
                try restore.dryRun(
                    onFile: { try report.add($0) },
                    onFailure: { try report.addFailure($0, $1) },
                    onNewerFiles: { names in report.newerFiles = names.filter { !unseen.contains($0) } }
                )
            }
            return try report.end(nil)
        }
        let shortfalls = ShortfallReport()
        let entry = try console.showing(work, wantsLines: wantsLines) {
            try restore.run(
                onFile: { try report.add($0) },
                onFailure: { try report.addFailure($0, $1) },
                onNewerFiles: { names in report.newerFiles = names.filter { !unseen.contains($0) } },
                onShortfall: { shortfalls.add($0) }
            )
        }
        shortfalls.tell(console)
        return try report.end(entry)
    }

    private func restoreOptions(
        isForced: Bool,
        check: Integrity.Check,
        progress: WorkProgress
    ) -> InPlaceRestore.Options {
        var options = InPlaceRestore.Options()
        options.wait = wait
        options.isForced = isForced
        options.reason = reason
        options.check = check
        options.progress = progress
        return options
    }
}
