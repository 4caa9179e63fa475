import LinuxSystem
import SQLiteFiles
import SystemPackage

/// The write-ahead log of one database: which file it is, and how far it is consumed.
struct LogCapture {
    private(set) var tail: WALTail?
    /// The log while it is closed, because too many are open: which one it is, and how far it was consumed.
    private var suspended: (identity: FileIdentity, position: LogPosition)?
    /// A log appeared that could not be opened then.
    private(set) var isUnseen = false
    /// The log has lost its name and is read to its end just now.
    var isDraining = false
    /// There was no room for all of it: the rest follows.
    var isDrainingLater = false
    private var pace = LogPace()
    var sight = LogSight()

    /// The log that is followed, open or not.
    var identity: FileIdentity? { tail?.log.identity ?? suspended?.identity }

    var isAbsent: Bool { tail == nil && suspended == nil }
    var isSuspended: Bool { suspended != nil }
    var isNamed: Bool { tail?.log.isNamed == true }
    var isUnconfirmed: Bool { pace.isUnconfirmed }

    /// `context` counts the logs that are open.
    private mutating func hold(_ tail: WALTail?, _ context: CaptureContext) {
        context.openLogs += (tail == nil ? 0 : 1) - (self.tail == nil ? 0 : 1)
        self.tail = tail
    }
}

// Opening and closing
extension LogCapture {
    /// Looks for a log with a name; none is no error. Only while everything is to be compared: a log that
    /// comes later is opened when it appears, and none is passed over.
    mutating func open(_ state: inout CaptureState) throws(SystemError) {
        suspended = nil
        isDrainingLater = false
        let presence = state.presence
        let found = try WALTail.ifPresent(presence.logPath, indexPath: presence.logIndexPath)
        hold(found, state.context)
        if tail != nil { state.pending.log = true }
    }

    /// Follows the log that appeared. `isNew`: all before it was captured.
    mutating func follow(
        _ log: PinnedFile,
        isNew: Bool,
        _ state: borrowing CaptureState
    ) {
        hold(WALTail(log, indexPath: state.presence.logIndexPath, LogPosition(isNew: isNew)), state.context)
        suspended = nil
    }

    /// One appeared, and was gone before it could be opened, which its deletion tells.
    mutating func appearedUnseen() { isUnseen = true }

    /// The log that appeared and could not be opened then; nil for one that is gone: it was deleted, of which
    /// an event tells.
    mutating func findUnseen(_ presence: FilePresence) throws(SystemError) -> PinnedFile? {
        guard isUnseen else { return nil }
        var found: PinnedFile?
        if !isNamed {
            do { found = try PinnedFile(presence.logPath) } catch  where error.isMissing {}
        }
        isUnseen = false
        return found
    }

    /// Closes the log, for too many are open. What goes on with it is kept.
    mutating func suspend(_ context: CaptureContext) {
        guard let tail else { return }
        suspended = (tail.log.identity, tail.position)
        hold(nil, context)
    }

    /// Opens the log again if it was closed, or takes the one that is `held`. One that has lost its name by
    /// now is missed unless it is held: the event that says so is still to come. False if another log has its
    /// name, unless everything is to be compared anyway.
    mutating func reopen(
        _ state: borrowing CaptureState,
        _ held: PinnedFile?
    ) throws(SystemError) -> Bool {
        let presence = state.presence
        guard let suspended else { return true }
        let isHeld = held?.identity == suspended.identity
        guard
            let tail = try isHeld
                ? held.map({ WALTail($0, indexPath: presence.logIndexPath) })
                : WALTail.ifPresent(presence.logPath, indexPath: presence.logIndexPath)
        else { return true }
        self.suspended = nil
        hold(tail, state.context)
        if state.pending.rescanReason != nil { return true }
        guard tail.log.identity == suspended.identity else { return false }
        tail.resume(suspended.position)
        return true
    }

    /// Whether there are commits in the log, or were some since it was last polled.
    func hasCommits(_ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        guard let tail else { return false }
        if try tail.reader.header(&scratch) != nil { return true }
        return try tail.pollWithoutHeader(&scratch) != .current
    }

    /// The suspended log was deleted; whether there was one.
    mutating func dropSuspended() -> Bool { suspended.take() != nil }

    mutating func close(_ context: CaptureContext) { hold(nil, context) }

    /// Nothing that was known of it tells anything any more.
    mutating func forget(_ context: CaptureContext) {
        hold(nil, context)
        suspended = nil
    }

    mutating func fileIsGone(_ context: CaptureContext) {
        forget(context)
        isUnseen = false
    }

    /// The wal-index of the log, held as it appears.
    func hold(index: PinnedFile) { tail?.reader.index.hold(index) }
}

// Consuming
extension LogCapture {
    /// How long the log is not to be read; nil when it may be now.
    func wait(_ now: MonotonicInstant) -> Duration? { pace.wait(now) }

    /// Whether commits come without a pause. `wasRapid`: the log was known to be so.
    func isRapid(_ now: MonotonicInstant, wasRapid: Bool = false) -> Bool {
        pace.isRapid(now, wasRapid: wasRapid)
    }

    /// It was polled, which began at `now`. `hasMoved`: commits were consumed.
    mutating func polled(_ outcome: WALTail.Outcome, hasMoved: Bool, _ now: MonotonicInstant) -> LogStep {
        pace.polled(
            outcome,
            hasMoved: hasMoved,
            isLong: (tail?.reader.unfinishedBytes ?? 0) > WALReader.heldBytes,
            isDraining: isDrainingLater,
            began: now,
            ended: .now
        )
    }

    /// So long the end of a log is read at once, before another log can come.
    static let drainTime = Duration.milliseconds(50)

    /// Nothing more is wanted of a log that has lost its name.
    mutating func endDraining(_ context: CaptureContext) {
        isDrainingLater = false
        hold(nil, context)
        sight.mustCheck()
    }
}
