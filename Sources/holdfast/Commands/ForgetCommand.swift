import ArgumentParser
import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import Service
import SystemPackage

struct ForgetCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Remove old snapshots by rules of retention.",
        discussion: """
            PATH is a protected root, which is thinned as a whole. Without any --keep option, everything \
            of the last 24 hours is kept, then 48 hourly, 7 daily, 4 weekly and 12 monthly moments; with one, only \
            what is said. The newest moment of each hour, day, week or month stays, in local time; hours, days, weeks and \
            months without a snapshot do not count. With each moment stays the state of every file at it. The newest \
            snapshot of each file and tagged and held ones always stay; a tag that holdfast made by itself keeps its \
            moment for 30 days. The last state of each database that was found good stays too, of a deleted one for 30 days.

            --max-size then removes the oldest moments until the root takes no more than that on the repository's disk. \
            Nothing goes whose removal frees nothing. A limit that cannot be reached is named first; nothing goes for it \
            if all that could go is less than 1 percent of what is too much. \
            Pages that later snapshots need stay, so another run may be needed; then it says so. \
            --dry-run only says what would go and what that frees: it tries it out beside the root, which takes as long, and \
            needs room for what would be written.

            Exit status: 0 done, 1 failed, 4 the history is damaged (nothing was removed), 10 no repository, no such root or \
            no such tag to keep, 11 another writer has it, 64 wrong usage.

            Examples:
              holdfast forget --dry-run
              holdfast forget .devteam --keep-within 24h --keep-daily 7 --max-size 2G
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A root.", completion: .protectedPath)
    var path: String?

    @OptionGroup(title: "Rules of retention") var retention: RetentionOptions

    @Flag(help: "Only say what would go.")
    var dryRun = false

    @Option(help: .time("How long to wait for another writer of the root."), transform: parseDuration)
    var timeout: Duration = .seconds(10)

    @OptionGroup var progress: ProgressOption

    func perform(_ console: Console) throws -> ExitStatus {
        let rules = retention.rules
        guard !rules.policy.isEmpty else { throw RetentionError.keepsNothing }
        let target = try Target(path, in: options.openRepository())
        guard target.name == nil || target.root.kind == .file else {
            throw Failure(
                .wrongUsage,
                "\(target.path.printable) is a part of a root, and only a root is thinned, as a whole: say "
                    + "\(SuggestedCommand("forget", target.root.path))"
            )
        }
        let plan = try RetentionPlan(target.root, rules)
        // Else the snapshots that somebody wants to keep would go.
        let known = plan.index.tagTargets
        if let unknown = rules.policy.tags.first(where: { known[$0] == nil }) {
            throw WhenError.unknownTag(unknown, known: known.keys.sorted())
        }
        // Before anything goes that does not help enough.
        ForgetReport.warnOfLimit(plan, console)
        let work = WorkProgress()
        let removal = try console.showing(work, wantsLines: progress.progress) {
            try dryRun ? runDry(plan, work) : remove(plan, work)
        }
        try ForgetReport(plan: plan, removal: removal, isDryRun: dryRun, console: console).show()
        return .done
    }

    /// Tries it out; where that cannot be done for want of room or of the right to write, nil.
    private func runDry(_ plan: RetentionPlan, _ work: WorkProgress) throws -> ForgetReport.Removal? {
        do {
            let done = try PruningDryRun(plan.index.root).run(plan.kept, progress: work)
            return ForgetReport.Removal(
                snapshots: done.removedSnapshots,
                freedBytes: done.freedBytes,
                totalBytes: plan.totalBytes - min(plan.totalBytes, done.freedBytes)
            )
        } catch is SystemError {
            return nil
        }
    }

    /// A watcher has the root's lock, so it is the one to do it.
    private func remove(_ plan: RetentionPlan, _ work: WorkProgress) throws -> ForgetReport.Removal {
        let root = plan.index.root
        let done = try WatcherOrAlone.run(root, timeout: timeout) { client, _ in
            // It goes on with its work meanwhile; a large history takes its time.
            try client.forget(plan.rules, timeout: .seconds(3600))
        } alone: {
            let done = try RootPruning.runAlone(root, plan.kept, progress: work)
            return (done.removedSnapshots, done.freedBytes)
        }
        return ForgetReport.Removal(
            snapshots: done.removedSnapshots,
            freedBytes: done.freedBytes,
            totalBytes: RootStorage(root).disk.total
        )
    }
}
