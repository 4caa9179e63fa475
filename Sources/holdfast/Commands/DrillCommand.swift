import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

struct DrillCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Restore a snapshot to a temporary place, to know that it works.",
        discussion: """
            Digests and SQLite's integrity check are made as in a real restore, the time is taken, and the result stays in \
            the history: --list shows all. watch makes a drill of the latest snapshot every day. With --from, the result is \
            only shown.

            Exit status: 0 it was right, 1 failed, 4 it was not right, 10 no such root or no snapshot that matches, 11 another \
            writer has it, 64 wrong usage, 130 interrupted.

            Examples:
              holdfast drill
              holdfast drill .devteam/devteam.db --at yesterday
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "A protected file or root.", completion: .protectedPath)
    var path: String?

    @OptionGroup var moment: MomentOption

    @Flag(help: "Show the drills that were made.")
    var list = false

    @OptionGroup var progress: ProgressOption

    func perform(_ console: Console) throws -> ExitStatus {
        let repository = try source.openRepository(options, console, for: [path], anew: !list)
        let target = try Target(path, in: repository)
        if list {
            let index = try SnapshotIndex(target.root)
            for record in index.drills { try show(record, target, console) }
            if index.drills.isEmpty {
                console.message("no drill was made of \(target.root.path.printable) yet")
            }
            return .done
        }
        try UnfinishedWork.leaveNothingWhenInterrupted()
        moment.sync.run(target, for: moment.at, console: console)
        let work = WorkProgress()
        let record = try console.showing(work, wantsLines: progress.progress) { try drill(target, work) }
        // What is written into the copy of a remote is lost with its next update.
        if source.from == nil { try keep(record, of: target, console) }
        try show(record, target, console)
        return record.problem == nil ? .done : .damaged
    }

    /// In a damaged history, the snapshot that is probably meant is as good: the damage is what counts.
    private func drill(_ target: Target, _ work: WorkProgress) throws -> DrillRecord {
        do {
            let chosen = try ChosenSnapshot(moment.at, of: target)
            return try Drill.run(chosen.index, chosen.entry, in: chosen.scope, progress: work)
        } catch HistoryError.uncertain(_, let guess, _) {
            let index = try SnapshotIndex(target.root)
            return try Drill.run(
                index,
                guess,
                in: index.scope(of: target.name) ?? .root,
                progress: work
            )
        }
    }

    private func keep(_ record: DrillRecord, of target: Target, _ console: Console) throws {
        do {
            try target.root.annotate(record.request, timeout: .seconds(30))
        } catch let error as SystemError where error.isUnwritable {
            console.warning("the drill could not be recorded: \(error)")
        }
    }

    private func show(_ record: DrillRecord, _ target: Target, _ console: Console) throws {
        let json = DrillLine(
            time: record.time,
            path: target.root.path.string,
            sequence: record.sequence,
            passed: record.problem == nil,
            files: record.files,
            databases: record.databases,
            bytes: record.bytes,
            elapsedMs: record.elapsed.wholeMilliseconds,
            problem: record.problem,
            unchecked: record.unchecked
        )
        try console.result(json: json, text: record.text)
    }
}
