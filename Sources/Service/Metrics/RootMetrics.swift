import History
import LinuxSystem
import RepositoryFormat
import RepositoryReader

/// The metrics of each root. Counters come from the watcher, and count since it began: the history does not
/// only grow. What the history says is a gauge.
enum RootMetrics {
    static let all: [MeasuredMetric<RootMetricsInput>] = protection + capture + history + health + remotes

    private static let protection: [MeasuredMetric<RootMetricsInput>] = [
        .flag("holdfast_protected", "1 if all that is committed now will be captured, else 0.") {
            $0.status.problem(now: $0.now) == nil
        },
        .flag("holdfast_watcher_up", "1 if a watcher runs for the root and answers, else 0.") {
            $0.watcher != nil
        },
        .state(
            .ofRoot("holdfast_state", "1 for the state that the root is in, as status names it.", ["state"]),
            by: "state",
            among: ["watching", "stopped", "degraded"]
        ) { $0.status.state.rawValue },
        .flag("holdfast_readable", "1 if the history of the root can be read, else 0.") {
            $0.status.isReadable
        },
        .time("holdfast_watcher_start_timestamp_seconds", "When the watcher of the root began.") {
            $0.watcher?.started.map { Instant(nanoseconds: $0) }
        },
        .seconds(
            "holdfast_lag_seconds",
            "From seeing the last flushed change to its being durable; without a watcher, since the last snapshot."
        ) { $0.lagSeconds },
        .time(
            "holdfast_durable_timestamp_seconds",
            "All that was committed until then is durable; absent if that is not known."
        ) { $0.status.durableUntil },
    ]

    private static let capture: [MeasuredMetric<RootMetricsInput>] = [
        .total("holdfast_commits_total", "Snapshots of exactly one transaction.") { $0.watcher?.commits },
        .total("holdfast_coalesced_total", "Transactions that share a snapshot with others.") {
            $0.watcher?.coalesced
        },
        .total("holdfast_gaps_total", "Spans of time in which single commits may have been missed.") {
            $0.watcher?.gaps
        },
        .total("holdfast_rescans_total", "Comparisons of a whole file, because commits may have been missed.")
        {
            $0.watcher?.rescans
        },
        .total("holdfast_audits_total", "Comparisons of a whole idle database, only to make sure.") {
            $0.watcher?.audits
        },
        .total("holdfast_audit_differences_total", "Audits that found a difference; each is a bug.") {
            $0.watcher?.auditDifferences
        },
        .total("holdfast_quarantines_total", "Files that were captured anew after a fault of Holdfast.") {
            $0.watcher?.quarantines
        },
        MeasuredMetric(
            metric: .ofRoot(
                "holdfast_flush_seconds",
                kind: .histogram,
                "How long flushes took until their changes were durable."
            )
        ) { $0.watcher?.flushes?.samples ?? [] },
        .count("holdfast_queue_steps", "Steps of capture that are not durable yet.") {
            $0.watcher?.queue?.steps
        },
        .count("holdfast_queue_bytes", "Memory of the steps of capture that are not durable yet.") {
            $0.watcher?.queue?.bytes
        },
        .count("holdfast_hindered_files", "Files whose capture is hindered just now.") {
            $0.watcher?.hindered?.count
        },
        .count("holdfast_left_out_files", "Files and directories that are left out, by design or not.") {
            $0.watcher?.leftOut.map { $0.reduce(0) { $0.addingReportingOverflow($1.count).partialValue } }
        },
    ]

    private static let history: [MeasuredMetric<RootMetricsInput>] = [
        .count("holdfast_files", "Files that exist by the last snapshot, databases among them.") {
            $0.history?.files
        },
        .count("holdfast_databases", "Databases that exist by the last snapshot.") { $0.history?.databases },
        .count("holdfast_last_sequence", "The number of the last snapshot.") {
            $0.history.map { Int(clamping: $0.sequence.rawValue) }
        },
        .time("holdfast_last_snapshot_timestamp_seconds", "The time of the last snapshot.") {
            $0.history?.lastTime
        },
        .count("holdfast_history_commits", "Snapshots of exactly one transaction in the history.") {
            $0.history.map { Int(clamping: $0.commits) }
        },
        .count("holdfast_history_coalesced", "Transactions in the history that share a snapshot with others.")
        {
            $0.history.map { Int(clamping: $0.coalesced) }
        },
        .count("holdfast_history_gaps", "Gaps in the history.") { $0.history?.gaps },
        .values(
            .ofRoot("holdfast_repository_bytes", "What the root takes on the repository's disk.", ["kind"]),
            by: "kind"
        ) {
            let disk = $0.status.storage.disk
            let parts = [
                ("segments", disk.segments), ("bases", disk.bases), ("mirrors", disk.mirrors),
                ("others", disk.others),
            ]
            return $0.history == nil ? [] : parts.map { ($0.0, Double($0.1)) }
        },
    ]

