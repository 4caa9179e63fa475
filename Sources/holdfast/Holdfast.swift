import ArgumentParser
import LinuxSystem
import Recovery

/// The program: chooses the command, and turns what comes of it into one line and an exit status.
@main
struct Holdfast: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holdfast",
        abstract:
            "Protects SQLite databases while they are in use, and rebuilds them as they were at any moment.",
        discussion: """
            It only looks: nothing is opened for writing, locked or created in a protected directory.

            Exit status: 0 done, 1 failed, 3 done in part, 4 damage found, 10 no repository, no such root or no \
            snapshot that matches, 11 another writer has it, 12 the remote belongs to another writer or the key does not fit, \
            64 wrong usage, 130 interrupted.

            Examples:
              holdfast watch .devteam
              holdfast restore .devteam/devteam.db --at "10m ago" --output copy.db
            """,
        version: Version.text,
        subcommands: [
            Watch.self, Add.self, Remove.self, Sync.self, Snapshot.self, Tag.self, Hold.self, Release.self,
            Log.self, Show.self, Diff.self, Query.self, Shell.self,
            Restore.self, Undo.self, Rows.self, Find.self, Export.self, Guard.self,
            Doctor.self, Drill.self, Recoveries.self,
            Remotes.self, Push.self, Adopt.self, Key.self,
            Status.self, Stats.self, Metrics.self, Forget.self, Check.self, Repair.self, Config.self,
            Install.self, Uninstall.self, Alerts.self, SupportBundle.self, Demo.self,
            Completion.self, Version.self, Maintain.self,
        ]
    )

    static func main() {
        CurrentProcess.openMissingStandardStreams()
        CurrentProcess.keepFilesPrivate()
        CurrentProcess.receiveSignals()
        let arguments = GlobalOptions.spellingTimes(GlobalOptions.behindSubcommand(Arguments.all))
        CurrentProcess.exit(status(of: arguments).rawValue)
    }

    private static func status(of arguments: [String]) -> ExitStatus {
        do {
            var command = try parseAsRoot(arguments)
            if let completion = command as? Completion {
                StandardStream.output.write(completion.script(of: Self.self) + "\n")
            } else {
                try command.run()
            }
            return .done
        } catch {
            return report(error, arguments)
        }
    }

    /// Says what happened and returns the status to end with.
    private static func report(_ error: any Error, _ arguments: [String]) -> ExitStatus {
        if let status = error as? ExitStatus { return status }
        if let error = error as? SystemError, error.isBrokenPipe { return .failed }
        if exitCode(for: error) == .success {
            StandardStream.output.write(fullMessage(for: error) + "\n")
            return .done
        }
        let isParsing = exitCode(for: error) == .validationFailure
        let other = isParsing ? Failure(parsing: error, arguments: arguments) : Failure(.failed, "\(error)")
        let failure = Failure(error) ?? other
        Console.say(failure.message)
        if GlobalOptions.wantJSON(arguments) { StandardStream.output.write(failure.line.json + "\n") }
        return failure.status
    }
}
