package import LinuxSystem

/// The rules of one time zone: what the wall shows at a moment, and which moments a wall time denotes.
///
/// A value with the zone's offset as its only part, so that tests can lay down a zone of their own.
package struct LocalCalendar: Sendable {
    /// How many seconds local time is ahead of UTC at a moment given in Unix seconds; less than 26 hours
    /// either way.
    let offsetSeconds: @Sendable (_ unixSeconds: Int64) -> Int64

    package init(offsetSeconds: @escaping @Sendable (_ unixSeconds: Int64) -> Int64) {
        self.offsetSeconds = offsetSeconds
    }

    /// The zone of this process.
    package static let system = LocalCalendar { LocalTime.offsetSeconds(atUnixSeconds: $0) }

    package static let utc = LocalCalendar { _ in 0 }

    /// What the wall shows at a moment.
    package func civilTime(at instant: Instant) -> CivilTime {
        let seconds = instant.unixSeconds
        return CivilTime(
            secondsSince1970: seconds + offsetSeconds(seconds),
            nanosecond: instant.nanosecond
        )
    }

    /// The moments at which the wall shows `time`, ascending: one as a rule, none if the clock was put
    /// forward over it, two if the clock was put back behind it. Those that no `Instant` can hold are left
    /// out.
    package func instants(of time: CivilTime) -> [Instant] {
        let wall = time.secondsSince1970
        return offsets(around: wall)
            .map { wall - $0 }
            .filter { $0 + offsetSeconds($0) == wall }
            .sorted()
            .compactMap { Instant(unixSeconds: $0, nanosecond: time.nanosecond) }
    }

    /// For a wall time that does not exist: the moments that it would denote by the offset before the clock
    /// was put forward and by the one after, ascending. One lies before the change and one after it.
    package func nearestInstants(to time: CivilTime) -> [Instant] {
        let wall = time.secondsSince1970
        return offsets(around: wall)
            .map { wall - $0 }
            .sorted()
            .compactMap { Instant(unixSeconds: $0, nanosecond: time.nanosecond) }
    }

    /// Every offset that may apply when the wall shows `wall`. The moment itself is at most 26 hours away;
    /// no zone has had two changes of its clock so close together that steps of a few hours miss one.
    private func offsets(around wall: Int64) -> Set<Int64> {
        Set(stride(from: wall - 93_600, through: wall + 93_600, by: 15_600).map(offsetSeconds))
    }
}
