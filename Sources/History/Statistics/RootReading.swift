package import LinuxSystem
import RepositoryFormat
package import RepositoryReader

/// A root's statistics, with the cost of restoring it.
package struct RootReading: Sendable {
    package let statistics: RootStatistics
    package let costs: RestoreCosts
    /// Damage that was found: the statistics omit the records after it.
    package let damage: Finding?
    /// The time that reading the history took.
    private let readingTime: Duration

    /// Reads the history beside a writer. Throws `RepositoryError.unsupported` or `SystemError`.
    package init(_ root: RootDescription, now: Instant = .now) throws {
        self = try ReplacedSegmentError.retrying { try Self(once: root, now: now) }
    }

    private init(once root: RootDescription, now: Instant) throws {
        var statistics = RootStatistics(now: now)
        var last: [FileID: SnapshotState] = [:]
        var kinds: [FileID: FileKind] = [:]
        var damage: Finding?
        let start = MonotonicInstant.now
        costs = try RestoreCosts(root) { event in
            switch event {
            case .snapshot(let record):
                statistics.add(record)
                last[record.file] = record.state
            case .file(let file, _, let kind): kinds[file] = kind
            case .finding(let finding) where finding.severity == .error: damage = damage ?? finding
            case .session, .gap, .annotation, .attributes, .finding: break
            }
        }
        readingTime = start.duration(to: .now)
        statistics.setFiles(last, kinds)
        statistics.storage = RootStorage(root)
        self.statistics = statistics
        self.damage = damage
    }

    /// The bytes per second that a restore reads, decompresses and applies, digest and integrity check
    /// included. A conservative value for a machine of 2 cores with an SSD, not measured on this one.
    static let assumedBytesPerSecond: UInt64 = 400_000_000

    /// The duration of such a restore. It reads the history at most twice, which was measured, and then
    /// processes the bytes at the assumed speed.
    package func duration(of cost: RestoreCost) -> Duration {
        readingTime * 2 + .seconds(Double(cost.totalBytes) / Double(Self.assumedBytesPerSecond))
    }
}
