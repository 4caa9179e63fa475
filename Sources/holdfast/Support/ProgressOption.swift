import ArgumentParser

/// Whether long work tells programs how far it is. People see it on their terminal.
struct ProgressOption: ParsableArguments {
    @Flag(help: "With --json, also write how far it is, at most once a second.")
    var progress = false
}
