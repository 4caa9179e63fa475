import ArgumentParser
import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

struct DoctorCommand: HoldfastCommand {
    enum Remedy: String, ExpressibleByArgument, CaseIterable { case best, good, salvage, merge }

    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what is wrong with a database, and what can be done.",
        discussion: """
            The present state is captured and examined; the live file is not opened. If it is damaged, the choices are \
            ranked by the rows that each would lose: good is the last healthy snapshot, salvage what can still be read of the \
            file, merge both. --apply does one of them in place, as restore --in-place does: the previous file is kept, and \
            holdfast undo reverts it.

            Exit status: 0 nothing is wrong or it was repaired, 1 failed, 4 something is wrong, 10 no such root or database, or \
            nothing to apply, 11 other programs have it locked or open, 64 wrong usage, 130 interrupted.

            Examples:
              holdfast doctor .devteam/devteam.db
              holdfast doctor --apply best --dry-run
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "A database, or a root with one.", completion: .protectedPath)
    var path: String?

    @Option(help: "Do it: best is the first of the choices.")
    var apply: Remedy?

    @Flag(help: "Exchange a file that programs have open.")
    var force = false

    @OptionGroup var inPlaceOptions: InPlaceOptions

    func perform(_ console: Console) throws -> ExitStatus {
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let target = try Target(path, in: source.openRepository(options, console, for: [path]))
        // What a remote has is nobody's to watch.
        let isWatched = try source.from != nil || ControlClient(target.root).status() != nil
        let lock = apply == nil ? nil : try inPlaceOptions.lock(target.root)
        defer { withExtendedLifetime(lock) {} }
        _ = try FreshCapture(target.root, timeout: .seconds(30)).run()
        let index = try SnapshotIndex(target.root)
        let scope = try index.scope(of: target, mayBeDirectory: false).scope
        let file = try file(in: scope, target, index)
        let doctor = try Doctor(file, index)
        let diagnosis = try doctor.examine()
        try show(diagnosis, console)
        if !isWatched {
            console.warning(
                "no watcher runs, so that nothing is captured: run \(SuggestedCommand("watch", target.root.path))"
            )
        }
        guard let apply else { return diagnosis.findings.isEmpty ? .done : .damaged }
        guard !diagnosis.choices.isEmpty else {
            if diagnosis.findings.isEmpty { return .done }
            throw Failure(
                .notFound,
                "there is no choice to apply: restore another moment with "
                    + "\(SuggestedCommand("restore", diagnosis.path, "--at", "WHEN", "--in-place")), or single rows with "
                    + "\(SuggestedCommand("rows", "restore", "TABLE", "KEY", diagnosis.path, "--at", "WHEN"))"
            )
        }
        let choice = diagnosis.choices.first { apply == .best || $0.remedy.rawValue == apply.rawValue }
        guard let choice else { throw Failure(.notFound, "\(apply.rawValue) is none of the choices") }
        return try withExtendedLifetime(doctor) {
            let plan = InPlacePlan(choice.source, for: file, index)
            return try inPlaceOptions.run(plan, target, index, isForced: force, console)
        }
    }

    /// A file that is named need not be a database at present. An empty file is an empty database.
    private func file(in scope: HistoryScope, _ target: Target, _ index: SnapshotIndex) throws -> FileID {
        if case .file(let file) = scope {
            let isEmpty = FileStatus.ifPresent(target.path)?.sizeBytes == 0
            guard isEmpty || index.filesThatWereDatabases.contains(file) else {
                throw Failure(
                    .notFound,
                    "\(target.path.printable) is a plain file, and never was a database: see "
                        + "\(SuggestedCommand("log", target.path))"
                )
            }
            return file
        }
        let files = index.filesThatWereDatabases
        guard let file = try index.meantDatabase(among: files, at: SequenceNumber(.max)) else {
            throw Failure(
                .notFound,
                "\(target.path.printable) has no database: see \(SuggestedCommand("log", target.path))"
            )
        }
        return file
    }

    private func show(_ diagnosis: Diagnosis, _ console: Console) throws {
        let path = diagnosis.path.printable
        defer { for remark in diagnosis.remarks { console.message("\(path): \(remark)") } }
        if diagnosis.findings.isEmpty {
            return try console.result(
                json: DiagnosisLine(
                    path: diagnosis.path.string,
                    sound: true,
                    remarks: diagnosis.remarks + [diagnosis.deletion].compactMap(\.self)
                ),
                text: diagnosis.deletion.map { "\(path): the file is intact, but \($0.printable)" }
                    ?? "\(path): nothing is wrong"
            )
        }
        try console.result(
            json: DiagnosisLine(path: diagnosis.path.string, sound: false, findings: diagnosis.findings),
            text: ([path] + diagnosis.findings.map { "  \($0)" }).joined(separator: "\n")
        )
        for (index, choice) in diagnosis.choices.enumerated() {
            let lost = choice.tables.filter { $0.removed + $0.changed > 0 }
                .map { "\($0.removed + $0.changed) of \($0.table)" }
            var losses: [String] = []
            if let count = choice.lostRows {
                let tables = "\(Quantity.text(rows: count)) lost (\(lost.joined(separator: ", ")))"
                losses.append(count == 0 ? "no rows lost" : tables)
            }
            let unknown = choice.unknown.joined(separator: ", and ").printable
            if !unknown.isEmpty { losses.append((losses.isEmpty ? "lost is " : "besides ") + unknown) }
            let loss = losses.joined(separator: ", ")
            let back =
                choice.returningRows == 0
                ? ""
                : "; \(choice.returningRows) rows that cannot be read are restored, even if they were deleted on purpose"
            var entry: SnapshotIndex.Entry?
            if case .snapshot(let snapshot) = choice.source { entry = snapshot }
            try console.result(
                json: RemedyLine(
                    path: diagnosis.path.string,
                    choice: choice.remedy.rawValue,
                    sequence: entry?.sequence,
                    time: entry?.time,
                    rank: index + 1,
                    lostRows: OrNull(choice.lostRows),
                    unknown: choice.unknown,
                    returningRows: choice.returningRows
                ),
                text: "  \(index + 1). \(choice.remedy.rawValue): \(text(choice)): \(loss)\(back)"
            )
        }
        guard apply == nil, !diagnosis.choices.isEmpty else { return }
        try console.text("to do the first: \(SuggestedCommand("doctor", diagnosis.path, "--apply", "best"))")
    }

    private func text(_ choice: Diagnosis.Choice) -> String {
        switch (choice.remedy, choice.source) {
        case (_, .snapshot(let entry)): "the last healthy snapshot, \(entry.text)"
        case (.salvage, _): "what can still be read of the file"
        default: "the last healthy snapshot with what can still be read"
        }
    }
}
