import LinuxSystem

/// Which moments of a root's past stay restorable. The rules add up: what any of them keeps, stays.
///
/// Periods are those of a calendar in local time, weeks begin on Monday, and the newest moment of each stays.
/// As in restic, `hourly: 48` means the last 48 hours in which anything was captured, not the last 48 by the
/// clock: a database that rests loses nothing. An hour that the clock shows twice is two.
package struct RetentionPolicy: Hashable, Sendable, Codable {
    /// Everything that is not older than this, counted back from the newest moment (or from now, if that is
    /// earlier: a clock that was put back leaves times in the future).
    package var within: Duration?
    package var last = 0
    package var hourly = 0
    package var daily = 0
    package var weekly = 0
    package var monthly = 0
    /// How long tags that Holdfast made by itself keep what they stand on, counted back as `within` is; nil
    /// for 30 days. Then they go with their snapshot, when no other rule keeps that. Tags of people keep it
    /// for good.
    package var automaticTags: Duration?
    /// Everything that one of these tags was ever set on. What a tag of a person stands on now is kept
    /// without any rule.
    package var tags: [String] = []

    package init() {}

    /// Everything for a day, then hour by hour for two days, and 7 days, 4 weeks and 12 months.
    package static let standard: RetentionPolicy = {
        var policy = RetentionPolicy()
        policy.within = .seconds(24 * 3600)
        policy.hourly = 48
        policy.daily = 7
        policy.weekly = 4
        policy.monthly = 12
        return policy
    }()

    /// Whether it has no rule at all. Such a policy is refused: more likely it was forgotten than meant.
    package var isEmpty: Bool {
        (within ?? .zero) <= .zero && max(last, hourly, daily, weekly, monthly) <= 0 && tags.isEmpty
    }
}

extension RetentionPolicy: CustomStringConvertible {
    /// What it keeps, in words: `all within 24h, 48 hourly, 7 daily`.
    package var description: String {
        var rules: [String] = []
        if let withinText { rules.append("all \(withinText)") }
        if last > 0 { rules.append("the last \(last)") }
        for (count, period) in periods where count > 0 { rules.append("\(count) \(period)") }
        rules += tags.map { "tag \($0)" }
        return rules.joined(separator: ", ")
    }

    /// `within 24h`, in the largest unit that has it whole.
    package var withinText: String? {
        guard let within, within > .zero else { return nil }
        let units: [(Duration, String)] = [
            (.seconds(3600), "h"), (.seconds(60), "m"), (.seconds(1), "s"), (.milliseconds(1), "ms"),
        ]
        for (unit, name) in units where within >= unit {
            let count = within.nanoseconds / unit.nanoseconds
            if unit * Int(count) == within { return "within \(count)\(name)" }
        }
        return "within \(within)"
    }

    private var periods: [(Int, String)] {
        [(hourly, "hourly"), (daily, "daily"), (weekly, "weekly"), (monthly, "monthly")]
    }
}
