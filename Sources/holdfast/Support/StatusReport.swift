import History
import LinuxSystem
import Remote
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

/// What `status` says: first whether everything is protected, then each root.
struct StatusReport {
    let scope: StatusScope
    /// The repository and why nothing is protected in it; nil if something is.
    let nothing: ProtectionAnswer.Problem?
    private let answer: ProtectionAnswer
    /// Of each root, how far each remote of the configuration is behind it.
    let lags: [RootID: [RemoteLag]]
    /// Of each watcher.
    let alerts: [AlertBoard]
    /// What alerts tell, each with its root; nil for what concerns all roots.
    private let alertReasons: [(root: String?, text: String)]
    /// The command that starts the installed service; nil if there is none.
    let serviceStart: String?
    let style: Style
    let now: Instant

    /// - Parameter maximumAge: for how long it may be unknown whether all is durable; nil for any time.
    init(
        _ scope: StatusScope,
        nothing: ProtectionAnswer.Problem?,
        maximumAge: Duration?,
        lags: [RootID: [RemoteLag]],
        alerts: [AlertBoard],
        serviceStart: String?,
        style: Style,
        now: Instant = .now
    ) {
        let awaited = scope.awaited.map { ProtectionAnswer.Problem(path: $0.path, reason: $0.reason) }
        (self.scope, self.nothing, self.lags, self.alerts) = (scope, nothing, lags, alerts)
        (self.serviceStart, self.style, self.now) = (serviceStart, style, now)
        answer = ProtectionAnswer(
            scope.statuses,
            awaited: awaited + [nothing].compactMap(\.self),
            maximumAge: maximumAge,
            now: now
        )
        alertReasons = alerts.flatMap { Self.reasons($0, scope, now) }
    }

    /// The answer: a line for each thing that is wrong, and what is durable if all is protected.
    var headlines: [String] {
        let problems = problems
        guard answer.unprotected.isEmpty else { return problems.map(style.red) }
        let what =
            answer.durableUntil.map { "all that was committed up to \($0.ageText(now: now)) is durable" }
            ?? "what was committed last is being captured"
        guard let first = problems.first else { return [style.green("protected: \(what)")] }
        let mark = first.hasPrefix(Self.notWell) ? "" : Self.notWell
        return (["protected, but \(mark)\(first)"] + problems.dropFirst()).map(style.red) + [what]
    }

    /// Why not all is well, in one line.
    var why: String {
        let problems = problems
        guard let first = problems.first else { return headlines[0] }
        return style.red(first) + (problems.count > 1 ? " (and \(problems.count - 1) more)" : "")
    }

    /// Whether there is nothing to do.
    var isWell: Bool { problems.isEmpty }

    private static let notWell = "NOT WELL: "

    private var problems: [String] {
        let notProtected = answer.unprotected.map { problem in
            "NOT PROTECTED: " + (scope.isOneStatus ? problem.reason : problem.text)
        }
        let remarks = (answer.remarks + remoteRemarks).map { Self.notWell + $0.text }
        return notProtected + remarks + alertReasons.map(\.text)
    }

    /// What is wrong with a root, or with all of them.
    func reasons(of root: FilePath) -> [String] {
        (answer.unprotected + answer.remarks + remoteRemarks).filter { $0.path == root }.map(\.reason)
            + alertReasons.filter { $0.root ?? root.string == root.string }.map(\.text)
    }

    /// What is wrong with the copies off the machine.
    private var remoteRemarks: [ProtectionAnswer.Problem] {
        scope.statuses.flatMap { status in
            lags[status.root.id, default: []].compactMap(\.problem).map {
                ProtectionAnswer.Problem(path: status.root.path, reason: $0.printable)
            }
        }
    }

    /// The alerts that fire, whom they have not reached, and why the heartbeat has failed.
    private static func reasons(
        _ board: AlertBoard,
        _ scope: StatusScope,
        _ now: Instant
    ) -> [(root: String?, text: String)] {
        let firing = board.firing(at: now).filter { scope.includes($0.subject.root) }.map { alert in
            let text = "alert \(alert.subject.kind.rawValue): \(alert.message)".printable
            return (root: alert.subject.root, text: text)
        }
        let troubles = board.outbox.troubles.map { trouble in
            let waiting = board.outbox.items.filter { $0.receiver == trouble.receiver }.map(\.alert)
            let kinds = Set(waiting.map(\.subject.kind.rawValue)).sorted().joined(separator: ", ")
            return "\(Quantity.text(waiting.count, "alert")) (\(kinds)) not delivered to "
                + "\(trouble.receiver.text), tried again: \(trouble.reason.printable)"
        }
        let heartbeat = board.heartbeatFailure.map { "the last heartbeat failed: \($0.printable)" }
        return firing + (troubles + [heartbeat].compactMap(\.self)).map { (root: nil, text: $0) }
    }

    /// A line for a status line: `protected · 2 s · good`.
    var shortLine: String {
        guard answer.unprotected.isEmpty else { return "NOT PROTECTED · \(answer.unprotected[0].reason)" }
        let age = answer.durableUntil.map { $0.ageText(now: now).replacing(" ago", with: "") } ?? "unknown"
        let isBad = scope.statuses.contains { !$0.healthIssues.isEmpty }
        let isKnown = scope.statuses.allSatisfy(\.hasVerdict)
        let health = isBad ? "damaged" : isKnown ? "good" : "unchecked"
        return "protected · \(age) · \(health)" + (isWell || isBad ? "" : " · not well")
    }
}

extension ProtectionAnswer.Problem {
    /// With the path, which a reason may have itself.
    fileprivate var text: String {
        reason.hasPrefix(path.printable) ? reason : "\(path.printable): \(reason)"
    }
}
