import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// Which file the log is: found, opened, closed, gone, or out of sight.
extension Tracker {
    func follow(_ log: PinnedFile) {
        abandonRemovedLog()
        // While everything is to be compared it may be a log that was there before, but not after the
        // comparison has looked for one.
        let isNew = isFollowingLog
        logs.follow(log, isNew: isNew, state)
    }

    /// Opens the log that appeared and could not be opened then.
    func lookForLog() throws(SystemError) {
        guard let found = try logs.findUnseen(state.presence) else { return }
        follow(found)
        state.pending.log = true
    }

    /// Opens the log again if it was closed.
    func reopenLog() throws(SystemError) {
        if try logs.reopen(state) { return }
        requireRescan(.missed("a write-ahead log was replaced before it was read"))
    }

    /// Closes the log if nothing in it is waited for; whether it did.
    ///
    /// Everything in it was consumed; or everything is to be compared, and the log is opened when the
    /// comparison begins.
    func suspendLog() -> Bool {
        guard let log = logs.tail, scan == nil, !logs.isUnconfirmed,
            state.pending.rescanReason != nil || isAtRest, log.log.isNamed
        else { return false }
        logs.suspend(context)
        return true
    }

    /// Whether there are commits in a log, or were some since it was last looked at.
    func logHasCommits() throws(SystemError) -> Bool {
        try reopenLog()
        return try logs.hasCommits(&context.scratch)
    }

    /// Whether every commit counts: all before is known, or a comparison has begun that the log goes on from.
    var isFollowingLog: Bool {
        scan.map(\.isOverLog) ?? (state.pending.rescanReason == nil && state.image != nil)
    }
}

// Out of sight
//
// A connection holds a SHARED lock on a database in WAL mode as long as it is open (sqlite.org/walformat,
// section 2.3.1), and the log has its name from the first read on. So a lock without a log means that the
// log is elsewhere: removed under its writer, or beside another name of the database, which was mounted or
// linked alone.
extension Tracker {
    /// Whether commits go by in a log that cannot be seen. Then nothing is captured: what a checkpoint writes
    /// from there would be a torn state.
    func logIsOutOfSight(_ now: MonotonicInstant) throws -> Bool {
        switch logs.sight.removedLogNow() {
        case .none: break
        case .isUsed:
            state.presence.obstacles.met(now)
            return true
        case .wasClosed:
            if state.pending.rescanReason == nil {
                requireRescan(.missed("a removed write-ahead log was in use beside another one"))
            }
        }
        guard logs.sight.isUnsure, state.image?.usesWAL ?? true else { return false }
        guard try logs.hasUsersWithoutLog(state.presence, &context.scratch) else {
            logs.sight.isInSight()
            return false
        }
        guard logs.sight.isSurelyOut(now) else {
            state.schedule.retry(in: LogSight.grace, from: now)
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
    var mayBeOutOfSight: Bool { state.image?.usesWAL == true && logs.identity == nil }

    /// A log that was removed by somebody else while a program has it open: its commits are captured as long
    /// as that program lives, and SQLite knows nothing of them in any other. Returns whether it is such a
    /// log.
    func followRemovedLog(_ log: WALTail) -> Bool {
        guard state.pending.rescanReason == nil, scan == nil, state.image != nil, log.indexIsUsed else {
            return false
        }
        state.presence.obstacles.warn(
            """
            the log of \(path.printable) was removed while a program has the database open: other programs do not see what \
            that one commits: restart it
            """,
            state.report
        )
        return true
    }

    /// Another log has come while the removed one is in use: two programs write one database, and neither
    /// sees what the other commits. Nothing is captured before the first of them is done.
    private func abandonRemovedLog() {
        guard state.presence.obstacles.isHindered, logs.isRemovedInUse else { return }
        logs.abandonRemoved()
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
        guard state.presence.obstacles.isHindered, logs.isRemovedAndClosed, let log = logs.tail else {
            return
        }
        drain(log)
        endDraining()
        requireRescan(.missed("a write-ahead log was removed while a program had it open"))
    }
}
