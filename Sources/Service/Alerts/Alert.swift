package import LinuxSystem

/// Something that a person should know, or that it is over.
package struct Alert: Hashable, Codable, Sendable {
    package enum Kind: String, Codable, CaseIterable, Sendable {
        /// A root was not captured for a while.
        case stale
        /// Single commits may have been missed.
        case gap
        /// An audit found what had not been captured.
        case audit
        /// A database is damaged.
        case bad
        /// Many rows were deleted.
        case massDeletion = "mass-deletion"
        /// The repository's disk is nearly full.
        case disk
        /// A restore was tried, and failed.
        case drill
        /// A copy off the machine is behind.
        case remote
        /// The watcher ended without being told to.
        case stopped

        /// Whether it tells of an event: nothing says that it is over.
        var isEvent: Bool { [.gap, .audit, .massDeletion].contains(self) }
    }

    package enum State: String, Codable, Sendable { case firing, resolved }

    /// What it is about.
    package struct Subject: Hashable, Codable, Sendable {
        package let kind: Kind
        /// Absolute paths; nil for the watcher as a whole.
        package var root: String?
        package var path: String?

        package init(_ kind: Kind, root: String? = nil, path: String? = nil) {
            (self.kind, self.root, self.path) = (kind, root, path)
        }
    }

    package let subject: Subject
    package var state: State
    /// When it began to fire, in nanoseconds since 1970.
    package let since: Int64
    package let message: String
    /// The snapshot that it is about.
    package var sequence: UInt64?

    package init(
        _ subject: Subject,
        _ state: State = .firing,
        since: Instant,
        message: String,
        sequence: UInt64? = nil
    ) {
        self.subject = subject
        self.state = state
        self.since = since.nanoseconds
        self.message = String(message.prefix(Self.longestMessage))
        self.sequence = sequence
    }

    /// In characters: a receiver may show it on one line, and a pipe holds it.
    private static let longestMessage = 1000
}

/// Where alerts go.
package enum AlertReceiver: Hashable, Codable, Sendable {
    /// A program and its arguments, which reads the alert on its standard input.
    case command([String])
    /// A web server, to which the alert is posted.
    case url(String)
}
