package import History
package import SystemPackage

/// What a configuration file says. A setting is nil where the file is silent.
package struct Configuration: Hashable, Sendable {
    package var repository: Setting<FilePath>?
    package var roots: [Root] = []
    package var watch = Watch()

    package init() {}

    /// A directory or file that is to be protected.
    package struct Root: Hashable, Sendable {
        package let path: Setting<FilePath>
        /// Shell patterns of names that are left out.
        package internal(set) var exclude: Setting<[String]>?
        package internal(set) var retention: Setting<Retention>?
    }

    /// Which snapshots of a root are kept.
    package enum Retention: Hashable, Sendable {
        case all
        case rules(RetentionRules)
    }

    /// How all roots are protected.
    package struct Watch: Hashable, Sendable {
        package internal(set) var debounce: Setting<Duration>?
        package internal(set) var maxDelay: Setting<Duration>?
        package internal(set) var auditInterval: Setting<Duration>?
        package internal(set) var checkAfter: Setting<Duration>?
        /// Zero for never.
        package internal(set) var drillInterval: Setting<Duration>?
    }
}

/// A value, and the line of the file that says it.
package struct Setting<Value: Hashable & Sendable>: Hashable, Sendable {
    package let value: Value
    /// Counted from 1.
    package let line: Int
}
