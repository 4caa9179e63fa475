import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// Which file the log is: found, opened, closed, gone, or out of sight.
extension Tracker {
    func follow(_ log: PinnedFile) {
        if let reason = logs.abandonRemoved(state) { hinder(reason) }
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

    /// Opens the log again if it was closed. `held`: the one that had its name a moment ago.
    func reopenLog(_ held: PinnedFile? = nil) throws(SystemError) {
        if try logs.reopen(state, held) { return }
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
        switch try logs.checkSight(&state, now) {
        case .isInSight: return false
        case .mayBeOut: return true
        case .isOut(let reason):
            hinder(reason)
            return true
        }
    }

    /// It is in WAL mode, and no log is known: of one that is elsewhere no event tells.
    var mayBeOutOfSight: Bool { state.image?.usesWAL == true && logs.identity == nil }

    /// Ends what was followed of a removed log, once nobody uses it any more.
    func endRemovedLog() {
        guard let log = logs.removedAndClosed(state) else { return }
        drain(log)
        endDraining()
        requireRescan(.missed("a write-ahead log was removed while a program had it open"))
    }
}