    private static let health: [MeasuredMetric<RootMetricsInput>] = [
        .state(
            .ofRoot("holdfast_health", "1 for what the last checks of the databases found.", ["health"]),
            by: "health",
            among: ["good", "bad", "unknown"]
        ) { $0.health },
        .count("holdfast_damaged_databases", "Databases whose last check found damage.") {
            $0.history?.healthIssues.count
        },
        .values(
            .ofRoot(
                "holdfast_damaged_since_sequence",
                "The first damaged snapshot of a damaged database; of at most 20 databases.",
                ["path"]
            ),
            by: "path"
        ) { $0.damagedSince },
        .count("holdfast_last_good_sequence", "The newest snapshot that was found good.") {
            $0.history?.lastGood.map { Int(clamping: $0.rawValue) }
        },
        .time("holdfast_last_drill_timestamp_seconds", "When a restore was tried last.") {
            $0.history?.lastDrill?.time
        },
        .seconds("holdfast_last_drill_age_seconds", "How long ago a restore was tried last.") {
            $0.history?.lastDrill?.time.age.inSeconds
        },
        .seconds("holdfast_last_drill_duration_seconds", "How long the last trial of a restore took.") {
            $0.history?.lastDrill?.elapsed.inSeconds
        },
        .flag("holdfast_last_drill_success", "1 if the last trial of a restore succeeded, else 0.") {
            $0.history?.lastDrill.map { $0.problem == nil }
        },
    ]

    private static let remotes: [MeasuredMetric<RootMetricsInput>] = [
        .ofRemote("holdfast_remote_up", "1 unless shipping to the remote fails, then 0.") {
            $0.hasError ? 0 : 1
        },
        .ofRemote(
            "holdfast_remote_lag_seconds",
            "How long the remote has lacked something that is durable here; 0 if it has all."
        ) { $0.lag.inSeconds },
        .ofRemote("holdfast_remote_last_sequence", "The last snapshot that the remote has.") {
            Double($0.sequence.rawValue)
        },
        .ofRemote(
            "holdfast_remote_acknowledged_timestamp_seconds",
            "When the remote got the last batch; absent if it never got one."
        ) { $0.acknowledged?.inSeconds },
    ]
}

extension Metric {
    /// All metrics of a root have the label `root`.
    fileprivate static func ofRoot(
        _ name: String,
        kind: Kind = .gauge,
        _ help: String,
        _ labels: [String] = []
    ) -> Metric {
        Metric(name: name, kind: kind, help: help, labels: ["root"] + labels)
    }
}

extension MeasuredMetric<RootMetricsInput> {
    fileprivate static func flag(
        _ name: String,
        _ help: String,
        _ flag: @escaping @Sendable (RootMetricsInput) -> Bool?
    ) -> Self {
        value(.ofRoot(name, help)) { reading in flag(reading).map { $0 ? 1 : 0 } }
    }

    fileprivate static func count(
        _ name: String,
        _ help: String,
        _ count: @escaping @Sendable (RootMetricsInput) -> Int?
    ) -> Self {
        value(.ofRoot(name, help)) { reading in count(reading).map { Double($0) } }
    }

    fileprivate static func total(
        _ name: String,
        _ help: String,
        _ count: @escaping @Sendable (RootMetricsInput) -> Int?
    ) -> Self {
        value(.ofRoot(name, kind: .counter, help)) { reading in count(reading).map { Double($0) } }
    }

    fileprivate static func seconds(
        _ name: String,
        _ help: String,
        _ seconds: @escaping @Sendable (RootMetricsInput) -> Double?
    ) -> Self {
        value(.ofRoot(name, help), seconds)
    }

    fileprivate static func time(
        _ name: String,
        _ help: String,
        _ time: @escaping @Sendable (RootMetricsInput) -> Instant?
    ) -> Self {
        value(.ofRoot(name, help)) { reading in time(reading)?.inSeconds }
    }

    /// For each remote.
    fileprivate static func ofRemote(
        _ name: String,
        _ help: String,
        _ number: @escaping @Sendable (RemoteReading) -> Double?
    ) -> Self {
        .values(.ofRoot(name, help, ["remote"]), by: "remote") { reading in
            reading.remotes.compactMap { remote in number(remote).map { (remote.name, $0) } }
        }
    }
}
