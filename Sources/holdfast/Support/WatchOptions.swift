import ArgumentParser
import History

/// What `watch` protects, and how. What is not said comes from the configuration.
struct WatchOptions: ParsableArguments {
    @Argument(help: "What to protect.", completion: .file())
    var path: [String] = []

    @Option(help: .time("Quiet that ends a burst of changes. (default: 20ms)"), transform: parseDuration)
    var debounce: Duration?

    @Option(
        help: .time("The longest that a change waits to be made durable. (default: 100ms)"),
        transform: parseDuration
    )
    var maxDelay: Duration?

    @Option(
        help: .time(
            "The longest that a file goes without being compared as a whole; idle ones are after each change. (default: 24h)"
        ),
        transform: parseDuration
    )
    var auditInterval: Duration?

    @Option(
        help: .time(
            "Quiet after which SQLite checks the captured image of each database that changed. (default: 5s)"
        ),
        transform: parseDuration
    )
    var checkAfter: Duration?

    @Option(
        help: .time("How often a restore of everything is tried; 0s for never. (default: 24h)"),
        transform: parseDuration
    )
    var drillInterval: Duration?

    @Option(help: ArgumentHelp("Leave out names that match; may be repeated.", valueName: "glob"))
    var exclude: [String] = []

    @OptionGroup(title: "Rules of retention") var retention: RetentionOptions

    @Flag(help: "Remove nothing.")
    var keepAll = false

    @Flag(
        inversion: .prefixedNo,
        help: "Wait for a root that cannot be protected yet. (default: only for roots of the configuration)"
    )
    var waitForRoot: Bool?

    mutating func validate() throws {
        guard keepAll else { return }
        guard retention.rules == RetentionRules() else {
            throw ValidationError("--keep-all and rules of retention exclude each other")
        }
    }
}
