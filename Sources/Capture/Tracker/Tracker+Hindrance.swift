import LinuxSystem
import RepositoryFormat
import SystemPackage

/// What stands between a file and its capture, and how a file is begun anew.
extension Tracker {
    /// Commits may go by unseen for that reason until it is gone: nothing is captured that would rest on
    /// knowing all. A gap is recorded when the file is compared again.
    func hinder(_ reason: String) {
        if hindrance?.isBlind != true || pending.rescanReason == nil { requireRescan(.missed(reason)) }
        hindrance = Hindrance(reason: reason, isBlind: true)
        hinderedAt = .now
        context.meter.hindered(path.printable, hindrance)
    }

    /// Says what is wrong, although all that is committed is captured.
    func warn(_ reason: String) {
        hindrance = Hindrance(reason: reason, isBlind: false)
        context.meter.hindered(path.printable, hindrance)
    }

    /// A writer left no pause in which the file could be captured. When that has lasted, it is said, and
    /// nobody waits for the file any more. `writer`: the file of its group that is written.
    func missPause(of writer: Tracker? = nil, _ now: MonotonicInstant) {
        guard isRestless(now) else { return }
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
        context.meter.hindered(name, Hindrance(reason: reason, isBlind: true))
    }

    /// The same where somebody keeps the lock, and no journal on the disk tells when he commits.
    func missUnlock(_ now: MonotonicInstant) {
        guard isRestless(now) else { return }
        let what = "\(path.printable) is locked by a program whose journal is not on the disk"
        let hindrance = Hindrance(reason: "\(what): it is captured when the lock goes", isBlind: true)
        context.meter.hindered(path.printable, hindrance)
    }

    private func isRestless(_ now: MonotonicInstant) -> Bool {
        let since = restlessSince ?? now
        restlessSince = since
        guard since.duration(to: now) >= Self.restlessGrace else { return false }
        hinderedAt = now
        return true
    }

    /// Whoever only writes for a while is waited for.
    static let restlessGrace = Duration.seconds(2)

    /// Whether nothing more can be captured of what was committed before, and that is said.
    func isBlind(since: MonotonicInstant) -> Bool {
        guard let hinderedAt, hindrance?.isBlind == true || isLeftOut || restlessSince != nil else {
            return false
        }
        return hinderedAt >= since
    }

    /// Nothing stands between the file and its capture any more.
    func endHindrance() {
        let wasRestless = restlessSince.take() != nil
        guard hindrance.take() != nil || wasRestless else { return }
        context.meter.hindered(path.printable, nil)
    }

    /// Acts on an error amid a look. A name that is missing may only just have gone; what may not be read is
    /// asked for again when permissions change, and by the slow round.
    func processFailed(_ error: any Error, _ now: MonotonicInstant) {
        guard let error = error as? SystemError else {
            return captureFailed(CaptureFailure(cause: .program("\(error)"), hasSnapshot: !isNew))
        }
        if error.isMissing {
            nameChanged()
            return retry(in: .milliseconds(5), from: now)
        }
        if let place = error.path, place == logPath || place == logIndexPath || place == journal.path {
            // Unreadable is not absent: without it nobody knows what is committed.
            hinder("\(error): what is committed to \(path.printable) goes by unseen: let holdfast read it")
            if !error.isForbidden { retry(in: Self.obstaclePause, from: now) }
            return
        }
        // What passes by itself is waited for once; then nobody waits for this file any more, and is told so.
        if isLeftOut || error.isForbidden { hinderedAt = now }
        isLeftOut = true
        context.meter.leftOut(path.printable, error)
        guard error.isForbidden else { return retry(in: Self.obstaclePause, from: now) }
        // Somebody keeps it from us, and always did: nothing of it is missed.
        if isNew { capturedThrough = now }
    }

    private static let obstaclePause = Duration.seconds(1)

    /// What was handed over is void, or no longer to be trusted: the file begins anew after a pause.
    func captureFailed(_ failure: CaptureFailure) {
        if scan?.purpose != .base { put(.abandonBase(file)) }
        dropScan()
        image = nil
        isNew = !failure.hasSnapshot
        switch failure.cause {
        case .repository:
            pending.rescanReason = pending.rescanReason ?? .unexplained
            notBefore = MonotonicInstant.now.advanced(by: Self.failureDelay)
        case .program(let reason): quarantine(reason)
        }
    }

    /// An error of the program itself costs the file a comparison of everything, with a gap; the more often
    /// it comes, the later.
    private func quarantine(_ reason: String) {
        let now = MonotonicInstant.now
        if let lastQuarantine, lastQuarantine.duration(to: now) > Self.forgivenAfter { quarantines = 0 }
        lastQuarantine = now
        quarantines += 1
        notBefore = now.advanced(by: Self.failureDelay * (1 << min(quarantines - 1, 7)))
        context.meter.quarantined(path.printable, reason)
        hinder("\(path.printable) is captured anew after an error (\(reason))")
    }

    private static let failureDelay = Duration.seconds(2)
    private static let forgivenAfter = Duration.seconds(3600)
}
