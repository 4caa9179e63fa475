package import History
package import SystemPackage

/// What a configuration file says. A setting is nil where the file is silent.
package struct Configuration: Hashable, Sendable {
    package var repository: Setting<FilePath>?
    package var roots: [Root] = []
    package var watch = Watch()
    package var alerts: [Alert] = []
    package var heartbeat: Heartbeat?
    /// Where copies are kept off the machine.
    package var remotes: [Remote] = []
    /// Where metrics are served.
    package var metrics: Setting<LoopbackAddress>?

    package init() {}

    /// Whether something of it reaches other machines, or offers a port. A command that is told of alerts
    /// may.
    package var needsNetwork: Bool {
        !alerts.isEmpty || heartbeat != nil || metrics != nil || !remotes.isEmpty
    }

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

    /// Who is told when something is wrong.
    package enum Alert: Hashable, Sendable {
        /// A program and its arguments, which reads the alert on its standard input.
        case command(Setting<[String]>)
        /// A web server, to which the alert is posted.
        case url(Setting<String>)
    }

    /// A web server that learns from each request that all is well.
    package struct Heartbeat: Hashable, Sendable {
        package let url: Setting<String>
        package internal(set) var every: Setting<Duration>?
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
