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
        version: VersionCommand.text,
        subcommands: [
            WatchCommand.self, AddCommand.self, RemoveCommand.self, SyncCommand.self, SnapshotCommand.self,
            TagCommand.self, HoldCommand.self, ReleaseCommand.self,
            LogCommand.self, ShowCommand.self, DiffCommand.self, QueryCommand.self, ShellCommand.self,
            RestoreCommand.self, UndoCommand.self, RowsCommand.self, FindCommand.self, ExportCommand.self,
            GuardCommand.self,
            DoctorCommand.self, DrillCommand.self, RecoveriesCommand.self,
            RemoteCommand.self, PushCommand.self, AdoptCommand.self, KeyCommand.self,
            StatusCommand.self, StatsCommand.self, MetricsCommand.self, ForgetCommand.self, CheckCommand.self,
            RepairCommand.self, ConfigCommand.self,
            InstallCommand.self, UninstallCommand.self, AlertCommand.self, SupportBundleCommand.self,
            DemoCommand.self,
            CompletionCommand.self, VersionCommand.self, MaintainCommand.self,
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
            if let completion = command as? CompletionCommand {
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
        if GlobalOptions.wantJSON(arguments), failure.status != .interrupted {
            StandardStream.output.write(failure.line.json + "\n")
        }
        return failure.status
    }
}
