import LinuxSystem

/// Which alerts fire, and what of them is not delivered yet. Each fires once, and once more when it clears.
package struct AlertBoard: Hashable, Codable, Sendable {
    private struct Entry: Hashable, Codable {
        var alert: Alert
        /// When it was last reported, in nanoseconds since 1970.
        var last: Int64
    }

    private var entries: [Entry] = []
    package internal(set) var outbox = AlertOutbox()
    /// Who was told last.
    var receivers: [AlertReceiver] = []
    /// Why the last heartbeat did not arrive; nil if it did.
    package internal(set) var heartbeatFailure: String?
    /// A watcher runs, or has ended without being told to.
    private(set) var isWatched = false

    package init() {}

    package var firing: [Alert] { entries.map(\.alert) }

    /// An event is over when it was not reported again for so long.
    private static let eventTime = Duration.seconds(3600)

    /// Fires, unless it does already.
    mutating func fire(_ alert: Alert, to receivers: [AlertReceiver], at now: Instant) {
        guard let place = entries.firstIndex(where: { $0.alert.subject == alert.subject }) else {
            entries.append(Entry(alert: alert, last: now.nanoseconds))
            outbox.add(alert, to: receivers)
            return
        }
        entries[place].last = now.nanoseconds
    }

    /// Clears, if it fires.
    mutating func clear(_ subject: Alert.Subject, to receivers: [AlertReceiver]) {
        clear(to: receivers) { $0.alert.subject == subject }
    }

    /// Clears what is about roots that are no longer protected.
    mutating func clearRoots(besides paths: [String], to receivers: [AlertReceiver]) {
        clear(to: receivers) { entry in
            entry.alert.subject.root.map { !paths.contains($0) } ?? false
        }
    }

    /// Clears events that are over.
    mutating func clearEvents(to receivers: [AlertReceiver], at now: Instant) {
        clear(to: receivers) { entry in
            guard entry.alert.subject.kind.isEvent else { return false }
            // A clock that was put back ends it as well: otherwise it might never end.
            let age = now.nanoseconds.subtractingReportingOverflow(entry.last).partialValue
            return age < 0 || Duration.nanoseconds(age) >= Self.eventTime
        }
    }

    private mutating func clear(to receivers: [AlertReceiver], _ isOver: (Entry) -> Bool) {
        for entry in entries where isOver(entry) {
            var alert = entry.alert
            alert.state = .resolved
            outbox.add(alert, to: receivers)
        }
        entries.removeAll(where: isOver)
    }

    /// A watcher starts. If the last one did not end as it should, that is an alert. It clears when this one
    /// has run for a while.
    mutating func begin(to receivers: [AlertReceiver], at now: Instant) {
        if isWatched {
            let message = "the watcher ended without being told to, and was started again"
            fire(Alert(Alert.Subject(.stopped), since: now, message: message), to: receivers, at: now)
        }
        isWatched = true
    }

    /// The watcher ends because it was told to.
    mutating func end() { isWatched = false }

    /// The watcher has ended, as the service manager says.
    mutating func stopped(why: String, to receivers: [AlertReceiver], at now: Instant) {
        fire(Alert(Alert.Subject(.stopped), since: now, message: why), to: receivers, at: now)
        // Whoever starts the next one need not say it again.
        isWatched = false
    }
}
