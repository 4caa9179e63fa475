import LinuxSystem

/// Decides when retention runs: after a compaction or at the end, and not again within `pause`.
struct RetentionSchedule {
    /// The start of the last run.
    private var last: MonotonicInstant?

    /// The least time between two runs.
    static let pause = Duration.seconds(3600)

    /// Whether retention begins now.
    /// - Parameters:
    ///   - compacted: the number of segments that were compacted just now.
    ///   - isLast: no compaction follows.
    mutating func begins(compacted: Int, isLast: Bool, at now: MonotonicInstant) -> Bool {
        guard isLast || compacted > 0 else { return false }
        if let last, last.duration(to: now) < Self.pause { return false }
        last = now
        return true
    }
}
