package import LinuxSystem

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
    /// Absolute paths of what the watcher protects; nil from one that did not note them.
    private var roots: [String]?

    package init() {}

    /// What fires. Nobody clears what is over while no watcher runs. So an alert does not fire any more if:
    /// 1. it is about an event, which was not reported again for an hour; or
    /// 2. the watcher has ended in order, or its failure was reported. That report fires.
    package func firing(at now: Instant) -> [Alert] {
        entries.filter { entry in
            !Self.isOver(entry, at: now) && (isWatched || entry.alert.subject.kind == .stopped)
        }.map(\.alert)
    }

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

    /// The watcher protects these roots. Clears what is about others.
    mutating func protects(_ paths: [String], to receivers: [AlertReceiver]) {
        roots = paths
        clear(to: receivers) { entry in
            entry.alert.subject.root.map { !paths.contains($0) } ?? false
        }
    }

    /// Clears events that are over.
    mutating func clearEvents(to receivers: [AlertReceiver], at now: Instant) {
        clear(to: receivers) { Self.isOver($0, at: now) }
    }

    private static func isOver(_ entry: Entry, at now: Instant) -> Bool {
        guard entry.alert.subject.kind.isEvent else { return false }
        // A clock that was put back ends it as well: otherwise it might never end.
        let age = now.nanoseconds.subtractingReportingOverflow(entry.last).partialValue
        return age < 0 || Duration.nanoseconds(age) >= Self.eventTime
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
        if isWatched { tellOfStop(to: receivers, at: now) }
        isWatched = true
    }

    /// The watcher runs, whatever was said of another one with the same configuration.
    mutating func goOn() { isWatched = true }

    private mutating func tellOfStop(to receivers: [AlertReceiver], at now: Instant) {
        let message = "the watcher ended without being told to, and was started again"
        fire(Alert(Alert.Subject(.stopped), since: now, message: message), to: receivers, at: now)
    }

    /// The watcher ends because it was told to.
    mutating func end() { isWatched = false }

    /// The watcher has ended, as the service manager says.
    mutating func stopped(why: String, to receivers: [AlertReceiver], at now: Instant) {
        fire(Alert(Alert.Subject(.stopped), since: now, message: why), to: receivers, at: now)
        // Whoever starts the next one need not say it again.
        isWatched = false
    }

    /// Takes from the board of a watcher that does not run what is about these roots, which another one
    /// protects now. If that watcher had no others, all else goes with it: also that it did not end as it
    /// should. From one that did not note its roots only these go: it may have others. What was told is not
    /// told again, unless to somebody else.
    ///
    /// - Parameter seen: what the watcher sees itself. It also takes that before it protects a root.
    mutating func takeOver(
        _ former: inout AlertBoard,
        of taken: Set<String>,
        and seen: Set<Alert.Subject> = [],
        to receivers: [AlertReceiver],
        at now: Instant
    ) {
        guard !taken.isEmpty || !seen.isEmpty else { return }
        let known = former.roots.map { Set($0) }
        let rest = known?.subtracting(taken)
        func isTaken(_ subject: Alert.Subject) -> Bool {
            if seen.contains(subject) { return true }
            guard !taken.isEmpty else { return false }
            // Whoever runs sees how full the disk is.
            guard let root = subject.root else { return rest?.isEmpty == true || subject.kind == .disk }
            return rest.map { !$0.contains(root) } ?? taken.contains(root)
        }
        let own = Set(entries.map(\.alert.subject))
        let items = former.outbox.take(isTaken).filter { receivers.contains($0.receiver) }
        outbox.putFirst(items.filter { !own.contains($0.alert.subject) })
        let others = receivers.filter { !former.receivers.contains($0) }
        for entry in former.entries where isTaken(entry.alert.subject) {
            guard !own.contains(entry.alert.subject) else { continue }
            entries.append(entry)
            outbox.add(entry.alert, to: others)
        }
        former.entries.removeAll { isTaken($0.alert.subject) }
        guard !taken.isEmpty, let known, let rest else { return }
        if rest != known { former.roots = rest.sorted() }
        guard rest.isEmpty else { return }
        if former.isWatched, !known.isEmpty { tellOfStop(to: receivers, at: now) }
        former = AlertBoard()
    }
}
