import LinuxSystem
import SQLiteFiles

/// A write-ahead log that is in use, and not beside the database.
///
/// A connection holds a SHARED lock on a database in WAL mode as long as it is open (sqlite.org/walformat,
/// section 2.3.1), and the log has its name from the first read on. So a lock without a log means that the
/// log is elsewhere: removed under its writer, or beside another name of the database, which was mounted or
/// linked alone.
extension Tracker {
    /// Whether commits go by in a log that cannot be seen. Then nothing is captured: what a checkpoint writes
    /// from there would be a torn state.
    func logIsOutOfSight(_ now: MonotonicInstant) throws -> Bool {
        if let removedLog {
            guard !removedLog.indexIsUsed else {
                hinderedAt = now
                return true
            }
            self.removedLog = nil
            if pending.rescanReason == nil {
                requireRescan(.missed("a removed write-ahead log was in use beside another one"))
            }
        }
        guard mustCheckSight, image?.usesWAL ?? true else { return false }
        let isOutOfSight = try hasUsersWithoutLog()
        guard isOutOfSight else {
            mustCheckSight = false
            outOfSightSince = nil
            return false
        }
        let since = outOfSightSince ?? now
        outOfSightSince = since
        // Who opens the database takes the lock a moment before he makes the log.
        guard since.duration(to: now) >= Self.sightGrace else {
            retry(in: Self.sightGrace, from: now)
            return true
        }
        hinder(
            """
            \(path.printable) is open in WAL mode, but its log is not beside it: what is committed goes by unseen: \
            restart the program that has it open, and mount the directory, not the file alone
            """
        )
        return true
    }

    /// It is in WAL mode, and no log is known: of one that is elsewhere no event tells.
    var mayBeOutOfSight: Bool { image?.usesWAL == true && logIdentity == nil }

    private func hasUsersWithoutLog() throws(SystemError) -> Bool {
        guard log == nil, suspendedLog == nil, try FileStatus.directUnlessMissing(logPath) == nil else {
            return false
        }
        let file = try OpenFile(path, .look)
        guard try file.isLocked(in: QuiescentWindow.shared) else { return false }
        let got = try file.read(into: &context.scratch, count: DatabaseLayout.headerBytes, at: 0)
        return DatabaseHeader(front: context.scratch, got)?.usesWAL ?? false
    }

    private static let sightGrace = Duration.milliseconds(500)

    /// A log that was removed by somebody else while a program has it open: its commits are captured as long
    /// as that program lives, and SQLite knows nothing of them in any other. Returns whether it is such a
    /// log.
    func followRemovedLog(_ log: WALTail) -> Bool {
        guard pending.rescanReason == nil, scan == nil, image != nil, log.indexIsUsed else { return false }
        warn(
            """
            the log of \(path.printable) was removed while a program has the database open: other programs do not see what \
            that one commits: restart it
            """
        )
        return true
    }

    /// Another log has come while the removed one is in use: two programs write one database, and neither
    /// sees what the other commits. Nothing is captured before the first of them is done.
    func abandonRemovedLog() {
        guard hindrance != nil, let log, !log.log.isNamed, log.indexIsUsed else { return }
        removedLog = log
        hinder(
            """
            the log of \(path.printable) was removed while a program has the database open, and another one was made: what \
            the two commit destroys each other: end all programs that have it open
            """
        )
    }

    /// Whether the last program that has the removed log open has closed it: what it wrote is in the file, or
    /// lost.
    func endRemovedLog() {
        guard hindrance != nil, let log, !log.log.isNamed, !log.indexIsUsed else { return }
        drain(log)
        endDraining()
        requireRescan(.missed("a write-ahead log was removed while a program had it open"))
    }
}
