import History
import LinuxSystem
import RepositoryFormat
import Remote
import RepositoryReader
import Service
import SystemPackage

/// What `status` says to people: first whether everything is protected, then each root.
struct StatusReport {
    let answer: ProtectionAnswer
    let statuses: [RootStatus]
    /// Of each root, how far each remote of the configuration is behind it.
    let lags: [RootID: [RemoteLag]]
    /// Of each watcher.
    let alerts: [AlertBoard]
    /// What is to be said of watchers as a whole.
    let remarks: [String]
    /// The command that starts the installed service; nil if there is none.
    let serviceStart: String?
    let style: Style
    let now: Instant

    /// The answer: a line for each root that is not protected, and one for each thing that is not well.
    var headlines: [String] {
        let problems = (notProtected + notWell).map(style.red)
        guard notProtected.isEmpty else { return problems }
        let what =
            answer.durableUntil.map { "all that was committed up to \($0.ageText(now: now)) is durable" }
            ?? "what was committed last is being captured"
        guard problems.isEmpty else {
            return [style.red("protected, but \(notWell[0])")] + problems.dropFirst() + [what]
        }
        return [style.green("protected: \(what)")]
    }

    /// Why not all is well, in one line.
    var why: String {
        guard let first = (notProtected + notWell).first.map(style.red) ?? alertLines.first else {
            return headlines[0]
        }
        let others = max(notProtected.count + notWell.count - 1, 0)
        return others > 0 ? "\(first) (and \(others) more)" : first
    }

    private var notProtected: [String] {
        let isOne = statuses.count <= 1 && answer.unprotected.count == 1
        return answer.unprotected.map { problem in
            "NOT PROTECTED: \(isOne ? "" : "\(problem.path.printable): ")\(problem.reason)"
        }
    }

    /// What is wrong with the copies off the machine.
    private var remoteRemarks: [ProtectionAnswer.Problem] {
        statuses.flatMap { status in
            lags[status.root.id, default: []].compactMap(\.problem).map {
                ProtectionAnswer.Problem(path: status.root.path, reason: $0.printable)
            }
        }
    }

    /// Whether there is nothing to do.
    var isWell: Bool { answer.isWell && hasGoodAlerts && remoteRemarks.isEmpty }

    private var notWell: [String] {
        (answer.remarks + remoteRemarks).map { remark in
            let path = remark.path.printable
            // Of a database, its own path is said.
            return "NOT WELL: \(remark.reason.hasPrefix(path) ? "" : "\(path): ")\(remark.reason)"
        }
    }

    /// The alerts that fire, and whom they have not reached; empty if there is nothing to say.
    var alertLines: [String] { alerts.flatMap(lines) }

    /// Whether nothing hinders alerts, and the disk has room.
    private var hasGoodAlerts: Bool {
        alerts.allSatisfy { board in
            board.outbox.troubles.isEmpty && board.heartbeatFailure == nil
                && !board.firing.contains { $0.subject.kind == .disk }
        }
    }

    private func lines(_ board: AlertBoard) -> [String] {
        let firing = board.firing.map { alert in
            style.red("alert \(alert.subject.kind.rawValue): \(alert.message)".printable)
        }
        let troubles = board.outbox.troubles.map { trouble in
            let waiting = board.outbox.items.filter { $0.receiver == trouble.receiver }.map(\.alert)
            let kinds = Set(waiting.map(\.subject.kind.rawValue)).sorted().joined(separator: ", ")
            return style.red(
                "\(Quantity.text(waiting.count, "alert")) (\(kinds)) not delivered to "
                    + "\(trouble.receiver.text), tried again: \(trouble.reason.printable)"
            )
        }
        let heartbeat = board.heartbeatFailure.map {
            [style.red("the last heartbeat failed: \($0.printable)")]
        }
        return firing + troubles + (heartbeat ?? [])
    }

