import LinuxSystem

/// Decides which moments of a root's history remain restorable. A moment is kept if any rule keeps it.
///
/// Periods are those of a calendar in local time, weeks begin on Monday, and the newest moment of each is
/// kept. As in restic, `hourly: 48` means the last 48 hours with a capture, not the last 48 by the clock: an
/// idle database loses nothing. An hour that occurs twice is two.
package struct RetentionPolicy: Hashable, Sendable, Codable {
    /// Every moment that is not older than this, counted back from the newest moment. If now is earlier, it
    /// is counted from now: a clock that was put back leaves times in the future.
    package var within: Duration?
    package var last = 0
    package var hourly = 0
    package var daily = 0
    package var weekly = 0
    package var monthly = 0
    /// How long automatic tags keep their snapshots, counted back as `within` is; nil for 30 days. After that
    /// they are removed with the snapshot, if no other rule keeps it. A person's tags keep it forever.
    package var automaticTags: Duration?
    /// Every moment that one of these tags was ever set on. The current snapshot of a person's tag is kept
    /// without any rule.
    package var tags: [String] = []

    package init() {}

    /// Everything for 1 day, then 48 hours, 7 days, 4 weeks and 12 months.
    package static let standard: RetentionPolicy = {
        var policy = RetentionPolicy()
        policy.within = .seconds(24 * 3600)
        policy.hourly = 48
        policy.daily = 7
        policy.weekly = 4
        policy.monthly = 12
        return policy
    }()

    /// The rules that are given; the standard ones if none is.
    package static func given(
        within: Duration?,
        last: Int?,
        hourly: Int?,
        daily: Int?,
        weekly: Int?,
        monthly: Int?,
        tags: [String]
    ) -> RetentionPolicy {
        let counts = [last, hourly, daily, weekly, monthly]
        if within == nil, tags.isEmpty, counts.allSatisfy({ $0 == nil }) { return .standard }
        var policy = RetentionPolicy()
        policy.within = within
        policy.last = last ?? 0
        policy.hourly = hourly ?? 0
        policy.daily = daily ?? 0
        policy.weekly = weekly ?? 0
        policy.monthly = monthly ?? 0
        policy.tags = tags
        return policy
    }

    /// Whether it has no rule at all. Such a policy is rejected: it was more likely forgotten than intended.
    package var isEmpty: Bool {
        (within ?? .zero) <= .zero && max(last, hourly, daily, weekly, monthly) <= 0 && tags.isEmpty
    }
}

extension RetentionPolicy: CustomStringConvertible {
    /// Its rules in words: `all within 24h, 48 hourly, 7 daily`.
    package var description: String {
        var rules: [String] = []
        if let withinText { rules.append("all \(withinText)") }
        if last > 0 { rules.append("the last \(last)") }
        for period in RetentionPeriod.allCases where period.count(in: self) > 0 {
            rules.append("\(period.count(in: self)) \(period.rawValue)")
        }
        rules += tags.map { "tag \($0)" }
        return rules.joined(separator: ", ")
    }

    /// `within 24h`.
    package var withinText: String? {
        guard let within, within > .zero else { return nil }
        return "within \(Quantity.shortText(within))"
    }
}
