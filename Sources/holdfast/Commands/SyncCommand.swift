import ArgumentParser
import Remote
import Service

struct SyncCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Wait until everything committed so far is durable.",
        discussion: """
            Asks the watcher; where none runs, captures once by itself. Prints the last sequence. With --remote, returns when \
            the remotes have acknowledged it too.

            Exit status: 0 all is durable, 1 failed or timed out, 3 all but what is named, 4 something was removed from the remote, \
            10 no such root, 11 another writer has it, 12 the remote belongs to another writer, 64 wrong usage.

            Examples:
              holdfast sync
              holdfast sync .devteam --timeout 30s
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A root or a protected file.", completion: .protectedPath)
    var path: String?

    @Option(help: .time("How long to wait."), transform: parseDuration)
    var timeout: Duration = .seconds(10)

    @Option(
        defaultAsFlag: "",
        parsing: .scanningForValue,
        help: ArgumentHelp(
            "Return when this remote has it as well. (default: all remotes)",
            valueName: "name"
        )
    )
    var remote: String?

    func perform(_ console: Console) throws -> ExitStatus {
        let repository = try options.openRepository()
        let target = try Target(path, in: repository)
        let status = try FreshCapture.run(target, timeout: timeout, console)
        guard let remote, status == .done || status == .partial else { return status }
        let remotes = try RemoteChoice.meant(remote, options)
        let shipped = try PushCommand.ship([target.root], of: repository, to: remotes, console)
            .tell(console)
        return shipped == .done ? status : shipped
    }
}
