import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

// What `status` says of each root.
extension StatusReport {
    /// Of each root an object, and lines for people.
    var roots: [(json: StatusLine, text: String)] {
        let current = scope.statuses.map { status in
            (line(status, reason: status.reason, reasons: reasons(of: status.root.path)), text(status))
        }
        let awaited = scope.awaited.map { root in
            (
                StatusLine(
                    awaited: root.path,
                    root.state,
                    reason: root.reason,
                    pid: root.pid,
                    reasons(of: root.path),
                    alerts,
                    now
                ),
                text(root)
            )
        }
        let former = scope.former.map { status in
            (line(status, reason: formerReason, reasons: []), text(former: status))
        }
        return current + awaited + former
    }

    private func line(_ status: RootStatus, reason: String?, reasons: [String]) -> StatusLine {
        let copies = lags[status.root.id, default: []].map(\.line)
        return StatusLine(status, reason: reason, reasons, copies, alerts, now)
    }

    private var formerReason: String {
        "not in \(scope.configuration?.printable ?? "the configuration"), which says what is to be protected"
    }

    /// The first line of a root.
    private func state(_ path: FilePath, _ state: RootStatus.State, _ reason: String?) -> String {
        let shown =
            switch state {
            case .watching: style.green(state.rawValue)
            case .stopped: style.yellow(state.rawValue)
            case .degraded: style.red(state.rawValue)
            }
        return "\(style.bold(path.printable)): \(shown)\(reason.map { " (\($0))" } ?? "")"
    }

    private func text(_ root: StatusScope.Awaited) -> String {
        state(root.path, root.state, root.reason) + (root.pid.map { ", pid \($0)" } ?? "")
    }

    private func text(former status: RootStatus) -> String {
        let path = status.root.path
        return """
            \(style.bold(path.printable)): no longer watched, \(status.lastCapture(now: now))
              \(formerReason); to protect it again: \(SuggestedCommand("add", path))
              the repository: \(Quantity.text(bytes: status.storage.disk.total)) of this root
            """
    }

    private func text(_ status: RootStatus) -> String {
        var lines = [state(status.root.path, status.state, status.reason)]
        if let watcher = status.watcher { lines[0] += ", pid \(watcher.pid)" }
        if status.watcher == nil, status.unanswering == nil {
            let command = serviceStart ?? "\(SuggestedCommand("watch", status.root.path))"
            lines.append("  start the watcher: \(command)")
        }
        let others = Quantity.text(status.files - status.databases, "other file")
        lines.append("  \(Quantity.text(status.databases, "database")), \(others)")
        if let time = status.lastTime {
            lines.append(
                "  last snapshot \(status.sequence), \(time.localText(in: .system)), \(time.ageText(now: now))"
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
        return (lines + watcherLines(status)).joined(separator: "\n")
    }

    private func forecast(_ status: RootStatus) -> String {
        switch status.forecast {
        case .diskIsFull(.zero): return ""
        case .diskIsFull(let time): return ", full in \(Quantity.roughText(time)) by today's growth"
        case .isAtLimit(let time):
            let limit = ", at its limit of \(Quantity.text(bytes: status.watcher?.maximumBytes ?? 0))"
            return limit + (time == .zero ? "" : " in \(Quantity.roughText(time)) by today's growth")
        case nil: return ""
        }
    }

    /// What only its watcher tells.
    private func watcherLines(_ status: RootStatus) -> [String] {
        var lines: [String] = []
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
        return lines
    }
}
