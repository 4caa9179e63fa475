import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryReader
import SystemPackage

struct RestoreCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Rebuild a file or a root as it was at some moment.",
        discussion: """
            PATH is a protected file, a directory within a root, or a root, and may be gone by now. Left out, it is the root \
            that contains the current directory, else the .devteam of the nearest directory upwards, else the only root. The image is rebuilt under another name, compared with its digest and, for a \
            database, given to SQLite's integrity check; only then it gets its name. A root that is a directory is \
            restored to a directory. Works beside a running watcher. The digest alone proves that each byte is as it \
            was; with --quick the rest is left to SQLite's quick_check.

            With --in-place the present state is captured first, even if it is damaged. A healthy database then gets its former \
            content in one transaction, which running programs see at their next read; one that is missing or corrupt is \
            replaced by a new file, and the previous one is kept as NAME.corrupted-YYYYMMDD-HHMMSS. Owner, mode and \
            journal mode stay. Files that did not exist at that moment are left alone.

            Files and directories that are missing are restored with the owner, mode, time, access control list and \
            extended attributes that they had, as far as the user may; what could not be restored is named.

            WHEN is one of: latest, latest~3, latest-good, a sequence as 42, a tag, a time as "2026-01-29 12:00" or \
            2026-01-29T12:00:00.25+01:00, @1769688000.5, "10m ago", -10m, "last week", yesterday, "yesterday 14:00"; tag~1 is \
            the snapshot before a tag's, and now the latest. A time means the newest snapshot not later than it.

            Exit status: 0 done, 1 failed, 3 done in part (each file that was left out is named), 4 a digest or \
            integrity check failed, 10 no repository, no such root or no snapshot that matches, 11 other programs have it \
            locked or open, 64 wrong usage, 130 interrupted.

            Examples:
              holdfast restore .devteam/devteam.db --at "10m ago" --output copy.db
              holdfast restore .devteam --at latest-good --in-place --dry-run
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "A protected file or root.", completion: .protectedPath)
    var path: String?

    @Option(
        parsing: .unconditional,
        help: .when("The state at this snapshot or time; the latest, but in place it must be said."),
        completion: .when,
        transform: parseWhen
    )
    var at: When?

    @Flag(help: "The snapshot before that: earlier than WHEN, not at it.")
    var before = false

    @Option(
        name: [.long, .customShort("o")],
        help: ArgumentHelp("Where to put it: a file, - for the standard output, or for a root a directory."),
        completion: .file()
    )
    var output: String?

    @Flag(help: "Replace what exists at the output; in place, exchange a file that programs have open.")
    var force = false

    @Flag(help: "Have SQLite check the pages and rows, but not each row's place in each index: much faster.")
    var quick = false

    @Option(
        name: .customLong("from-sql"),
        help: ArgumentHelp(
            "In place, from SQL as sqlite3 .dump writes it, rather than the history.",
            valueName: "file"
        ),
        completion: .file(extensions: ["sql"])
    )
    var dump: String?

    @OptionGroup var sync: SyncOption

    @Flag(help: "Restore it in its original place, while programs use it; holdfast undo reverts that.")
    var inPlace = false

    @OptionGroup(title: "In place") var inPlaceOptions: InPlaceOptions

    @OptionGroup var progress: ProgressOption

    mutating func validate() throws {
        if dump != nil {
            if output != nil { throw ValidationError("--from-sql is in place: leave --output out") }
            if at != nil { throw ValidationError("--from-sql is instead of --at: leave one of them out") }
            inPlace = true
        }
        if inPlace {
            if output != nil { throw ValidationError("--in-place and --output exclude each other") }
            if at == nil, dump == nil {
                throw ValidationError(
                    "to which moment? Say --at WHEN, as --at \"10m ago\" or --at latest-good: \(SuggestedCommand("log")) shows them, and "
                        + "\(SuggestedCommand("doctor")) what is wrong"
                )
            }
            return
        }
        if inPlaceOptions.dryRun { throw ValidationError("--dry-run is for --in-place") }
        guard let output else { throw ValidationError("where to? Say --output FILE or --in-place") }
        try StreamedOutput.validate(output, options)
    }

    func perform(_ console: Console) throws -> ExitStatus {
        let start = MonotonicInstant.now
        if inPlace { try source.refuseInPlace() }
        let repository = try source.openRepository(options, console, for: [path])
        let target = try Target(path, in: repository)
        let lock = inPlace ? try inPlaceOptions.lock(target.root) : nil
        defer { withExtendedLifetime(lock) {} }
        if let dump { return try restore(FilePath(argument: dump), target, console) }
        sync.run(target, for: at ?? .latest(back: 0), console: console)
        let chosen = try ChosenSnapshot(
            at ?? .latest(back: 0),
            of: target,
            strictlyBefore: before,
            mayBeDirectory: true
        )
        let (index, entry) = (chosen.index, chosen.entry)
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let stream = StreamedOutput.isMeant(by: output) ? try StreamedOutput(target.root) : nil
        if stream != nil, chosen.scope == .root {
            let archive = SuggestedCommand("export", target.root.path, "--format", "tar", "--output", "-")
            throw Failure(
                .wrongUsage,
                "\(target.path.printable) is a directory: name one file, or say \(archive)"
            )
        }
        let destination = inPlace ? target.path : stream?.path ?? FilePath(argument: output ?? "")
        console.detail("\(target.path.printable) at snapshot \(entry.text) is wanted")

        let asked = before ? nil : at
        let plan =
            chosen.scope == .root
            ? RestorePlan(index, root: entry, below: chosen.directory, asked: asked, to: destination)
            : try RestorePlan(index, file: entry, asked: asked, to: destination)
        guard !inPlace || !plan.items.isEmpty else {
            throw Failure(
                .notFound,
                "nothing of \(target.path.printable) existed at snapshot \(entry.sequence): choose an earlier moment from "
                    + "\(SuggestedCommand("log", target.path))"
            )
        }
        if inPlace {
            return try inPlaceOptions.run(
                InPlacePlan(plan),
                target,
                index,
                isForced: force,
                check: check,
                unseen: plan.unseen,
                wantsLines: progress.progress,
                console
            )
        }
        return try write(plan, target, repository, stream, start, console)
    }

    private var check: Integrity.Check { quick ? .quick : .full }

    private func write(
        _ plan: RestorePlan,
        _ target: Target,
        _ repository: RepositoryDirectory,
        _ stream: StreamedOutput?,
        _ start: MonotonicInstant,
        _ console: Console
    ) throws -> ExitStatus {
        let protected = try ProtectedOutput(repository)
        for item in plan.items { try protected.refuse(plan.destination(of: item), from: item.path) }
        var report = RestoreReport(
            plan: plan,
            target: target,
            check: check,
            start: start,
            isStreamed: stream != nil,
            console: console
        )
        let shortfalls = ShortfallReport()
        let work = WorkProgress()
        let restore = Restore(plan, isReplacing: force, integrityCheck: check, progress: work)
        try console.showing(work, wantsLines: progress.progress) {
            try restore.run {
                try report.add($0)
            } onFailure: {
                try report.addFailure($0, $1)
            } onShortfall: {
                shortfalls.add($0)
            }
        }
        shortfalls.tell(console)
        try stream?.send()
        return try report.end()
    }

    private func restore(_ dump: FilePath, _ target: Target, _ console: Console) throws -> ExitStatus {
        let present = try ChosenSnapshot(.latest(back: 0), of: target)
        let entry = try HistoricalDatabase.entry(present, mayBeGone: true)
        try UnfinishedWork.leaveNothingWhenInterrupted()
        return try inPlaceOptions.run(
            InPlacePlan(.sql(dump), for: entry.file, present.index),
            target,
            present.index,
            isForced: force,
            check: check,
            wantsLines: progress.progress,
            console
        )
    }
}
