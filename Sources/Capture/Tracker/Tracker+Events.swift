import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// What events say. These only take notes and hold files open that are about to lose their names; none comes
/// amid the work on a file.
extension Tracker {
    func note(_ event: FileEvent) {
        switch event {
        case .nameChanged: state.pending.nameChanged()
        case .contentModified:
            logs.sight.mustCheck()
            state.pending.contentModified()
        case .contentClosed:
            logs.sight.mustCheck()
            state.pending.contentClosed()
        case .journalAppeared(let pinned):
            state.pending.active()
            journal.appeared(pinned, &context.scratch)
        case .journalModified:
            state.pending.active()
            state.pending.journalWritten()
            journal.modified(&context.scratch)
        case .journalDeleted:
            state.pending.active()
            journal.deleted(&context.scratch)
        case .logAppeared(let pinned): logAppeared(pinned)
        case .logModified:
            state.pending.logChanged()
            logs.tail?.wasWritten()
        case .logDeleted: logDeleted()
        case .indexAppeared(let pinned, let log): indexAppeared(pinned, log)
        case .indexModified: logs.tail?.indexMayBeNew(&context.scratch)
        }
    }

    /// `pinned`: nil for a log that was gone before it could be opened, which its deletion tells.
    private func logAppeared(_ pinned: PinnedFile?) {
        state.pending.active()
        logs.tail?.log.checkName()
        if let pinned, pinned.identity == logs.identity { return logCameBack() }
        if logs.isDrainingLater {
            // Another log has come before there was room for the rest of the last one.
            requireRescan(
                .missed("a write-ahead log went before there was room in the repository to read it")
            )
            endDraining()
        }
        guard let pinned else { return logs.appearedUnseen() }
        if !logs.isNamed { follow(pinned) }
        state.pending.log = true
    }

    /// It was moved away, perhaps, and is where others find it again.
    private func logCameBack() {
        guard state.presence.obstacles.isHindered, !state.presence.obstacles.isBlind, logs.isNamed else {
            return
        }
        state.presence.obstacles.end(state.report)
        state.pending.log = true
    }

    /// The wal-index is held, for both may be gone in a moment; and a log that was closed is opened again.
    private func indexAppeared(_ pinned: PinnedFile?, _ log: PinnedFile?) {
        // A removed log that is followed has an index of its own.
        if let pinned, !state.presence.obstacles.isHindered { logs.hold(index: pinned) }
        guard logs.isSuspended else { return }
        state.pending.active()
        // What goes wrong here goes wrong again when the file is processed, and is said there.
        try? reopenLog(log)
        state.pending.log = true
    }

    private func logDeleted() {
        state.pending.active()
        logs.tail?.log.checkName()
        guard let log = logs.tail, !log.log.isNamed else {
            if logs.dropSuspended(), state.pending.rescanReason != nil { return }
            // The one that went was never held.
            return requireRescan(.missed("a write-ahead log was gone before it could be read"))
        }
        if isFollowingLog, log.overlay.isSearching {
            // Which commits were in it when the comparison began was not known yet.
            restartScan(.now)
            state.merge(log)
        } else if isFollowingLog {
            if journal.hasNews {
                requireRescan(.missed(Self.bothModes))
            } else {
                drain(log)
                if logs.isDrainingLater || logs.continuesRemoved(log, &state, isScanning: scan != nil) {
                    return
                }
            }
        } else if scan == nil {
            state.merge(log)
        } else {
            // What it held was written into a file that is being compared by what journals tell.
            restartScan(.now)
        }
        endDraining()
    }

    /// Everything may have changed without an event since then.
    func eventsWereLost(_ reason: String, since: Instant) {
        state.pending.nameChanged()
        state.pending.log = true
        logs.tail?.log.checkName()
        journal.eventsWereLost()
        requireRescan(.missed(reason), since: since)
    }
}
