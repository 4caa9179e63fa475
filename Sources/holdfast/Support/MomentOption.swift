import ArgumentParser
import History

/// The state that a command is about.
struct MomentOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: .when("The state at this snapshot or time."),
        completion: .when,
        transform: parseWhen
    )
    var at = When.latest(back: 0)

    @OptionGroup var sync: SyncOption

    /// The snapshot that is meant once what was just committed is in the history. Warns where it may be older
    /// than the file.
    func choose(_ target: Target, _ console: Console) throws -> ChosenSnapshot {
        sync.run(target, for: at, console: console)
        let chosen = try ChosenSnapshot(at, of: target)
        chosen.warnIfStale(console)
        return chosen
    }
}
