import History
import LinuxSystem
import SystemPackage

/// Decides by what is to be seen from time to time whether something is wrong.
struct ConditionWatch: Sendable {
    let repository: FilePath
    /// Since when roots are not captured.
    private var troubled: [String: MonotonicInstant] = [:]
    private var started: MonotonicInstant?
    private var lastHeartbeat: MonotonicInstant?

    /// A root that is tried again soon is no news, nor is a watcher good news that may end again at once.
    private static let patience = Duration.seconds(60)
    private static let heartbeatRetry = Duration.seconds(10)

    init(repository: FilePath) { self.repository = repository }

    /// What begins to fire, unless it does already, and what does not fire any more.
    mutating func changes(
        _ conditions: [AlertDesk.RootCondition],
        at now: MonotonicInstant
    ) -> (fires: [Alert], clears: [Alert.Subject]) {
        var (fires, clears): ([Alert], [Alert.Subject]) = ([], [])
        started = started ?? now
        if let started, started.duration(to: now) >= Self.patience { clears.append(Alert.Subject(.stopped)) }
        troubled = troubled.filter { path, _ in conditions.contains { $0.path == path } }
        for condition in conditions {
            let subject = Alert.Subject(.stale, root: condition.path)
            guard let trouble = condition.trouble else {
                // An attempt to capture it is no success yet.
                if condition.isReady {
                    troubled[condition.path] = nil
                    clears.append(subject)
                }
                continue
            }
            let since = troubled[condition.path] ?? now
            troubled[condition.path] = since
            let duration = since.duration(to: now)
            guard duration >= Self.patience else { continue }
            let start = Instant(nanoseconds: Instant.now.nanoseconds &- duration.nanoseconds)
            fires.append(
                Alert(subject, since: start, message: "\(condition.path) is not captured: \(trouble)")
            )
        }
        let disk = Alert.Subject(.disk)
        if let space = try? FileSystemSpace(at: repository), let isLow = space.isLow {
            let message =
                "\(Quantity.text(bytes: space.freeBytes)) is free on the disk of the repository "
                + "\(repository.printable): free some, or keep less "
                + "(\(SuggestedCommand("forget", "--max-size", "SIZE")))"
            if isLow { fires.append(Alert(disk, since: .now, message: message)) } else { clears.append(disk) }
        }
        return (fires, clears)
    }

    /// When the next heartbeat is due, if that is to come. Others wait until every root is captured.
    func nextHeartbeat(_ interval: Duration, after now: MonotonicInstant) -> MonotonicInstant? {
        guard let next = lastHeartbeat?.advanced(by: interval), next > now else { return nil }
        return next
    }

    /// The last heartbeat has not arrived: the next one is due soon.
    mutating func heartbeatFailed(_ interval: Duration, at now: MonotonicInstant) {
        lastHeartbeat = now.advanced(by: min(Self.heartbeatRetry, interval) - interval)
    }

    /// Whether the next heartbeat is due: it says that every root is captured.
    mutating func isHeartbeatDue(
        _ interval: Duration,
        _ conditions: [AlertDesk.RootCondition],
        at now: MonotonicInstant
    ) -> Bool {
        guard !conditions.isEmpty, conditions.allSatisfy({ $0.isReady && $0.trouble == nil }) else {
            return false
        }
        if let lastHeartbeat, lastHeartbeat.duration(to: now) < interval { return false }
        lastHeartbeat = now
        return true
    }
}

extension FileSystemSpace {
    /// Less than 1 GiB, and less than 5 % of a small disk. Nil in between, where nothing changes.
    fileprivate var isLow: Bool? {
        let limit = min(1 << 30, totalBytes / 20)
        return freeBytes < limit ? true : freeBytes < limit + limit / 4 ? nil : false
    }
}
