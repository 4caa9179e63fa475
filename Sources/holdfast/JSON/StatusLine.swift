import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader
import Service
import SystemPackage

/// `status`: a root.
struct StatusLine: JSONLine {
    let root: String
    let state: String
    let reason: String?
    let reasons: [String]?
    let pid: Int32?
    let leftOut: [WatcherStatus.LeftOutGroup]?
    let hindered: WatcherStatus.Hindered?
    let underWay: [Progress]?
    let files: Int
    let databases: Int
    let sequence: SequenceNumber
    let lastTime: Instant?
    let durableUntil: Instant?
    let lastGood: OrNull<SequenceNumber>
    let lastDrill: OrNull<DrillResult>
    let started: Instant?
    let lagMs: Int
    let commits: UInt64
    let coalesced: UInt64
    let gaps: Int
    let rescans: Int
    let audits: Int
    let auditDifferences: Int
    let quarantines: Int
    let health: String
    let repositoryBytes: UInt64
    let apparentBytes: UInt64
    let diskFreeBytes: OrNull<UInt64>
    let fullInSeconds: OrNull<Int64>
    let remotes: [Remote]?
    let alerts: [AlertLine]?
    let undeliveredAlerts: Int?

    struct DrillResult: Encodable {
        let time: Instant
        let ok: Bool
    }

    struct Remote: Encodable {
        let name: String
        let url: String
        let lagMs: Int64
        let sequence: SequenceNumber
        let acknowledged: OrNull<Instant>
        let head: String
        let error: OrNull<String>
    }

    struct Progress: Encodable {
        let path: String
        let what: String
        let bytes: UInt64
        let bytesTotal: UInt64
    }
}

extension StatusLine {
    /// - Parameters:
    ///   - reasons: what is wrong with the root, or with all of them.
    ///   - boards: the alerts of the repository's watchers. Those of other roots are not this one's.
    init(
        _ status: RootStatus,
        reason: String?,
        _ reasons: [String],
        _ copies: [Remote],
        _ boards: [AlertBoard],
        _ now: Instant
    ) {
        let watcher = status.watcher
        root = status.root.path.string
        state = status.state.rawValue
        self.reason = reason
        self.reasons = reasons.ifAny
        pid = watcher?.pid
        leftOut = watcher?.leftOut?.ifAny
        hindered = watcher?.hindered.flatMap { $0.count > 0 ? $0 : nil }
        underWay = watcher?.underWay?.ifAny?.map {
            Progress(path: $0.path, what: $0.what, bytes: $0.bytes, bytesTotal: $0.totalBytes)
        }
        files = status.files
        databases = status.databases
        sequence = status.sequence
        lastTime = status.lastTime
        durableUntil = status.durableUntil
        lastGood = OrNull(status.lastGood)
        lastDrill = OrNull(status.lastDrill.map { DrillResult(time: $0.time, ok: $0.problem == nil) })
        started = watcher?.started.map { Instant(nanoseconds: $0) }
        lagMs = Self.lag(status)
        commits = status.commits
        coalesced = status.coalesced
        gaps = status.gaps
        rescans = watcher?.rescans ?? 0
        audits = watcher?.audits ?? 0
        auditDifferences = watcher?.auditDifferences ?? 0
        quarantines = watcher?.quarantines ?? 0
        health = status.health
        repositoryBytes = status.storage.disk.total
        apparentBytes = status.storage.sizes.total
        diskFreeBytes = OrNull(status.freeBytes)
        fullInSeconds = OrNull(status.forecast?.timeUntilFull?.components.seconds)
        remotes = copies.ifAny
        (alerts, undeliveredAlerts) = Self.alerts(of: root, boards, now)
    }

    /// A root of which the repository has nothing.
    init(
        awaited path: FilePath,
        _ state: RootStatus.State,
        reason: String,
        pid: Int32?,
        _ reasons: [String],
        _ boards: [AlertBoard],
        _ now: Instant
    ) {
        root = path.string
        self.state = state.rawValue
        self.reason = reason
        self.reasons = reasons.ifAny
        self.pid = pid
        (leftOut, hindered, underWay) = (nil, nil, nil)
        (files, databases, sequence) = (0, 0, SequenceNumber.none)
        (lastTime, durableUntil, started) = (nil, nil, nil)
        (lastGood, lastDrill) = (OrNull(nil), OrNull(nil))
        (lagMs, commits, coalesced, gaps) = (0, 0, 0, 0)
        (rescans, audits, auditDifferences, quarantines) = (0, 0, 0, 0)
        health = "unknown"
        (repositoryBytes, apparentBytes) = (0, 0)
        (diskFreeBytes, fullInSeconds) = (OrNull(nil), OrNull(nil))
        remotes = nil
        (alerts, undeliveredAlerts) = Self.alerts(of: root, boards, now)
    }

    /// Those that fire, and how many are not delivered.
    private static func alerts(
        of root: String,
        _ boards: [AlertBoard],
        _ now: Instant
    ) -> (firing: [AlertLine]?, undelivered: Int?) {
        let own = boards.flatMap { $0.firing(at: now) }.filter { $0.subject.root ?? root == root }
        let pending = boards.filter { !$0.outbox.troubles.isEmpty }.reduce(0) { $0 + $1.outbox.items.count }
        return (own.map { AlertLine($0) }.ifAny, pending > 0 ? pending : nil)
    }

    /// What a watcher says need not be a number that there is. It grows when nobody watches.
    private static func lag(_ status: RootStatus) -> Int {
        if let watcher = status.watcher { return Int(exactly: watcher.lagMilliseconds.rounded()) ?? 0 }
        return status.lastTime.map { Int(clamping: $0.age.wholeMilliseconds) } ?? 0
    }
}
