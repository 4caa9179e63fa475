import LinuxSystem
import RepositoryFormat

/// Decides when a root is quiet enough for a health survey: once nothing was recorded between two polls. A
/// root that is never quiet is surveyed at the deadline.
struct QuietWait {
    private let deadline: MonotonicInstant
    private var last: SequenceNumber

    /// - Parameter last: the last snapshot that is durable now.
    init(patience: Duration, last: SequenceNumber, at now: MonotonicInstant) {
        deadline = now.advanced(by: patience)
        self.last = last
    }

    /// Whether it has waited for too long.
    func isOver(at now: MonotonicInstant) -> Bool { now >= deadline }

    /// Takes a poll. Returns whether the root was quiet since the one before.
    mutating func isQuiet(last: SequenceNumber, isReady: Bool) -> Bool {
        defer { self.last = last }
        return last == self.last && isReady
    }
}
