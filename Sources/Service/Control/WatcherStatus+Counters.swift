import Capture
import LinuxSystem

extension WatcherStatus {
    init(
        pid: Int32,
        isReady: Bool,
        started: Int64? = nil,
        trouble: String?,
        lagMilliseconds: Double = 0,
        counters: CaptureCounters,
        queue: Queue? = nil,
        exclusions: [String]?,
        leftOut: [LeftOutGroup]? = nil,
        hindered: Hindered? = nil,
        underWay: [Progress]? = nil,
        sharesDisk: Bool? = nil,
        maximumBytes: UInt64? = nil
    ) {
        self.init(
            pid: pid,
            isReady: isReady,
            started: started,
            trouble: trouble,
            lagMilliseconds: lagMilliseconds,
            rescans: counters.rescans,
            audits: counters.audits,
            auditDifferences: counters.auditDifferences,
            quarantines: counters.quarantines,
            commits: counters.commits,
            coalesced: counters.coalesced,
            gaps: counters.gaps,
            flushes: Histogram(counters.flushes),
            queue: queue,
            exclusions: exclusions,
            leftOut: leftOut,
            hindered: hindered,
            underWay: underWay,
            sharesDisk: sharesDisk,
            maximumBytes: maximumBytes
        )
    }
}

extension WatcherStatus.Histogram {
    init(_ times: FlushTimes) {
        self.init(
            bounds: FlushTimes.bounds.map(\.inSeconds),
            counts: times.counts,
            sum: times.total.inSeconds
        )
    }
}

extension WatcherDescription.Usage {
    init(_ usage: ProcessUsage) {
        self.init(
            descriptors: usage.descriptors,
            descriptorLimit: usage.descriptorLimit,
            residentBytes: usage.residentBytes,
            threads: usage.threads
        )
    }
}

extension Duration {
    var inSeconds: Double { Double(nanoseconds) / 1e9 }
}

extension Instant {
    /// Since 1970.
    var inSeconds: Double { Double(nanoseconds) / 1e9 }
}
