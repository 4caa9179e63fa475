package import LinuxSystem

/// The rules of one time zone: the local time of a moment, and the moments of a local time.
///
/// The zone's offset is its only part, so that tests can define a zone of their own.
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

    /// The local time of a moment.
    package func civilTime(at instant: Instant) -> CivilTime {
        let seconds = instant.unixSeconds
        return CivilTime(secondsSince1970: seconds + offsetSeconds(seconds), nanosecond: instant.nanosecond)
    }

    /// The moments with the local time `time`, ascending. Usually there is one. There is none if the clock
    /// was put forward past it, and two if the clock was put back. Moments that no `Instant` can hold are
    /// omitted.
    package func instants(of time: CivilTime) -> [Instant] {
        let wall = time.secondsSince1970
        return nearestInstants(to: time).filter { $0.unixSeconds + offsetSeconds($0.unixSeconds) == wall }
    }

    /// For a local time that does not exist: the moments by the offset before the clock was put forward and
    /// by the one after, ascending. One is before the change and one after it.
    package func nearestInstants(to time: CivilTime) -> [Instant] {
        let wall = time.secondsSince1970
        // The moment is at most 26 hours away. No zone has had two changes so close together that steps of a
        // few hours miss one.
        let offsets = Set(stride(from: wall - 93_600, through: wall + 93_600, by: 15_600).map(offsetSeconds))
        return offsets.map { wall - $0 }.sorted()
            .compactMap { Instant(unixSeconds: $0, nanosecond: time.nanosecond) }
    }
}
