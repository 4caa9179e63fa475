import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

/// What `status` says to people: first whether everything is protected, then each root.
struct StatusReport {
    let answer: ProtectionAnswer
    let statuses: [RootStatus]
    /// Of each watcher.
    let alerts: [AlertBoard]
    /// What is to be said of watchers as a whole.
    let remarks: [String]
    let style: Style
    let now: Instant

    /// One line: the answer.
    var headline: String {
        guard answer.unprotected.isEmpty else {
            let first = answer.unprotected[0]
            let count = answer.unprotected.count
            let which = statuses.count > 1 || count > 1 ? "\(first.path.printable): " : ""
            let others = count > 1 ? " (and \(count - 1) more)" : ""
            return style.red("NOT PROTECTED: \(which)\(first.reason)\(others)")
        }
        let what = answer.durableUntil.map {
            "all that was committed up to \($0.ageText(now: now)) is durable"
        }
        let line = style.green("protected: \(what ?? "what was committed last is being captured")")
        guard let remark = answer.remarks.first else { return line }
        return "\(line)\n\(style.red("but \(remark.path.printable): \(remark.reason)"))"
    }

    /// Why not all is well, in one line.
    var why: String {
        guard answer.unprotected.isEmpty else { return headline }
        let remark = answer.remarks.first.map { style.red("\($0.path.printable): \($0.reason)") }
        return remark ?? alertLines.first ?? headline
    }

    /// The alerts that fire, and whom they have not reached; empty if there is nothing to say.
    var alertLines: [String] { alerts.flatMap(lines) }

    /// Whether nothing hinders alerts, and the disk has room.
    var hasGoodAlerts: Bool {
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
            let count = board.outbox.items.count { $0.receiver == trouble.receiver }
            return style.red(
                "\(Quantity.text(count, "alert")) not delivered to \(trouble.receiver.text), tried again: "
                    + trouble.reason.printable
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
        lines.append(
            "  \(Quantity.text(status.databases, "database")), \(Quantity.text(status.files, "file")) in all"
        )
        if let time = status.lastTime {
            lines.append(
                "  last snapshot \(status.sequence), \(time.localText(in: .system)), \(time.ageText(now: .now))"
            )
        } else {
            lines.append("  no snapshot yet")
        }
        lines.append(
            "  \(Quantity.text(status.commits, "single commit")), \(status.coalesced) coalesced, "
                + "\(Quantity.text(status.gaps, "gap")), "
                + "\(Quantity.text(bytes: status.storage.disk.total)) in the repository"
        )
        if status.sharesDisk { lines.append("  " + DiskWarning.text) }
        if let free = status.freeBytes {
            let full =
                status.timeUntilFull.map { ", full in \(Quantity.roughText($0)) by today's growth" } ?? ""
            lines.append("  \(Quantity.text(bytes: free)) free on its disk\(full)")
        }
        if let good = status.lastGood { lines.append("  last found good: snapshot \(good)") }
        if let drill = status.lastDrill { lines.append("  last " + drill.text) }
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
                "  since its start: \(Quantity.text(watcher.rescans, "rescan")), "
                    + "\(Quantity.text(watcher.audits, "audit")), "
                    + "\(Quantity.text(watcher.auditDifferences, "difference")) found"
            )
        }
        return lines.joined(separator: "\n")
    }
}
