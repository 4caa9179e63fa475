import ArgumentParser
import LinuxSystem

/// Whether long results are shown page by page, by commands that have long results.
struct PagerOption: ParsableArguments {
    @Flag(
        help: """
            On a terminal, do not show the result by $HOLDFAST_PAGER, else $PAGER, else less -FRX.
            """
    )
    var noPager = false

    /// The shell's command of the pager; nil: none is wanted.
    ///
    /// - Parameter variable: the value of an environment variable, nil if it is unset.
    static func command(_ variable: (String) -> String?) -> String? {
        guard let command = variable("HOLDFAST_PAGER") ?? variable("PAGER") else { return standard }
        return ["", "cat"].contains(command.split(separator: " ").joined(separator: " ")) ? nil : command
    }

    /// `less` need not be installed.
    private static let standard = "if command -v less >/dev/null; then exec less -FRX; else exec cat; fi"

    /// What the pager finds in its environment unless it is set, as with git.
    static let environment = ["LESS": "FRX", "LV": "-c"]
}
