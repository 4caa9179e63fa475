import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage

struct Log: HoldfastCommand {
    static let configuration = CommandConfiguration(
        abstract: "List snapshots, oldest first.",
        discussion: """
            PATH is a protected file, a directory within a root, or a root, and may be gone by now. Left out, it is the root \
            that contains the current directory, else the .devteam of the nearest directory upwards, else the only root. WHEN is as for holdfast restore. Times can be passed to --at as they are. Works \
            beside a running watcher.

            Exit status: 0 done, 1 failed, 4 the history is damaged (what is intact was listed), 10 no repository, no \
            such root or no snapshot that matches, 64 wrong usage.

            Examples:
              holdfast log --last 20
              holdfast log .devteam/devteam.db --since "2 days ago" --reverse
            """,
        aliases: ["ls"]
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A protected file, directory or root.", completion: .protectedPath)
    var path: String?

    @Option(
        parsing: .unconditional,
        help: .when("From this snapshot or time on."),
        completion: .when,
        transform: parseWhen
    )
    var since: When?

    @Option(
        parsing: .unconditional,
        help: .when("Up to this snapshot or time."),
        completion: .when,
        transform: parseWhen
    )
    var until: When?

    @Option(help: ArgumentHelp("Of these, only the last N.", valueName: "n"))
    var last: Int?

    @Flag(help: "Newest first.")
    var reverse = false

    @OptionGroup var sync: SyncOption

    mutating func validate() throws {
        if let last, last < 1 { throw ValidationError("--last \(last): N is 1 or more") }
    }

    func perform(_ console: Console) throws -> ExitStatus {
        let now = Instant.now
        let target = try Target(path, in: options.openRepository())
        sync.run(target, for: .latest(back: 0), console: console)
        let index = try SnapshotIndex(target.root)
        let (scope, directory) = try index.scope(of: target)
        let listing = try HistoryListing(
            of: index,
            in: scope,
            below: directory,
            since: since,
            until: until,
            last: last,
            now: now
        )

        let table = LogTable(listing, now: now, style: console.style)
        if listing.bounds != nil { try console.text(table.heading) }
        var held: [HistoryListing.Line] = []
        try listing.visit { line in
            if reverse { held.append(line) } else { try show(line, table, console) }
        }
        for line in held.reversed() { try show(line, table, console) }

        if index.entries.isEmpty && index.damage.isEmpty {
            let command = SuggestedCommand("watch", target.root.path)
            console.message("there is no snapshot of \(target.path.printable) yet: run \(command)")
        }
        for issue in index.healthIssues(in: scope) {
            try console.flush()
            console.warning("\(issue): see \(SuggestedCommand("doctor", target.path))")
        }
        guard let damage = index.damage.first else { return .done }
        try console.flush()
        throw Failure(damage)
    }

    private func show(_ line: HistoryListing.Line, _ table: LogTable, _ console: Console) throws {
        switch line {
        case .snapshot(let snapshot):
            try console.result(json: SnapshotLine(snapshot), text: table.row(snapshot))
        case .gap(let gap, let path):
            try console.result(
                json: GapLine(from: gap.from, to: gap.to, reason: gap.reason),
                text: table.row(gap, path)
            )
        case .clock(let step):
            try console.result(json: ClockLine(from: step.from, to: step.to), text: table.row(step))
        }
    }
}
