import LinuxSystem
import SQLiteFiles

/// A log that is not beside its database.
///
/// A connection holds a SHARED lock on a database in WAL mode as long as it is open (sqlite.org/walformat,
/// section 2.3.1). The log has its name from the first read on. So a lock without a log means that the log is
/// elsewhere: removed under its writer, or beside another name of the database, which was mounted or linked
/// alone.
extension LogCapture {
    enum SightStep {
        case isInSight
        /// There are users without a log, perhaps only for a moment.
        case mayBeOut
        /// Commits go by unseen, for that reason.
        case isOut(String)
    }

    /// Whether the log is where it can be seen.
    mutating func checkSight(
        _ state: inout CaptureState,
        _ now: MonotonicInstant
    ) throws(SystemError) -> SightStep {
        guard sight.isUnsure, state.image?.usesWAL ?? true else { return .isInSight }
        guard try hasUsersWithoutLog(state) else {
            sight.isInSight()
            return .isInSight
        }
        guard sight.isSurelyOut(now) else {
            state.schedule.retry(in: LogSight.grace, from: now)
            return .mayBeOut
        }
        return .isOut(
            """
            \(state.path.printable) is open in WAL mode, but its log is not beside it: what is committed goes by unseen: \
            restart the program that has it open, and mount the directory, not the file alone
            """
        )
    }

    /// Whether the database is open in WAL mode, and has no log beside it.
    private func hasUsersWithoutLog(_ state: borrowing CaptureState) throws(SystemError) -> Bool {
        guard isAbsent, try FileStatus.directUnlessMissing(state.presence.logPath) == nil else {
            return false
        }
        let context = state.context
        let file = try OpenFile(state.path, .protected)
        guard try file.isLocked(in: LockBytes.shared) else { return false }
        return try DatabaseHeader(of: file, &context.scratch)?.usesWAL ?? false
    }

    /// A log that was removed by somebody else while a program has it open: its commits are captured as long
    /// as that program lives, and SQLite knows nothing of them in any other. Returns whether it is such a
    /// log.
    func continuesRemoved(_ log: WALTail, _ state: inout CaptureState, isScanning: Bool) -> Bool {
        guard state.pending.rescanReason == nil, !isScanning, state.image != nil, log.indexIsUsed else {
            return false
        }
        state.presence.obstacles.warn(
            """
            the log of \(state.path.printable) was removed while a program has the database open: other programs do not see what \
            that one commits: restart it
            """,
            state.report
        )
        return true
    }

    /// Whether the log that is followed was moved while a program has it open. No event tells of its writes.
    func isMovedInUse(_ state: borrowing CaptureState) -> Bool {
        let obstacles = state.presence.obstacles
        guard obstacles.isHindered, !obstacles.isBlind, let tail else { return false }
        return !tail.log.isNamed && tail.log.isLinked && tail.indexIsUsed
    }

    /// How often such a log is polled.
    static let movedPause = Duration.milliseconds(100)

    /// Another log has come. If the removed one is in use, two programs write one database, and neither sees
    /// what the other commits: nothing is captured before the first of them is done, for that reason.
    mutating func abandonRemoved(_ state: borrowing CaptureState) -> String? {
        guard state.presence.obstacles.isHindered, let tail, !tail.log.isNamed, tail.indexIsUsed else {
            return nil
        }
        sight.removed(tail)
        return """
            the log of \(state.path.printable) was removed while a program has the database open, and another one was made: what \
            the two commit destroys each other: end all programs that have it open
            """
    }

    /// The removed log that was followed, once the last program that had it open has closed it: what that
    /// wrote is in the file, or lost.
    func removedAndClosed(_ state: borrowing CaptureState) -> WALTail? {
        guard state.presence.obstacles.isHindered, let tail, !tail.log.isNamed, !tail.indexIsUsed else {
            return nil
        }
        return tail
    }

    /// Whether the database's changes go through a write-ahead log now.
    mutating func isUsed(_ state: inout CaptureState, _ journal: JournalWatch) throws(SystemError) -> Bool {
        if !isNamed { try open(&state) }
        let context = state.context
        if try tail?.reader.header(&context.scratch) != nil { return true }
        // A journal that is live may be about to take back what the file says of itself.
        if try journal.state(&context.scratch) == .live { return false }
        let file = try OpenFile(state.path, .protected)
        return try DatabaseHeader(of: file, &context.scratch)?.usesWAL ?? false
    }
}
