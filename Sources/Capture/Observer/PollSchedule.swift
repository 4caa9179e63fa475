import LinuxSystem

/// When to poll for what no event reports. A pure decision.
struct PollSchedule {
    /// Nil while events report everything.
    private(set) var next: MonotonicInstant?

    /// The least pause between two rounds through directories that cannot be watched.
    static let pause = Duration.seconds(2)
    /// And the share of the time that they may take.
    private static let share = 20
    /// How often it is checked whether a root that is gone is back.
    static let missingPause = Duration.seconds(1)

    mutating func begin() { next = nil }

    mutating func rootIsMissing(_ now: MonotonicInstant) { next = now.advanced(by: Self.missingPause) }

    /// Events do not report everything.
    mutating func isNeeded(_ now: MonotonicInstant) {
        if next == nil { next = now.advanced(by: Self.pause) }
    }

    /// A round that is to be repeated is over.
    mutating func end(_ began: MonotonicInstant, _ now: MonotonicInstant) {
        guard next == nil else { return }
        next = now.advanced(by: max(Self.pause, began.duration(to: now) * Self.share))
    }
}
