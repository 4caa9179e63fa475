import LinuxSystem

/// A rule for each period of a calendar, the newest moment of which may be kept.
enum RetentionPeriod: String, CaseIterable {
    case hourly, daily, weekly, monthly

    /// A number that two moments share if and only if they are in the same period of local time.
    func number(of instant: Instant, offsetSeconds: Int64) -> Int64 {
        let wall = instant.unixSeconds + offsetSeconds
        let day = wall.dividedDown(by: 86_400)
        switch self {
        case .hourly: return CalendarUnit.hour.number(of: instant, offsetSeconds: offsetSeconds)
        case .daily: return day
        // 1970-01-01 was a Thursday.
        case .weekly: return (day + 3).dividedDown(by: 7)
        case .monthly:
            let date = CivilTime(secondsSince1970: wall, nanosecond: 0)
            return Int64(date.year * 12 + date.month)
        }
    }

    var reason: RetentionReasons {
        switch self {
        case .hourly: .hourly
        case .daily: .daily
        case .weekly: .weekly
        case .monthly: .monthly
        }
    }

    func count(in policy: RetentionPolicy) -> Int {
        switch self {
        case .hourly: policy.hourly
        case .daily: policy.daily
        case .weekly: policy.weekly
        case .monthly: policy.monthly
        }
    }
}
