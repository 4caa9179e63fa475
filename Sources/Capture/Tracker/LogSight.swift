import LinuxSystem

/// Whether a write-ahead log may be in use where it cannot be seen.
struct LogSight {
    /// Something happened since it was last known to be in sight.
    private(set) var isUnsure = true
    private var outSince: MonotonicInstant?
    /// A log that was removed under its writer and is still in use, while another one has its name.
    private var removedLog: WALTail?

    /// Who opens the database takes the lock a moment before he makes the log.
    static let grace = Duration.milliseconds(500)

    mutating func mustCheck() { isUnsure = true }

    mutating func isInSight() {
        isUnsure = false
        outSince = nil
    }

    /// There are users and no log: whether that has lasted.
    mutating func isSurelyOut(_ now: MonotonicInstant) -> Bool {
        let since = outSince ?? now
        outSince = since
        return since.duration(to: now) >= Self.grace
    }

    mutating func removed(_ log: WALTail) { removedLog = log }

    enum RemovedLog {
        case none
        case isUsed
        /// Its last user has closed it.
        case wasClosed
    }

    mutating func removedLogNow() -> RemovedLog {
        guard let removedLog else { return .none }
        if removedLog.indexIsUsed { return .isUsed }
        self.removedLog = nil
        return .wasClosed
    }
}
