import LinuxSystem

/// What follows when a log was polled.
enum LogStep: Equatable {
    /// All is consumed.
    case current
    /// All is consumed of a log that has lost its name.
    case drained
    /// Its last commit may not be complete: nothing more is to be consumed before this has passed.
    case unconfirmed(Duration)
    /// The rest follows after this.
    case retry(Duration)
    /// Single commits were lost, and how.
    case lost(String)
}

/// How often a log is polled. A pure decision.
struct LogPace {
    /// The log is not read again before this: an open transaction is long.
    private var notBefore: MonotonicInstant?
    /// Since when it has been read in chunks.
    private var readSince: MonotonicInstant?
    /// Since when the log has ended in a commit that may not be complete.
    private var unconfirmedSince: MonotonicInstant?
    /// When commits were consumed last.
    private var lastMoved: MonotonicInstant?
    /// How many polls consumed commits at once after others, less those that did later.
    private var rapidPolls = 0

    /// From so many polls on the log is rapid.
    private static let rapidFrom = 10
    /// More are not counted, so that it ends soon.
    private static let mostRapidPolls = 20
    /// Commits that are consumed so soon after others come without a pause.
    private static let rapidPause = Duration.milliseconds(3)
    /// A log without commits for so long is not rapid.
    private static let rapidEnd = Duration.milliseconds(20)

    var isUnconfirmed: Bool { unconfirmedSince != nil }

    /// How long the log is not to be read; nil when it may be now.
    func wait(_ now: MonotonicInstant) -> Duration? {
        guard let notBefore, notBefore > now else { return nil }
        return now.duration(to: notBefore)
    }

    /// Whether commits come without a pause. `wasRapid`: the log was known to be so, which takes less.
    func isRapid(_ now: MonotonicInstant, wasRapid: Bool = false) -> Bool {
        guard let lastMoved, rapidPolls >= (wasRapid ? 1 : Self.rapidFrom) else { return false }
        return lastMoved.duration(to: now) < Self.rapidEnd
    }

    private mutating func moved(_ now: MonotonicInstant) {
        let isSoon = lastMoved.map { $0.duration(to: now) <= Self.rapidPause } ?? false
        rapidPolls = isSoon ? min(Self.mostRapidPolls, rapidPolls + 1) : max(0, rapidPolls - 4)
        lastMoved = now
    }

    /// `hasMoved`: commits were consumed. `began`, `ended`: the call's. `isLong`: more frames than can be
    /// held follow the last commit. `isDraining`: the log has lost its name.
    mutating func polled(
        _ outcome: WALTail.Outcome,
        hasMoved: Bool,
        isLong: Bool,
        isDraining: Bool,
        began now: MonotonicInstant,
        ended: MonotonicInstant
    ) -> LogStep {
        if hasMoved { moved(ended) }
        if outcome != .unconfirmed || hasMoved { unconfirmedSince = nil }
        let began = readSince ?? now
        readSince = outcome == .unfinished ? began : nil
        switch outcome {
        case .unconfirmed:
            // Mostly a matter of microseconds, of which no event tells; for ever if the writer was killed
            // just there.
            let since = unconfirmedSince ?? now
            unconfirmedSince = since
            // A writer that commits all the time causes events enough, or is polled.
            if hasMoved { return .unconfirmed(.milliseconds(isRapid(ended) ? 2 : 1)) }
            return .unconfirmed(min(max(.microseconds(200), since.duration(to: now) / 2), .seconds(1)))
        case .current:
            if isDraining { return .drained }
            // An open transaction is read again with every event: the longer it is, the less often.
            notBefore = isLong ? ended.advanced(by: began.duration(to: ended) * 4) : nil
            return .current
        case .congested: return .retry(.milliseconds(1))
        case .unfinished: return .retry(.zero)
        case .lost, .rolledBackByRecovery: return outcome.loss.map { .lost($0) } ?? .current
        }
    }
}
