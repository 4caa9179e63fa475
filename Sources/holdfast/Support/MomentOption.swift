import ArgumentParser
import History

/// The state that a command is about.
struct MomentOption: ParsableArguments {
    @Option(parsing: .unconditional, help: .when("The state at this snapshot or time."), transform: parseWhen)
    var at = When.latest(back: 0)
}
