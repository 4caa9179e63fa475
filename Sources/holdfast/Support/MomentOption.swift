import ArgumentParser
import History

/// The state that a command is about.
struct MomentOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The state at this snapshot or time.", valueName: "when"),
        transform: parseWhen
    )
    var at = When.latest(back: 0)
}
