import ArgumentParser
import History
import RepositoryFormat
import Service

struct HoldCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Keep a moment whatever retention says, until it is released.",
        discussion: """
            Exit status: 0 done, 1 failed or timed out, 10 no such root or no snapshot that matches, 11 another writer has \
            it, 64 wrong usage.

            Examples:
              holdfast hold 42
              holdfast hold "yesterday 14:00" .devteam
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The snapshot or time to keep.", completion: .when, transform: parseWhen)
    var when: When

    @Argument(help: "A root or a protected file.", completion: .protectedPath)
    var path: String?

    @Option(help: .time("How long to wait."), transform: parseDuration)
    var timeout: Duration = .seconds(10)

    @OptionGroup var sync: SyncOption

    func perform(_ console: Console) throws -> ExitStatus {
        let target = try Target(path, in: options.openRepository())
        sync.run(target, for: when, console: console)
        let chosen = try ChosenSnapshot(when, of: target)
        try target.root.annotate(.init(.hold, target: chosen.entry.sequence), timeout: timeout)
        try console.result(
            json: chosen.line(held: true),
            text: "snapshot \(chosen.entry.text) is held"
        )
        return .done
    }
}
