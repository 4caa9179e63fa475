import ArgumentParser
import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

struct Status: HoldfastCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how the protected roots are doing.",
        discussion: """
            With PATH only that root. "degraded" means that a watcher runs but something hinders it.

            Exit status: 0 done, 1 failed, 10 no repository or no such root, 64 wrong usage.

            Examples:
              holdfast status
              holdfast status .devteam --json
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A root or a protected file.", completion: .protectedPath)
    var path: String?

    func perform(_ console: Console) throws -> ExitStatus {
        let repository = try options.openRepository()
        let all = try repository.roots()
        let roots = try path.map { [try Target($0, in: repository).root] } ?? all.usable
        var failure = path == nil ? all.unusable.first?.failure : nil
        if roots.isEmpty, failure == nil {
            console.message(Target.nothingIsProtected(in: repository))
        }
        for root in roots {
            let status: RootStatus
            do {
                status = try RootStatus(root)
            } catch {
                // The other roots are shown all the same.
                status = RootStatus(root, unreadable: error)
                failure = failure ?? error
            }
            try console.result(json: StatusLine(status), text: text(status, console.style))
        }
        if let failure {
            try console.flush()
            throw failure
        }
        return .done
    }

    private func text(_ status: RootStatus, _ style: Style) -> String {
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
