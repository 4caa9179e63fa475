import ArgumentParser
import LinuxFiles
import Recovery
import Repository
import Service
import SystemPackage

struct Forget: HoldfastCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove old snapshots by rules of retention.",
        discussion: """
            PATH is a protected root, or a file in one; the whole root is thinned. Without any --keep option, everything \
            of the last 24 hours is kept, then 48 hourly, 7 daily, 4 weekly and 12 monthly moments; with one, only \
            what is said. The newest moment of each hour, day, week or month stays, in local time; hours, days, weeks and \
            months without a snapshot do not count. With each moment stays the state of every file at it. The newest \
            snapshot of each file, tagged and held ones and the last that was found good always stay.

            --max-size then removes the oldest moments until the root takes no more than that in the repository. \
            --dry-run only says what would go, and how much that frees at most: pages that later snapshots need stay.

            Exit status: 0 done, 1 failed, 4 the history is damaged (nothing was removed), 10 no repository or no such \
            root, 11 another writer has it, 64 wrong usage.
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: ArgumentHelp("A protected file or root.", valueName: "path"))
    var path: String?

    @Option(
        help: ArgumentHelp("Keep everything that is not older than this, as 24h or 7d.", valueName: "time"),
        transform: parseDuration
    )
    var keepWithin: Duration?

    @Option(help: ArgumentHelp("Keep the last N moments.", valueName: "n"))
    var keepLast: Int?

    @Option(help: ArgumentHelp("Keep one moment of each of the last N hours.", valueName: "n"))
    var keepHourly: Int?

    @Option(help: ArgumentHelp("Keep one moment of each of the last N days.", valueName: "n"))
    var keepDaily: Int?

    @Option(help: ArgumentHelp("Keep one moment of each of the last N weeks.", valueName: "n"))
    var keepWeekly: Int?

    @Option(help: ArgumentHelp("Keep one moment of each of the last N months.", valueName: "n"))
    var keepMonthly: Int?

    @Option(
        help: ArgumentHelp(
            "Keep everything that this tag was ever set on; may be repeated.",
            valueName: "name"
        )
    )
    var keepTag: [String] = []

    @Option(
        help: ArgumentHelp("The most that the root may take, as 2G, 500M or bytes.", valueName: "size"),
        transform: parseByteCount
    )
    var maxSize: UInt64?

    @Flag(help: "Only say what would go.")
    var dryRun = false

    mutating func validate() throws {
        let counts = [
            ("last", keepLast), ("hourly", keepHourly), ("daily", keepDaily), ("weekly", keepWeekly),
            ("monthly", keepMonthly),
        ]
        for (name, count) in counts {
            if let count, count < 0 { throw ValidationError("--keep-\(name) \(count): N is 0 or more") }
        }
        if let tag = keepTag.first(where: { !When.isValidName($0) }) {
            throw ValidationError("--keep-tag '\(tag)': that cannot be a tag")
        }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        let rules = RetentionRules(policy: policy, maximumBytes: maxSize)
        guard !rules.policy.isEmpty else { throw RetentionError.keepsNothing }
        let root = try Target(path, in: options.openRepository()).root
        let plan = try RetentionPlan(root, rules)
        try ForgetReport(plan, removed: dryRun ? nil : remove(plan), console).show()
        return .done
    }

    /// A watcher has the root's lock, so it is the one to do it.
    private func remove(_ plan: RetentionPlan) throws -> ForgetReport.Removal {
        do {
            // It goes on with its work meanwhile; a large history takes its time.
            let done = try ControlClient(plan.index.root).forget(plan.rules, timeout: .seconds(3600))
            return ForgetReport.Removal(snapshots: done.removedSnapshots, freedBytes: done.freedBytes)
        } catch ControlClient.Failure.noWatcher {
            throw Failure(.failed, "this version cannot remove snapshots: say --dry-run to see what would go")
        }
    }

    /// Only what was said, if anything was.
    private var policy: RetentionPolicy {
        let counts = [keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly]
        guard keepWithin != nil || !keepTag.isEmpty || counts.contains(where: { $0 != nil }) else {
            return .standard
        }
        var policy = RetentionPolicy()
        policy.within = keepWithin
        policy.last = keepLast ?? 0
        policy.hourly = keepHourly ?? 0
        policy.daily = keepDaily ?? 0
        policy.weekly = keepWeekly ?? 0
        policy.monthly = keepMonthly ?? 0
        policy.tags = keepTag
        return policy
    }
}
