import History
package import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
package import SystemPackage

/// Whether everything is protected: the answer at the head of `status`.
package struct ProtectionAnswer: Sendable {
    /// Why something is not protected, or not well.
    package struct Problem: Hashable, Sendable {
        package let path: FilePath
        package let reason: String

        package init(path: FilePath, reason: String) {
            (self.path, self.reason) = (path, reason)
        }
    }

    /// Roots that lose what is committed now.
    package let unprotected: [Problem]
    /// What else is wrong: damage, or a drill that failed.
    package let remarks: [Problem]
    /// All that was committed until then is durable, of every root; nil if that is not known of one.
    package let durableUntil: Instant?

    /// - Parameters:
    ///   - awaited: roots that are to be protected, and that the repository does not have.
    ///   - maximumAge: for how long it may be unknown whether everything is durable; nil for any time.
    package init(
        _ statuses: [RootStatus],
        awaited: [Problem] = [],
        maximumAge: Duration? = nil,
        now: Instant = .now
    ) {
        durableUntil = awaited.isEmpty ? Self.earliest(statuses.map(\.durableUntil)) : nil
        unprotected =
            statuses.compactMap { status in
                let reason = status.problem(now: now) ?? status.staleness(maximumAge, now: now)
                return reason.map { Problem(path: status.root.path, reason: $0) }
            } + awaited
        remarks = statuses.flatMap { status in
            status.remarks.map { Problem(path: status.root.path, reason: $0) }
        }
    }

    /// Nil if one of them is.
    private static func earliest(_ instants: [Instant?]) -> Instant? {
        let known = instants.compactMap(\.self)
        return known.count == instants.count ? known.min() : nil
    }
}

extension RootStatus {
    /// Why what is committed now may be lost; nil if it is protected.
    package func problem(now: Instant) -> String? {
        let last = lastCapture(now: now)
        if let unanswering {
            return "the watcher\(unanswering > 0 ? " (pid \(unanswering))" : "") does not answer; \(last)"
        }
        guard let watcher else { return "\(reason ?? "no watcher runs"); \(last)" }
        guard watcher.isReady else { return watcher.trouble ?? "the first capture is under way\(progress)" }
        return state == .watching ? nil : reason
    }

    /// For people: `last capture 3 min ago`.
    package func lastCapture(now: Instant) -> String {
        lastTime.map { "last capture \($0.eventAgeText(now: now))" } ?? "nothing was captured yet"
    }

    /// Why it counts as too old.
    fileprivate func staleness(_ maximumAge: Duration?, now: Instant) -> String? {
        guard let maximumAge else { return nil }
        guard let durableUntil, durableUntil.age <= maximumAge else {
            let last = durableUntil.map { ", \($0.ageText(now: now))" } ?? ""
            return "the last time at which everything was known to be durable is too long ago\(last)"
        }
        return nil
    }

    /// What is wrong though it is protected.
    fileprivate var remarks: [String] {
        healthIssues.map { "\($0)" }
            + (lastDrill?.problem.map { ["the last restore drill failed: \($0)"] } ?? [])
    }

    /// How far the first capture is, as far as its files are known.
    private var progress: String {
        let scans = watcher?.underWay ?? []
        let (done, total) = scans.reduce((0.0, 0.0)) {
            ($0.0 + Double($1.bytes), $0.1 + Double($1.totalBytes))
        }
        return total > 0 ? ": \(Int(100 * done / total)) % of \(Quantity.text(bytes: UInt64(total)))" : ""
    }
}
