import LinuxSystem
import RepositoryFormat

/// What stands between a file and its capture, and how a file is begun anew.
extension Tracker {
    /// Commits may go by unseen for that reason until it is gone: nothing is captured that would rest on
    /// knowing all. A gap is recorded when the file is compared again.
    func hinder(_ reason: String) {
        if !presence.obstacles.isBlind || pending.rescanReason == nil { requireRescan(.missed(reason)) }
        presence.obstacles.hinder(reason, report)
    }

    /// A writer left no pause in which the file could be captured. `writer`: the file of its group that is
    /// written.
    func missPause(of writer: Tracker? = nil, _ now: MonotonicInstant) {
        let name = path.printable
        let what =
            if let writer, writer !== self {
                "\(name) is captured together with \(writer.path.printable), which is being written without a pause"
            } else {
                "\(name) is being written without a pause"
            }
        let quiet = PendingEvents.quiet.nanoseconds / 1_000_000
        // A log of a program, mostly.
        let advice = kind == .plain ? ", or left out with --exclude" : ""
        let reason = "\(what): it is captured once its writer closes it or pauses for \(quiet) ms\(advice)"
        presence.obstacles.missPause(now, reason, report)
    }

    /// The same where somebody keeps the lock, and no journal on the disk tells when he commits.
    func missUnlock(_ now: MonotonicInstant) {
        let what = "\(path.printable) is locked by a program whose journal is not on the disk"
        presence.obstacles.missPause(now, "\(what): it is captured when the lock goes", report)
    }

    /// Acts on an error amid the work. A name that is missing may only just have gone; what may not be read is
    /// asked for again when permissions change, and by the slow round.
    func processFailed(_ error: any Error, _ now: MonotonicInstant) {
        if error is FileTooLong {
            // It is left out until it is shorter.
            dropScan()
            presence.obstacles.leaveOut(error, report)
            return ledger.captured(through: now)
        }
        guard let error = error as? SystemError else {
            return captureFailed(CaptureFailure(cause: .program("\(error)"), hasSnapshot: !ledger.isNew))
        }
        if error.isMissing {
            nameChanged()
            return schedule.retry(in: .milliseconds(5), from: now)
        }
        if let place = error.path, place == journal.path || presence.isLog(place) {
            // Unreadable is not absent: without it nobody knows what is committed.
            hinder("\(error): what is committed to \(path.printable) goes by unseen: let holdfast read it")
            if !error.isForbidden { schedule.retry(in: Self.obstaclePause, from: now) }
            return
        }
        // What passes by itself is waited for once; then nobody waits for this file any more, and is told so.
        if presence.obstacles.isLeftOut || error.isForbidden { presence.obstacles.met(now) }
        presence.obstacles.leaveOut(error, report)
        guard error.isForbidden else { return schedule.retry(in: Self.obstaclePause, from: now) }
        // Somebody keeps it from us, and always did: nothing of it is missed.
        if ledger.isNew { ledger.captured(through: now) }
    }

    private static let obstaclePause = Duration.seconds(1)

    /// What was handed over is void, or no longer to be trusted: the file begins anew after a pause.
    func captureFailed(_ failure: CaptureFailure) {
        if scan?.purpose != .base { outbox.put(.abandonBase(file)) }
        dropScan()
        image = nil
        ledger.isVoid(hasSnapshot: failure.hasSnapshot)
        switch failure.cause {
        case .repository:
            pending.rescanUnlessWanted(.unexplained)
            schedule.pause(until: .now.advanced(by: QuarantinePauses.shortest))
        case .program(let reason): quarantine(reason)
        }
    }

    /// An error of the program itself costs the file a comparison of everything, with a gap; the more often
    /// it comes, the later.
    private func quarantine(_ reason: String) {
        let now = MonotonicInstant.now
        schedule.pause(until: now.advanced(by: presence.obstacles.pauseOfQuarantine(now)))
        context.meter.quarantined(path.printable, reason)
        hinder("\(path.printable) is captured anew after an error (\(reason))")
    }
}
