import LinuxSystem
import RepositoryFormat
import SystemPackage

/// Everything known of one protected file, and the decision what to do about it next. Confined to the
/// observer's thread.
///
/// Events only leave notes (`Tracker+Events`); `process` acts on them in a fixed order (`Tracker+Process`): the
/// name, what ended in rollback mode (`Tracker+Quiescent`), the write-ahead log (`Tracker+Log`), a scan under
/// way (`Tracker+Scan`).
final class Tracker {
    let file: FileID
    /// Relative to the root.
    let name: FilePath
    private(set) var path: FilePath
    let context: CaptureContext
    var kind: FileKind

    /// The last state handed to the recorder; nil when there is none, or the file was gone.
    var image: ObservedImage?
    /// What the first snapshot of this run is called when there is no image yet.
    var firstEvent: SnapshotEvent
    /// No snapshot of the file as it is now exists.
    var isNew: Bool
    /// It was made, or became a database, while it was watched: every commit from its first on counts.
    var isBorn: Bool
    /// Commits that no snapshot names yet: before the first capture, or of a comparison that was given up.
    var merged = MergedCommits()
    /// The change counter of a state that was given up. All commits before it are in `merged`.
    var countedThrough: UInt32?
    /// Somebody held the write lock at the last capture.
    var wasLocked = false
    var lockedWrite: LockedWrite?
    var identity: FileIdentity?
    /// Since when the name has been missing.
    var missingSince: MonotonicInstant?
    /// Content as last seen by a calm look or a slow round: to notice what no event told.
    var stamp: ContentStamp?
    /// It was taken so soon after the last write that another one may have the same.
    var stampIsFresh = false
    /// The file just after its last log was deleted: what a checkpoint left, or newer.
    var checkpointed: ContentStamp?
    /// For a file whose events do not tell all: what it looked like before it was last read.
    var polled: PolledStamp?
    /// The file has other names, and is watched itself.
    var watchedFile: FileIdentity?

    /// What of its attributes is to be handed over, and what of them was seen last.
    var attributesNews = AttributesNews.none
    var ownership: FileOwnership?

    /// Those that it is captured with; nil: none.
    var group: FileGroup?

    var pending = PendingEvents()
    let journal: JournalWatch
    /// Since when a journal without a living writer has been seen.
    var hotSince: MonotonicInstant?
    var log: WALTail? {
        didSet { context.openLogs += (log == nil ? 0 : 1) - (oldValue == nil ? 0 : 1) }
    }
    /// The log while it is closed, because too many are open.
    var suspendedLog: SuspendedTail?
    /// The log is not read again before this: an open transaction is long.
    var logNotBefore: MonotonicInstant?
    /// Since when it has been read in slices.
    var logReadSince: MonotonicInstant?
    /// A log appeared that could not be opened then.
    var logIsUnseen = false
    /// Its log may be where it cannot be seen, and since when it is.
    var mustCheckSight = true
    var outOfSightSince: MonotonicInstant?
    /// A log that was removed under its writer and is still in use, while another one has its name.
    var removedLog: WALTail?
    /// Since when the log has ended in a commit that may not be complete.
    var unconfirmedSince: MonotonicInstant?
    /// Commits that wait for room in the queue.
    var backlog: LogBacklog?
    /// Parts of a large commit were handed over, its end was not.
    var isAmidCommit = false
    /// The log has lost its name and is read to its end.
    var isDrainingLog = false
    /// There was no room for all of it: the rest follows.
    var isDrainingLater = false
    var scan: FileScan? {
        didSet {
            guard scan == nil, oldValue != nil else { return }
            releaseSlot()
            context.meter.update { $0.scans[file] = nil }
        }
    }
    var audit = AuditSchedule()

    /// Counts writes to the content, as events told them.
    var contentEvents = 0
    var lastActivity = MonotonicInstant.now
    /// No look before this: the repository was full a moment ago.
    var notBefore: MonotonicInstant?
    /// How far the work has come, since when, and what goes on when the events that wait were read.
    var stage = ProcessStage.name
    var processedAt = MonotonicInstant.now
    var afterEvents: AfterEvents?
    /// When to look again without an event.
    var retryAt: MonotonicInstant?
    /// Another look has to wait until the recorder has made something durable: for room in the queue, or for
    /// the mirror to show all that was handed over.
    var waitsForRecorder = false
    /// Another look follows when a comparison may begin.
    var waitsForSlot = false
    /// The file cannot be read.
    var isLeftOut = false
    /// What stands between the file and its capture just now.
    var hindrance: Hindrance?
    /// When the last look met that; nil when it did not.
    var hinderedAt: MonotonicInstant?
    /// Since when its writers have left no pause in which it could be captured.
    var restlessSince: MonotonicInstant?
    /// How often it was captured anew after an error of the program, and when last.
    var quarantines = 0
    var lastQuarantine: MonotonicInstant?
    /// Everything committed before this was handed over.
    var capturedThrough: MonotonicInstant?
    /// When single commits may first have been missed, for the gap's start.
    var knownGoodUntil: Instant

    init(
        file: FileID,
        name: FilePath,
        path: FilePath,
        kind: FileKind,
        image: ObservedImage?,
        firstEvent: SnapshotEvent,
        knownGoodUntil: Instant,
        context: CaptureContext
    ) {
        self.file = file
        self.name = name
        self.path = path
        self.kind = kind
        self.image = image
        self.firstEvent = firstEvent
        isNew = image == nil
        isBorn = firstEvent == .created
        self.knownGoodUntil = knownGoodUntil
        self.context = context
        journal = JournalWatch(path.appending(suffix: RootScope.Sidecar.journal.rawValue))
    }

    var logPath: FilePath { path.appending(suffix: RootScope.Sidecar.writeAheadLog.rawValue) }
    var logIndexPath: FilePath { path.appending(suffix: RootScope.Sidecar.sharedMemory.rawValue) }

    /// Nothing is left to do before the next event.
    var isAtRest: Bool {
        scan == nil && !pending.name && !pending.log && !pending.isTouched
            && pending.rescanReason == nil
            && !journal.hasNews && backlog == nil && !isDrainingLater
    }

    /// The name is missing, which was recorded; nothing else is known.
    var isGone: Bool {
        identity == nil && image == nil && missingSince != nil && isAtRest && log == nil && suspendedLog == nil
            && retryAt == nil && watchedFile == nil && !isLeftOut
    }

    /// The root has moved; the file's history goes on.
    func relocate(to place: FilePath) {
        guard place != path else { return }
        if isLeftOut { context.meter.leftOut(path.printable, nil) }
        path = place
        journal.relocate(to: place.appending(suffix: RootScope.Sidecar.journal.rawValue))
        log = nil
        suspendedLog = nil
        nameChanged()
    }

    func put(_ step: CaptureStep) {
        putBacklog()
        context.queue.put(step)
    }

    /// Asks for another look no later than after `delay`.
    func retry(in delay: Duration, from now: MonotonicInstant = .now) {
        let time = now.advanced(by: delay)
        retryAt = retryAt.map { min($0, time) } ?? time
    }

    /// Notes that the file has to be compared as a whole, and why.
    func requireRescan(_ cause: RescanReason, since: Instant? = nil) {
        if pending.rescanReason == nil || pending.rescanReason == .unexplained {
            pending.rescanReason = cause
        }
        if let reason = cause.reason {
            put(.gapSuspected(file, since: since ?? knownGoodUntil, reason: reason))
            context.meter.update { $0.rescans += 1 }
        }
        dropScan()
        // The writer may be done: no event need follow.
        retry(in: .zero)
    }
}
