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
    /// Zero if the remote has all that is durable. Else the time since it acknowledged something, or since
    /// the last snapshot if it never did.
    let lag: Duration

    static func all(_ status: RootStatus, _ remotes: [RemoteSettings]) -> [RemoteLag] {
        remotes.map { remote in
            let report = ShippingReport.current(status.root, remote)
            guard status.sequence > SequenceNumber(report.sequence) else {
                return RemoteLag(report: report, lag: .zero)
            }
            let since = report.acknowledged.map { Instant(nanoseconds: $0) } ?? status.lastTime
            return RemoteLag(report: report, lag: since?.age ?? .zero)
        }
    }

    /// A copy that is behind for so long is an alert.
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
            let problems = remotes.lazy.compactMap { problem(root, $0) }
            return AlertDesk.RemoteCondition(root: root.path.string, problem: problems.first)
        }
    }

    private static func problem(_ root: RootDescription, _ remote: RemoteSettings) -> String? {
        let report = ShippingReport.current(root, remote)
        let name = "the remote \(report.remote)"
        if let error = report.error { return "\(name) gets nothing: \(error)" }
        guard let mark = try? root.durableMark(), mark.lastSequence.rawValue > report.sequence else {
            return nil
        }
        let since = report.acknowledged.map { Instant(nanoseconds: $0) } ?? root.created
        guard since.age >= patience else { return nil }
        let minutes = Duration.seconds(since.age.components.seconds / 60 * 60)
        return "\(name) has had nothing new for \(Quantity.shortText(minutes))"
    }

    /// For people: a line of `status`.
    func text(now: Instant) -> String {
        let name = "remote \(report.remote.printable)"
        if let error = report.error { return "\(name): \(error.printable)" }
        guard let acknowledged = report.acknowledged else { return "\(name): nothing was shipped yet" }
        let age = Instant(nanoseconds: acknowledged).ageText(now: now)
        if lag == .zero { return "\(name): has all up to snapshot \(report.sequence)" }
        return "\(name): has all up to snapshot \(report.sequence), acknowledged \(age)"
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
