import LinuxSystem

/// The periods of a calendar. The newest moment of each may be kept.
enum RetentionPeriod: CaseIterable {
    case hour, day, week, month

    /// A number that two moments share if and only if they are in the same period of local time.
    func number(of instant: Instant, offsetSeconds: Int64) -> Int64 {
        let wall = instant.unixSeconds + offsetSeconds
        let day = Self.quotient(wall, 86_400)
        switch self {
        // The moment of the full hour, by the offset in force: an hour that occurs twice is two.
        case .hour: return Self.quotient(wall, 3600) * 3600 - offsetSeconds
        case .day: return day
        // 1970-01-01 was a Thursday.
        case .week: return Self.quotient(day + 3, 7)
        case .month:
            let date = CivilTime(secondsSince1970: wall, nanosecond: 0)
            return Int64(date.year * 12 + date.month)
        }
    }

    var reason: RetentionReasons {
        switch self {
        case .hour: .hourly
        case .day: .daily
        case .week: .weekly
        case .month: .monthly
        }
    }

    func count(in policy: RetentionPolicy) -> Int {
        switch self {
        case .hour: policy.hourly
        case .day: policy.daily
        case .week: policy.weekly
        case .month: policy.monthly
        }
    }

    /// Rounded down.
    private static func quotient(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
