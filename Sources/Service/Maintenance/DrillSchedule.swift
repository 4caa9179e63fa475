/// Decides when the next restore drill of a root is due.
struct DrillSchedule: Sendable {
    let interval: Duration

    /// After its start a watcher has other things to do.
    private static let startDelay = Duration.seconds(600)

    /// How long after the watcher's start the first drill is considered.
    var firstDelay: Duration { min(Self.startDelay, interval) }

    /// How long it is until the next drill, when the last one is that old; nil when it is due.
    func delay(lastAge: Duration) -> Duration? {
        lastAge < interval ? interval - lastAge : nil
    }
}
