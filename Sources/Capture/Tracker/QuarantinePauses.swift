import LinuxSystem

/// How long a file rests after an error of the program itself: the more often it comes, the longer. A pure
/// decision.
struct QuarantinePauses {
    private var count = 0
    private var last: MonotonicInstant?

    static let shortest = Duration.seconds(2)
    private static let forgivenAfter = Duration.seconds(3600)
    private static let mostDoublings = 7

    /// The pause after one more error.
    mutating func next(_ now: MonotonicInstant) -> Duration {
        if let last, last.duration(to: now) > Self.forgivenAfter { count = 0 }
        last = now
        count += 1
        return Self.shortest * (1 << min(count - 1, Self.mostDoublings))
    }
}
