import ArgumentParser
import Service

struct Sync: HoldfastCommand {
    static let configuration = CommandConfiguration(
        abstract: "Wait until everything committed so far is durable.",
        discussion: """
            Asks the watcher; where none runs, captures once by itself. Prints the last sequence.

            Exit status: 0 all is durable, 1 failed or timed out, 3 all but what is named, 10 no such root, \
            11 another writer has it, 64 wrong usage.

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

    func perform(_ console: Console) throws -> ExitStatus {
        let target = try Target(path, in: options.openRepository())
        return try FreshCapture.run(target, timeout: timeout, console)
    }
}
