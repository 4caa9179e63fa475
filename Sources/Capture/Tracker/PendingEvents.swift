import LinuxSystem

/// Why a file has to be processed: what its events said since it was last.
struct PendingEvents {
    /// The name may mean another file now, or none.
    var name = true
    /// The write-ahead log was made or written.
    var log = true
    /// When the content was written last, since the last capture.
    private(set) var lastTouch: MonotonicInstant?
    /// The content was closed by a writer after the last touch.
    private(set) var isClosed = false
    /// Writes to the content since the last capture, told apart by writes to the journal.
    private(set) var runs = 0
    private var isAmidRun = false
    /// A log has come and gone without a frame or an index to be seen: mostly somebody who only read. If the
    /// content was written, it was not.
    var lacksEvidence = false
    /// The content is to be compared as a whole, whatever the events say.
    var rescanReason: RescanReason? = .firstLook

    /// Counts writes to the content, as events told them; grows only.
    private(set) var contentWrites = 0
    /// When the last event came.
    private(set) var lastActivity = MonotonicInstant.now

    var isTouched: Bool { lastTouch != nil }

    /// An event came.
    mutating func active(_ now: MonotonicInstant = .now) { lastActivity = now }

    /// The name was given to a file, taken from it or moved.
    mutating func nameChanged() {
        name = true
        active()
    }

    mutating func contentModified() {
        contentWrites &+= 1
        active()
        touch(lastActivity)
    }

    mutating func contentClosed() {
        active()
        if isTouched { isClosed = true }
    }

    mutating func logChanged() {
        active()
        log = true
    }

    /// The file is gone: nothing is left to do.
    mutating func fileIsGone() {
        let (writes, activity) = (contentWrites, lastActivity)
        self = PendingEvents()
        (name, log, rescanReason) = (false, false, nil)
        (contentWrites, lastActivity) = (writes, activity)
    }

    private mutating func touch(_ now: MonotonicInstant) {
        lastTouch = now
        isClosed = false
        if !isAmidRun { runs += 1 }
        isAmidRun = true
    }

    mutating func journalWritten() { isAmidRun = false }

    mutating func contentCaptured() {
        lastTouch = nil
        isClosed = false
        (runs, isAmidRun) = (0, false)
    }

    /// Notes that everything is to be compared. A reason that says more than `unexplained` stays.
    mutating func rescan(_ reason: RescanReason) {
        if rescanReason == nil || rescanReason == .unexplained { rescanReason = reason }
    }

    /// The same, unless there is a reason already.
    mutating func rescanUnlessWanted(_ reason: RescanReason) {
        if rescanReason == nil { rescanReason = reason }
    }

    /// Something is to be done.
    var isWanted: Bool { name || log || isTouched || rescanReason != nil }

    mutating func takeLackOfEvidence() -> Bool {
        defer { lacksEvidence = false }
        return lacksEvidence
    }

    /// Whether whoever writes without SQLite's locks seems to be done: closed, or quiet for a while.
    func isQuiet(_ now: MonotonicInstant) -> Bool {
        guard let lastTouch else { return true }
        return isClosed || lastTouch.duration(to: now) >= Self.quiet
    }

    static let quiet = Duration.milliseconds(250)
}

/// Why everything is compared.
enum RescanReason: Equatable {
    /// Nothing is known yet, or only what an earlier run left.
    case firstLook
    /// Another file took the name.
    case replaced
    /// Single commits may have been missed.
    case missed(String)
    /// Something wrote that is no transaction known to us.
    case unexplained

    var reason: String? {
        if case .missed(let reason) = self { reason } else { nil }
    }
}
