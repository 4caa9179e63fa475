import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage

struct ExportCommand: HoldfastCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case db, sql, tar }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a former state for other programs.",
        discussion: """
            db is the database itself, tar an archive of a whole root. sql is what sqlite3 prints of it with .dump \
            --preserve-rowids, behind PRAGMA statements for its versions, encoding and page size. If FILE is a \
            directory that exists, the name within it is that of the database or root and the snapshot's local time: \
            devteam-20260129-120000.db.

            Exit status: 0 done, 1 failed, 3 done in part (each file that was left out is named), 4 a digest or \
            integrity check failed, 10 no such root, or no snapshot or database that matches, 64 wrong usage.

            Examples:
              holdfast export --at yesterday --format sql --output devteam.sql
              holdfast export .devteam --at latest --format tar --output devteam.tar
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "A database or a root.", completion: .protectedPath)
    var path: String?

    @OptionGroup var moment: MomentOption

    @Option(help: "What to write.")
    var format: Format

    @Option(
        name: [.long, .customShort("o")],
        help: ArgumentHelp("Where to; - is the standard output.", valueName: "file"),
        completion: .file()
    )
    var output: String

    @Flag(help: "Replace a file that exists.")
    var force = false

    mutating func validate() throws {
        try StreamedOutput.validate(output, options)
    }

    func perform(_ console: Console) throws -> ExitStatus {
        let start = MonotonicInstant.now
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let repository = try source.openRepository(options, console, for: [path])
        let target = try Target(path, in: repository)
        let chosen = try moment.choose(target, console)
        let stream = StreamedOutput.isMeant(by: output) ? try StreamedOutput(target.root) : nil
        let status = try write(chosen, repository, stream, start, console)
        try stream?.send()
        return status
    }

    private func write(
        _ chosen: ChosenSnapshot,
        _ repository: RepositoryDirectory,
        _ stream: StreamedOutput?,
        _ start: MonotonicInstant,
        _ console: Console
    ) throws -> ExitStatus {
        let target = chosen.target
        switch format {
        case .db:
            let entry = try HistoricalDatabase.entry(chosen)
            let source = chosen.index.path(of: entry.file, at: entry.sequence)
            let destination = try stream?.path ?? destination(for: source, entry, repository)
            let plan = try RestorePlan(chosen.index, file: entry, to: destination).with { _ in nil }
            var report = RestoreReport(
                plan: plan,
                target: target,
                check: .full,
                start: start,
                isStreamed: stream != nil,
                console: console
            )
            try Restore(plan, isReplacing: force).run {
                try report.add($0)
            } onFailure: { _, _ in
            }
            return try report.end()
        case .sql:
            let past = try HistoricalDatabase(chosen)
            let destination = try stream?.path ?? destination(for: past.path, past.entry, repository)
            try Export(to: destination, isReplacing: force).dump(
                past.file(),
                of: past.path,
                at: past.entry.sequence
            )
            try say(past.path, past.entry, destination, console)
            return .done
        case .tar:
            guard chosen.scope == .root else {
                throw Failure(.wrongUsage, "\(target.path.printable) is one file: tar is for a whole root")
            }
            let destination = try stream?.path ?? destination(for: target.path, chosen.entry, repository)
            let plan = RestorePlan(chosen.index, root: chosen.entry, asked: moment.at, to: destination)
            var isPartial = false
            try Export(to: destination, isReplacing: force).archive(plan) { path, error in
                console.warning("\(path.printable) was left out: \(Failure.reason(error))")
                isPartial = true
            }
            console.warn(unseen: plan.unseen, in: plan.root, at: plan.entry.sequence)
            try say(target.path, chosen.entry, destination, console)
            return isPartial || !plan.unseen.isEmpty ? .partial : .done
        }
    }

    /// Within a directory that exists it gets a name of its own.
    private func destination(
        for path: FilePath,
        _ entry: SnapshotIndex.Entry,
        _ repository: RepositoryDirectory
    ) throws -> FilePath {
        let output = FilePath(argument: output)
        try ProtectedOutput(repository).refuse(output, from: path)
        guard FileStatus.ifPresent(output)?.kind == .directory else { return output }
        let name = path.lastComponent?.string ?? "root"
        let stem = format == .tar ? String(name.drop { $0 == "." }) : path.stem ?? name
        return output.appending("\(stem)-\(entry.time.stamp(in: .system)).\(format.rawValue)")
    }

    private func say(
        _ path: FilePath,
        _ entry: SnapshotIndex.Entry,
        _ destination: FilePath,
        _ console: Console
    ) throws {
        let place = StreamedOutput.isMeant(by: output) ? "the standard output" : destination.printable
        let text = "exported \(path.printable) as of snapshot \(entry.text) to \(place)"
        if StreamedOutput.isMeant(by: output) { return console.message(text) }
        let output = try Directory.absolute(destination).string
        try console.result(
            json: ExportLine(
                sequence: entry.sequence,
                time: entry.time,
                path: path.string,
                output: output,
                format: format.rawValue
            ),
            text: text
        )
    }
}
