import LinuxSystem

/// What happens first if a root goes on growing as in the last 24 hours.
package enum GrowthForecast: Hashable, Sendable {
    /// Its disk is full after this time.
    case diskIsFull(Duration)
    /// It takes as much as it may after this time, zero if it does already. From then on old snapshots are
    /// removed, so the disk does not get full.
    case isAtLimit(Duration)

    /// Nobody plans further, in days.
    private static let longest = 3650.0

    /// Nil if neither happens within 10 years.
    ///
    /// - Parameters:
    ///   - dayBytes: what was stored in the last 24 hours.
    ///   - usedBytes: what the repository keeps of the root.
    ///   - freeBytes: on the repository's disk; nil if that is not known.
    ///   - limitBytes: the most that the root may take; nil for no limit.
    init?(dayBytes: UInt64, usedBytes: UInt64, freeBytes: UInt64?, limitBytes: UInt64?) {
        guard dayBytes > 0 else { return nil }
        let full = freeBytes.map { Double($0) / Double(dayBytes) } ?? .infinity
        let limit = limitBytes.map { Double($0.subtractingSaturated(usedBytes)) / Double(dayBytes) }
        let days = min(full, limit ?? .infinity)
        guard days <= Self.longest else { return nil }
        let time = Duration.seconds(days * 86_400)
        self = limit == days ? .isAtLimit(time) : .diskIsFull(time)
    }

    /// Nil if the disk does not get full.
    package var timeUntilFull: Duration? {
        if case .diskIsFull(let time) = self { time } else { nil }
    }
}
