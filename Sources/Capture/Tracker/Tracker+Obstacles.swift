import LinuxSystem
import RepositoryFormat

/// What stands between a file and its capture, and how a file is begun anew.
extension Tracker {
    /// Commits may go by unseen for that reason until it is gone: nothing is captured that would rest on
    /// knowing all. A gap is recorded when the file is compared again.
    func hinder(_ reason: String) {
        if !state.presence.obstacles.isBlind || state.pending.rescanReason == nil {
            requireRescan(.missed(reason))
        }
        state.presence.obstacles.hinder(reason, state.report)
    }

    /// Acts on an error amid the work.
    func processFailed(_ error: any Error, _ now: MonotonicInstant) {
        let sidecars = [state.presence.logPath, state.presence.logIndexPath, journal.path]
        switch ProcessFailure(error, sidecars: sidecars) {
        case .isTooLong(let error):
            dropScan()
            state.presence.obstacles.leaveOut(error, state.report)
            state.ledger.captured(through: now)
        case .ofProgram(let reason):
            captureFailed(CaptureFailure(cause: .program(reason), hasSnapshot: !state.ledger.isNew))
        case .isMissing:
            state.pending.nameChanged()
            state.schedule.retry(in: .milliseconds(5), from: now)
        case .hidesCommits(let error):
            hinder("\(error): what is committed to \(path.printable) goes by unseen: let holdfast read it")
            if !error.isForbidden { state.schedule.retry(in: Self.obstaclePause, from: now) }
        case .isUnreadable(let error): leaveOut(error, now)
        }
    }

    /// What may not be read is asked for again when permissions change, and by the slow round. What passes by
    /// itself is waited for once; then nobody waits for this file any more, and is told so.
    private func leaveOut(_ error: SystemError, _ now: MonotonicInstant) {
        if state.presence.obstacles.isLeftOut || error.isForbidden { state.presence.obstacles.met(now) }
        state.presence.obstacles.leaveOut(error, state.report)
        guard error.isForbidden else { return state.schedule.retry(in: Self.obstaclePause, from: now) }
        // Somebody keeps it from us, and always did: nothing of it is missed.
        if state.ledger.isNew { state.ledger.captured(through: now) }
    }

    private static let obstaclePause = Duration.seconds(1)

    /// What was handed over is void, or no longer to be trusted: the file begins anew after a pause.
    func captureFailed(_ failure: CaptureFailure) {
        if scan?.purpose != .base { state.outbox.put(.abandonBase(file)) }
        dropScan()
        state.image = nil
        state.ledger.isVoid(hasSnapshot: failure.hasSnapshot)
        switch failure.cause {
        case .repository:
            state.pending.rescanUnlessWanted(.unexplained)
            state.schedule.pause(until: .now.advanced(by: QuarantinePauses.shortest))
        case .program(let reason): quarantine(reason)
        }
    }

    /// An error of the program itself costs the file a comparison of everything, with a gap; the more often
    /// it comes, the later.
    private func quarantine(_ reason: String) {
        let now = MonotonicInstant.now
        let pause = state.presence.obstacles.pauseOfQuarantine(now)
        state.schedule.pause(until: now.advanced(by: pause))
        context.meter.quarantined(path.printable, reason)
        hinder("\(path.printable) is captured anew after an error (\(reason))")
    }
}
