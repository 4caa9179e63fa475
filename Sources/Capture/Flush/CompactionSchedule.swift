import LinuxSystem
import RepositoryFormat

/// Decides when full segments are compacted, and when a segment counts as old.
///
/// A segment that is full within `fastAge` was filled under load, and compaction would take processor time
/// from that load. Such segments wait for an idle time, or until `mostWaiting` of them wait.
struct CompactionSchedule {
    /// The segment that was written last, and since when.
    private var segment: (first: SequenceNumber, since: MonotonicInstant)?
    /// The number of full segments that wait.
    private var waiting = 0

    /// The idle time after which waiting segments are compacted.
    static let delay = Duration.seconds(1)
    static let fastAge = Duration.seconds(5)
    static let mostWaiting = 16
    /// A segment that has been written to for this long is old.
    static let oldAge = Duration.seconds(24 * 3600)

    var isAnyWaiting: Bool { waiting > 0 }

    /// The writer has written to the segment with that first sequence. Returns whether compaction must begin
    /// now.
    mutating func wrote(to first: SequenceNumber, at now: MonotonicInstant) -> Bool {
        guard first != segment?.first else { return false }
        defer { segment = (first, now) }
        guard let segment else { return false }
        waiting += 1
        return segment.since.duration(to: now) >= Self.fastAge || waiting >= Self.mostWaiting
    }

    /// Whether the segment that is being written is old.
    func isOld(at now: MonotonicInstant) -> Bool {
        segment.map { $0.since.duration(to: now) >= Self.oldAge } ?? false
    }

    /// Compaction has begun.
    mutating func began() { waiting = 0 }
}
