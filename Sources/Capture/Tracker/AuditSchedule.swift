import LinuxSystem

/// When a file is compared just to make sure: once after activity, when it has been idle for a while; and,
/// whatever it does, at an interval. Never for more than a small share of the time.
struct AuditSchedule {
    /// The file has changed since the last audit, or that was long ago.
    private(set) var isWanted = false
    private var isOverdue = false
    private var last = MonotonicInstant.now
    private var notBefore = MonotonicInstant(nanoseconds: .min)

    /// Quiet that an audit waits for, unless it is overdue.
    private static let idle = Duration.seconds(2)
    /// Between two attempts beside a writer that does not pause.
    private static let pause = Duration.seconds(1)

    /// The file has changed.
    mutating func want() {
        isWanted = true
    }

    /// Wants one if the last was that long ago; whether it does.
    mutating func wantEvery(_ interval: Duration, now: MonotonicInstant) -> Bool {
        guard last.duration(to: now) >= interval else { return false }
        isWanted = true
        isOverdue = true
        return true
    }

    /// When the next is to begin; nil while none is wanted.
    func due(after activity: MonotonicInstant) -> MonotonicInstant? {
        guard isWanted else { return nil }
        return isOverdue ? notBefore : max(activity.advanced(by: Self.idle), notBefore)
    }

    /// Something happened to the file meanwhile: it proved nothing.
    mutating func disturbed(_ now: MonotonicInstant) {
        notBefore = now.advanced(by: Self.pause)
    }

    mutating func done(began: MonotonicInstant, ended: MonotonicInstant) {
        isWanted = false
        isOverdue = false
        last = ended
        notBefore = ended.advanced(by: began.duration(to: ended) * 50)
    }
}
