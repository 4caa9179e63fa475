package import LinuxSystem
import Recovery
package import RepositoryFormat
import SystemPackage

/// What the metrics of one root are made of.
struct RootMetricsInput: Sendable {
    let status: RootStatus
    var remotes: [RemoteReading] = []
    let now: Instant

    var watcher: WatcherStatus? { status.watcher }
    /// Nil if it cannot be read.
    var history: RootStatus? { status.isReadable ? status : nil }
}

/// What the metrics of one remote of a root are made of.
package struct RemoteReading: Sendable {
    let name: String
    let hasError: Bool
    let lag: Duration
    let sequence: SequenceNumber
    let acknowledged: Instant?

    /// - Parameters:
    ///   - lag: how long it has lacked something that is durable here.
    ///   - acknowledged: when it got the last batch.
    package init(
        name: String,
        hasError: Bool,
        lag: Duration,
        sequence: SequenceNumber,
        acknowledged: Instant?
    ) {
        (self.name, self.hasError, self.lag) = (name, hasError, lag)
        (self.sequence, self.acknowledged) = (sequence, acknowledged)
    }
}

// What can be damaged, or protected, or not.
extension RootMetricsInput {
    var health: String? {
        guard let history else { return nil }
        return history.health
    }

    /// Without a watcher it grows.
    var lagSeconds: Double? {
        watcher.map { $0.lagMilliseconds / 1000 } ?? history?.lastTime?.age.inSeconds
    }

    /// The first damaged snapshot of each database, by path. Of many databases only some: each is a series.
    var damagedSince: [(String, Double)] {
        let issues = (history?.healthIssues ?? []).prefix(Self.mostPaths)
        // Bytes that are no UTF-8 look the same, and no series may be there twice.
        let series = Dictionary(
            issues.map { ($0.path.string, Double($0.since.rawValue)) },
            uniquingKeysWith: min
        )
        return series.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static let mostPaths = 20
}

extension WatcherStatus.Histogram {
    /// The lines of a histogram, whose numbers are sums up to each bound. Empty for numbers that are none.
    var samples: [MetricSample] {
        let isAscending = zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }
        guard counts.count == bounds.count + 1, isAscending, bounds.allSatisfy(\.isFinite) else { return [] }
        var count: UInt64 = 0
        var samples: [MetricSample] = []
        for (bound, number) in zip(bounds + [.infinity], counts) {
            count.addSaturated(number)
            let label = MetricsText.number(bound)
            samples.append(MetricSample(suffix: "_bucket", labels: [("le", label)], value: Double(count)))
        }
        samples.append(MetricSample(suffix: "_sum", value: sum))
        samples.append(MetricSample(suffix: "_count", value: Double(count)))
        return samples
    }
}
