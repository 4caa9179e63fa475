import Capture
import History
import LinuxSystem
import Recovery
import RepositoryReader
import RepositoryWriter
import Service
import SystemPackage

/// What the watcher says while it runs.
enum WatchMessages {
    /// A root cannot be protected for now.
    static func warn(_ path: FilePath, _ error: any Error, isTriedAgain: Bool) {
        let addition = isTriedAgain ? "; trying again" : ""
        Console.say("\(path.printable) cannot be protected: \(Failure.reason(error))\(addition)")
    }

    /// Not everything was captured when it was told to stop.
    static func warn(_ path: FilePath, _ why: String) {
        Console.say("\(path.printable): \(why); run \(SuggestedCommand("watch", path)) again")
    }

    static func announce(_ ready: [WatchService.Ready], _ options: GlobalOptions) {
        for one in ready {
            let text =
                "ready: \(one.root.path.printable), \(Quantity.text(one.databases, "database")), "
                + "\(Quantity.text(one.files, "file"))"
            RecentMessages.add(text)
            if options.json {
                let line = ReadyLine(root: one.root.path.string, files: one.files, databases: one.databases)
                StandardStream.output.write(line.json + "\n")
            } else {
                TerminalLine.cleared { StandardStream.error.write(text + "\n") }
            }
        }
    }

    /// At the first damaged snapshot.
    static func warn(of verdict: HealthSurvey.Verdict) {
        guard let problem = verdict.problem, verdict.isNews else { return }
        let path = verdict.path.printable
        let advice =
            verdict.lastGood.map { "the last one found good is \($0)" } ?? "none was found good before"
        Console.say(
            "\(path) is damaged at snapshot \(verdict.sequence) (\(problem)); \(advice): see "
                + "\(SuggestedCommand("doctor", verdict.path))",
            details: [problem]
        )
    }

    static func say(_ drill: DrillRecord, of root: RootDescription, _ options: GlobalOptions) {
        if drill.problem == nil && options.quiet { return }
        let details = [drill.problem, drill.unchecked].compactMap(\.self)
        Console.say("\(root.path.printable): \(drill.text)", details: details)
    }

    static func say(_ notice: CaptureNotice, of root: RootDescription, _ options: GlobalOptions) {
        let path = root.path.printable
        switch notice {
        case .finding(let finding):
            Console.say("\(finding.file.printable) at byte \(finding.offset): \(finding.message)")
        case .leftOut(let leftOut): if leftOut.isTrouble || !options.quiet { Console.say(leftOut.text) }
        case .hindered(let reason): Console.say(reason)
        case .quarantined(let file, let reason):
            Console.say("\(file): \(reason): this file is captured anew, the others go on: please report it")
        case .trouble(let trouble?): Console.say("\(path): \(trouble)")
        case .trouble(nil): if !options.quiet { Console.say("\(path): in order again") }
        case .gap(let reason):
            if !options.quiet { Console.say("\(path): a gap in the history: \(reason)") }
        case .removed(let outcome):
            guard !options.quiet else { return }
            let size = Quantity.text(bytes: outcome.freedBytes)
            Console.say("\(path): removed \(outcome.removedSnapshots) old snapshots, \(size) freed")
        case .databaseDeleted(let file):
            let command = SuggestedCommand("doctor", file, "--apply", "best")
            Console.say("\(file.printable) was deleted: to restore it, \(command)")
        case .sharesDisk: if !options.quiet { Console.say("\(path): \(DiskWarning.text)") }
        case .auditDifference(let file):
            Console.say(
                "found changes in \(file) that were not captured, and captured them: this is a bug, please report it"
            )
        }
    }
}
