import ArgumentParser
import History
import RepositoryFormat
import Service

struct ReleaseCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Let retention have a moment that was held.",
        discussion: """
            Exit status: 0 done, 1 failed or timed out, 10 no such root or no held snapshot that matches, 11 another writer \
            has it, 64 wrong usage.

            Examples:
              holdfast release 42
              holdfast release "yesterday 14:00" .devteam
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The snapshot or time that was held.", completion: .when, transform: parseWhen)
    var when: When

    @Argument(help: "A root or a protected file.", completion: .protectedPath)
    var path: String?

    @Option(help: .time("How long to wait."), transform: parseDuration)
    var timeout: Duration = .seconds(10)

    func perform(_ console: Console) throws -> ExitStatus {
        let chosen = try ChosenSnapshot(when, of: try Target(path, in: options.openRepository()))
        let sequence = chosen.entry.sequence
        guard chosen.index.holds.contains(sequence) else {
            let held = chosen.index.holds.sorted().map(\.description).joined(separator: ", ")
            throw Failure(
                .notFound,
                "snapshot \(sequence) is not held: " + (held.isEmpty ? "none is" : "these are: \(held)")
            )
        }
        try chosen.target.root.annotate(.init(.release, target: sequence), timeout: timeout)
        try console.result(
            json: chosen.line(held: false),
            text: "snapshot \(chosen.entry.text) is released"
        )
        return .done
    }
}
