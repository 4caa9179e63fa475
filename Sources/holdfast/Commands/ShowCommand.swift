import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage

struct ShowCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one snapshot: what it is, and what changed in it.",
        discussion: """
            PATH is a protected file or root. Of a database, the rows that differ from the snapshot before it are counted; \
            --rows lists them.

            Exit status: 0 done, 1 failed, 4 damage, 10 no such root or no snapshot that matches, 64 wrong usage.

            Examples:
              holdfast show 42
              holdfast show latest .devteam/devteam.db --rows
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "The snapshot or time.", completion: .when, transform: parseWhen)
    var when = When.latest(back: 0)

    @Argument(help: "A protected file or root.", completion: .protectedPath)
    var path: String?

    @Flag(help: "List the rows.")
    var rows = false

    @OptionGroup var sync: SyncOption

    func perform(_ console: Console) throws -> ExitStatus {
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let root = try Target(path, in: source.openRepository(options, console, for: [path]))
        sync.run(root, for: when, console: console)
        let chosen = try ChosenSnapshot(when, of: root)
        let (index, entry) = (chosen.index, chosen.entry)
        let declaration = index.declaration(of: entry.file, at: entry.sequence)
        let target = Target(root: root.root, name: declaration?.name)
        let listing = try HistoryListing(
            of: index,
            in: .file(entry.file),
            since: .sequence(entry.sequence.rawValue),
            until: .sequence(entry.sequence.rawValue),
            now: .now
        )
        try listing.visit { line in
            guard case .snapshot(let snapshot) = line else { return }
            let state = snapshot.record.state
            try console.result(
                json: SnapshotLine(snapshot),
                text: """
                    snapshot \(entry.text) of \(snapshot.path.printable)
                      \(state.event.name), \(Quantity.text(snapshot.record.pageCount, "page")) changed, \
                    \(Quantity.text(bytes: state.shape.byteCount)) in all, \
                    \(Quantity.text(bytes: snapshot.record.storedBytes)) stored
                      digest \(state.digest.hexadecimal)\(health(snapshot))\
                    \(snapshot.isHeld ? ", held" : "")\(snapshot.tags.map { " [\($0)]" }.joined())
                    """
            )
        }
        let before = index.entries(in: .file(entry.file)).last { $0.sequence < entry.sequence }
        guard let before, declaration?.kind == .database else { return .done }
        let report = DiffReport(
            pair: SnapshotPair(index, in: .file(entry.file), from: before.sequence, to: entry.sequence),
            target: target,
            isSummary: !rows,
            console: console
        )
        return try report.showFiles()
    }

    private func health(_ snapshot: HistoryListing.Snapshot) -> String {
        guard let isGood = snapshot.isGood else { return "" }
        let remark = snapshot.unchecked.map { ", but not all could be checked (\($0.printable))" }
        return (isGood ? ", good" : ", bad") + (remark ?? "")
    }
}
