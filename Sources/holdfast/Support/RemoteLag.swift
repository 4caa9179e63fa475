import History
import LinuxSystem
import Remote
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

/// How far a remote of the configuration is behind a root.
struct RemoteLag {
    let report: ShippingReport
    /// Since when the remote has lacked a snapshot; zero if it has all that is durable.
    let lag: Duration
    /// For so long changes are collected.
    private let interval: Duration

    private init(_ root: RootDescription, _ remote: RemoteSettings, created: Instant?) {
        var report = ShippingReport.current(root, remote)
        report.error = report.error.map(remote.advising)
        self.report = report
        interval = remote.interval
        do {
            lag = try report.lackingSince(root)?.age ?? .zero
        } catch {
            // The history cannot be read. It is no less than that.
            lag = (report.acknowledged.map { Instant(nanoseconds: $0) } ?? created)?.age ?? .zero
        }
    }

    static func all(_ status: RootStatus, _ remotes: [RemoteSettings]) -> [RemoteLag] {
        remotes.map { RemoteLag(status.root, $0, created: status.lastTime) }
    }

    /// A copy that is behind for so much longer than changes are collected is a problem.
    private static let patience = Duration.seconds(300)

    /// What alerts tell of each root.
    static func conditions(
        _ repository: RepositoryDirectory,
        _ options: GlobalOptions
    ) -> [AlertDesk.RemoteCondition] {
        guard let remotes = try? RemoteChoice.all(options),
            let roots = try? repository.roots().usable
        else { return [] }
        return roots.map { root in
            let problems = remotes.compactMap { RemoteLag(root, $0, created: root.created).problem }
            return AlertDesk.RemoteCondition(
                root: root.path.string,
                problem: problems.isEmpty ? nil : problems.joined(separator: "; ")
            )
        }
    }

    /// Why the copy is not as it should be.
    var problem: String? {
        let name = "the remote \(report.remote)"
        if let error = report.error { return "\(name) gets nothing: \(error)" }
        guard lag >= interval + Self.patience else { return nil }
        let minutes = Duration.seconds(lag.components.seconds / 60 * 60)
        return "\(name) has been behind for \(Quantity.shortText(minutes))"
    }

    /// For people: a line of `status`.
    func text(now: Instant) -> String {
        let name = "remote \(report.remote.printable)"
        if let error = report.error { return "\(name): \(error.printable)" }
        guard let acknowledged = report.acknowledged else { return "\(name): nothing was shipped yet" }
        let age = Instant(nanoseconds: acknowledged).eventAgeText(now: now)
        if lag == .zero { return "\(name): has all up to snapshot \(report.sequence)" }
        let behind = Quantity.text(lag)
        return "\(name): has all up to snapshot \(report.sequence), acknowledged \(age), behind for \(behind)"
    }
}

extension RemoteLag {
    /// For metrics.
    var reading: RemoteReading {
        RemoteReading(
            name: report.remote,
            hasError: report.error != nil,
            lag: lag,
            sequence: SequenceNumber(report.sequence),
            acknowledged: report.acknowledged.map { Instant(nanoseconds: $0) }
        )
    }

    /// For programs.
    var line: StatusLine.Remote {
        StatusLine.Remote(
            name: report.remote,
            url: report.url,
            lagMs: lag.wholeMilliseconds,
            sequence: SequenceNumber(report.sequence),
            acknowledged: OrNull(report.acknowledged.map { Instant(nanoseconds: $0) }),
            head: report.head,
            error: OrNull(report.error)
        )
    }
}
