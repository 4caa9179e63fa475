import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// The name, what it leads to, and what is handed over of that besides content.
extension Tracker {
    /// Finds out whether there is a file, and which one. `ended`: there is none.
    func processName(_ now: MonotonicInstant) throws -> ProcessStep {
        if context.isPolled(name) {
            state.presence.content.polled(PolledStamp(path, log: state.presence.logPath))
        }
        guard state.pending.name || !state.presence.isThere else { return try decideKind() }
        guard let status = try FileStatus.directUnlessMissing(path), status.kind == .regular else {
            wentMissing(now)
            return .ended
        }
        guard let watched = state.presence.saw(status) else { return try noteFound(status) }
        state.schedule.resume(with: .noteFound(status))
        return .needsWatch(watched)
    }

    private func decideKind() throws -> ProcessStep {
        if kind == .plain, state.pending.isTouched || state.pending.log || logs.isUnseen || journal.hasNews {
            // What SQLite does with a file tells of a database before its writer pauses.
            try state.decideKindAgain(logs, journal)
        }
        return .done
    }

    /// Notes what the name means now.
    func noteFound(_ status: FileStatus) throws -> ProcessStep {
        state.pending.name = false
        let finding = state.presence.found(status)
        if finding != .same {
            if finding == .replaced {
                requireRescan(.replaced)
            } else {
                state.pending.rescanUnlessWanted(.firstLook)
                wasFound(status.sizeBytes)
            }
            if logs.tail == nil { try logs.open(&state) }
            journal.lookForName(&context.scratch)
        }
        if state.presence.obstacles.isLeftOut, state.presence.isThere, state.pending.rescanReason == nil {
            requireRescan(.missed("it could not be read for a while"))
        }
        if kind == .plain { try state.decideKindAgain(logs, journal) }
        return try decideKind()
    }

    /// For the progress of the first capture.
    private func wasFound(_ bytes: UInt64) {
        guard state.ledger.capturedThrough == nil, uncapturedBytes == nil else { return }
        uncapturedBytes = bytes
        context.meter.update { $0.foundBytes.addSaturated(bytes) }
    }

    private func wentMissing(_ now: MonotonicInstant) {
        guard state.presence.isDeleted(now) else {
            return state.schedule.retry(in: FilePresence.deletionGrace, from: now)
        }
        state.presence.obstacles.canBeRead(state.report)
        state.presence.obstacles.end(state.report)
        recordDeletion()
        state.presence.deleted()
        logs.fileIsGone(context)
        state.ledger.fileIsGone()
        rollback.fileIsGone()
        state.pending.fileIsGone()
        state.ledger.captured(through: now)
    }

    /// The file is not there any more, or no protected file. That is handed over also without an image: an
    /// earlier one, of another kind perhaps, is in the history. With none the recorder has nothing to do.
    func recordDeletion() {
        dropScan()
        state.outbox.putDeletion(state.image?.shape.pageSize ?? .plain)
        state.image = nil
    }

    /// Looks for changes that no event told.
    func poll() -> PollResult {
        guard isAtRest else { return .isDue }
        let now = PolledStamp(path, log: state.presence.logPath)
        return now == state.presence.content.polled ? .unchanged : .changed(now)
    }

    /// Notes what `poll` has found, once the events were read that may tell of it.
    func foundChanged(_ now: PolledStamp, since: Instant) {
        guard isAtRest else { return }
        if kind == .plain {
            state.pending.nameChanged()
            note(.contentModified)
        } else if now.content == state.presence.content.polled?.content, now.log != nil,
            now.log?.identity == logs.identity
        {
            // The log proves by itself that nothing of it is missed.
            state.pending.log = true
        } else {
            eventsWereLost("changes that no event tells are looked for in turns", since: since)
        }
    }
}

// Plain file or database
extension Tracker {
    /// With a journal or a log beside it, an empty file is a database that is being made: processing it
    /// decides.
    var mayBeMadeDatabase: Bool { kind == .plain && (state.image?.shape.byteCount ?? 0) == 0 }
}
