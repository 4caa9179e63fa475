/// Why a snapshot is kept; empty: it is removed.
package struct RetentionReasons: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    // Under any policy and size limit.
    package static let newest = Self(rawValue: 1 << 0)
    package static let held = Self(rawValue: 1 << 1)
    package static let tagged = Self(rawValue: 1 << 2)
    /// The last healthy snapshot of its file.
    package static let lastGood = Self(rawValue: 1 << 3)

    // By a rule.
    package static let within = Self(rawValue: 1 << 4)
    package static let last = Self(rawValue: 1 << 5)
    static let hourly = Self(rawValue: 1 << 6)
    static let daily = Self(rawValue: 1 << 7)
    static let weekly = Self(rawValue: 1 << 8)
    static let monthly = Self(rawValue: 1 << 9)

    /// Not a moment, but its file's state at a kept one.
    package static let stateAtMoment = Self(rawValue: 1 << 10)
    /// Kept for its own sake, without the states of other files beside it.
    package static let fileOnly = Self(rawValue: 1 << 11)

    /// The reasons that no policy and no size limit overrules.
    package static let always: Self = [.newest, .held, .tagged, .lastGood]

    /// Whether the states of other files beside it are not needed.
    var isOfOneFile: Bool { self == .lastGood }
}