    /// A line for a status line: `protected · 2 s · good`.
    var shortLine: String {
        guard answer.unprotected.isEmpty else { return "NOT PROTECTED · \(answer.unprotected[0].reason)" }
        let age = answer.durableUntil.map { $0.ageText(now: now).replacing(" ago", with: "") } ?? "unknown"
        let isBad = statuses.contains { !$0.healthIssues.isEmpty }
        let isKnown = statuses.allSatisfy(\.hasVerdict)
        return "protected · \(age) · \(isBad ? "damaged" : isKnown ? "good" : "unchecked")"
    }

    /// The lines of a root.
    func text(_ status: RootStatus) -> String {
        let state = status.state.rawValue
        let shown =
            switch status.state {
            case .watching: style.green(state)
            case .stopped: style.yellow(state)
            case .degraded: style.red(state)
            }
        var lines = ["\(style.bold(status.root.path.printable)): \(shown)"]
        if let reason = status.reason { lines[0] += " (\(reason))" }
        if let watcher = status.watcher { lines[0] += ", pid \(watcher.pid)" }
        if status.watcher == nil, status.unanswering == nil {
            let command = serviceStart ?? "\(SuggestedCommand("watch", status.root.path))"
            lines.append("  start the watcher: \(command)")
        }
        let others = Quantity.text(status.files - status.databases, "other file")
        lines.append("  \(Quantity.text(status.databases, "database")), \(others)")
        if let time = status.lastTime {
            lines.append(
                "  last snapshot \(status.sequence), \(time.localText(in: .system)), \(time.ageText(now: .now))"
            )
        } else {
            lines.append("  no snapshot yet")
        }
        lines.append(
            "  \(Quantity.text(status.commits, "commit")) one by one, \(status.coalesced) more within others, "
                + "\(Quantity.text(status.gaps, "gap"))"
        )
        let free = status.freeBytes.map { ", \(Quantity.text(bytes: $0)) free on its disk" } ?? ""
        lines.append(
            "  the repository: \(Quantity.text(bytes: status.storage.disk.total)) of this root\(free)\(forecast(status))"
        )
        for shipping in lags[status.root.id, default: []] {
            let text = shipping.text(now: now)
            lines.append("  " + (shipping.problem == nil ? text : style.red(text)))
        }
        if status.sharesDisk { lines.append("  " + DiskWarning.text) }
        if let good = status.lastGood { lines.append("  last found good: snapshot \(good)") }
        if let drill = status.lastDrill { lines.append("  last drill: \(drill.resultText)") }
        for one in status.watcher?.underWay ?? [] {
            let (done, all) = (Quantity.text(bytes: one.bytes), Quantity.text(bytes: one.totalBytes))
            lines.append("  \(one.what) of \(one.path): \(done) of \(all)")
        }
        if let hindered = status.watcher?.hindered {
            // The first line has one of them already.
            for reason in hindered.reasons where reason != status.reason {
                lines.append("  hindered: \(reason)")
            }
            let rest = hindered.count.subtractingReportingOverflow(hindered.reasons.count).partialValue
            if rest > 0 { lines.append("  hindered: \(rest) more files") }
        }
        for leftOut in status.watcher?.leftOut ?? [] where leftOut.reason != status.reason {
            lines.append("  \(leftOut.reason)")
        }
        for issue in status.healthIssues {
            lines.append(style.red("  \(issue): see \(SuggestedCommand("doctor", status.root.path))"))
        }
        if let watcher = status.watcher {
            lines.append(
                "  since its start: \(Quantity.text(watcher.audits, "audit")), "
                    + "\(Quantity.text(watcher.rescans, "rescan")) for missed events; "
                    + "\(Quantity.text(watcher.auditDifferences, "difference"))"
            )
        }
        return lines.joined(separator: "\n")
    }

    private func forecast(_ status: RootStatus) -> String {
        switch status.forecast {
        case .diskIsFull(let time): return ", full in \(Quantity.roughText(time)) by today's growth"
        case .isAtLimit(let time):
            let limit = ", at its limit of \(Quantity.text(bytes: status.watcher?.maximumBytes ?? 0))"
            return limit + (time == .zero ? "" : " in \(Quantity.roughText(time)) by today's growth")
        case nil: return ""
        }
    }
}
