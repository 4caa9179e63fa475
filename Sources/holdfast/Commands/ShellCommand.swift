import ArgumentParser
import LinuxSystem
import Recovery
import SystemPackage

struct ShellCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "shell",
        abstract: "Open sqlite3 on a database as it was.",
        discussion: """
            PATH is a database, or a root with one. The database is rebuilt as it was at WHEN, and is gone when sqlite3 ends; \
            nothing can write to it.

            Exit status: that of sqlite3; 4 damage, 10 no such root, or no snapshot or database that matches, 64 wrong usage.

            Examples:
              holdfast shell --at "10m ago"
              holdfast shell .devteam/devteam.db --at before-cleanup
            """
    )

    @OptionGroup var options: GlobalOptions

    @OptionGroup(title: "A remote") var source: RemoteSource

    @Argument(help: "A database or a root.", completion: .protectedPath)
    var path: String?

    @OptionGroup var moment: MomentOption

    func perform(_ console: Console) throws -> ExitStatus {
        try UnfinishedWork.leaveNothingWhenInterrupted()
        let target = try Target(path, in: source.openRepository(options, console, for: [path]))
        let past = try HistoricalDatabase(moment.choose(target, console))
        console.message("\(past.path.printable) at snapshot \(past.entry.text)")
        let image = try ImageURI(past.file())
        let status = try withExtendedLifetime(past) {
            try ForegroundProcess.run(
                "sqlite3",
                ["-readonly", image.text],
                forwardsStops: true
            )
        }
        return ExitStatus(rawValue: status)
    }
}
