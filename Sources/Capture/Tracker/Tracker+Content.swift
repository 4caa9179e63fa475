import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// What the notes on a database's content call for.
extension Tracker {
    func processContent(_ now: MonotonicInstant) throws -> ProcessStep {
        if let scan {
            let isWatched = scanning.isWatchingJournals
            // Before all pre-images are laid, nobody knows what the database was.
            if isWatched, scan.isLayingHotJournal, journal.hasNews {
                restartScan(now)
                return .done
            }
            guard isWatched, journal.hasNews || state.pending.isTouched else { return .done }
            return captureQuiescent()
        }
        guard try !state.isEmptyBesideFiles(logs, journal) else {
            state.becomePlain(now)
            return .done
        }
        if state.pending.rescanReason != nil {
            return try logs.isUsed(&state, journal) ? beginLogScan(now) : captureQuiescent()
        }
        if journal.hasNews {
            guard try logHasCommits() else { return captureQuiescent() }
            requireRescan(.missed(Self.bothModes))
            return .done
        }
        let lacksEvidence = state.pending.takeLackOfEvidence()
        guard state.pending.isTouched else { return .done }
        guard let image = state.image, image.usesWAL else { return captureQuiescent() }
        if lacksEvidence {
            requireRescan(.missed("a write-ahead log was gone before it could be read"))
            return .done
        }
        guard logs.isAbsent else {
            accept(.checkpoint, now)
            return .done
        }
        return state.readEvents(before: .judgeOrigin(try ContentSight(path, image, &context.scratch)))
    }

    /// Decides who has written the file. Whoever writes through a log has made it before, of which events
    /// have told by now.
    func judgeOrigin(_ sight: ContentSight, _ now: MonotonicInstant) -> ProcessStep {
        if logs.isAbsent, scan == nil, state.image?.pageOne == sight.known.pageOne,
            state.image?.changeCounter == sight.known.changeCounter, !journal.hasNews
        {
            accept(sight.origin(checkpointed: state.presence.content.checkpointed), now)
        } else {
            accept(.unclear, now)
        }
        return .done
    }

    private func accept(_ origin: ContentSight.Origin, _ now: MonotonicInstant) {
        switch origin {
        case .checkpoint:
            // The audit makes sure.
            state.pending.contentCaptured()
            scanning.audit.want()
        case .unclear: state.schedule.retry(in: .zero)
        case .foreign where state.pending.isQuiet(now): requireRescan(.unexplained)
        case .foreign: state.schedule.retry(in: PendingEvents.quiet, from: now)
        }
    }
}
