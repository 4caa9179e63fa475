import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// The order of work on one protected file. Confined to the observer's thread.
///
/// Events only leave notes (`Tracker+Events`); `process` acts on them in a fixed order (`Tracker+Process`).
/// What is known is kept by values that decide, and that know nothing of the tracker:
/// 1. `FilePresence`: where the file is, and what stands between it and its capture;
/// 2. `RollbackCapture`: what transactions in rollback mode have done;
/// 3. `LogCapture`: the write-ahead log;
/// 4. `ScanCapture`: a comparison of the whole file.
///
/// They share a `CaptureState`, which the tracker owns and passes.
final class Tracker {
    let file: FileID
    /// Relative to the root.
    let name: FilePath
    let context: CaptureContext
    var state: CaptureState
    var rollback: RollbackCapture
    var logs = LogCapture()
    var scanning = ScanCapture()
    /// The file's size when it was found, until it was captured once.
    var uncapturedBytes: UInt64?
    /// Those that it is captured with; nil: none.
    var group: FileGroup?

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
        self.context = context
        state = CaptureState(
            file: file,
            name: name,
            context: context,
            image: image,
            presence: FilePresence(path, kind),
            ledger: CommitLedger(
                firstEvent: firstEvent,
                isNew: image == nil,
                knownGoodUntil: knownGoodUntil
            ),
            outbox: CaptureOutbox(file, context.queue)
        )
        rollback = RollbackCapture(
            JournalWatch(path.appending(suffix: Sidecar.journal.rawValue))
        )
    }

    /// Why commits may be missed when transactions in rollback mode meet a log.
    static let bothModes = "commits in both journal modes before either was captured"

    var path: FilePath { state.path }
    var kind: FileKind { state.kind }
    var journal: JournalWatch { rollback.journal }
    var scan: FileScan? { scanning.scan }

    /// Nothing is left to do before the next event.
    var isAtRest: Bool { scan == nil && isCaughtUp }

    /// All that was committed was handed over. An audit looks only for what nobody has noticed.
    var isCaughtUp: Bool {
        (scan == nil || scanning.isAuditing) && !state.pending.isWanted && !journal.hasNews
            && !state.outbox.hasBacklog && !logs.isDrainingLater
    }

    /// The name is missing, which was recorded; nothing else is known.
    var isGone: Bool {
        state.presence.isGone && state.image == nil && isAtRest && logs.isAbsent
            && state.schedule.retryAt == nil
            && !state.presence.obstacles.isLeftOut
    }

    /// The root has moved; the file's history goes on.
    func relocate(to place: FilePath) {
        guard place != path else { return }
        state.presence.obstacles.relocates(from: state.report)
        state.presence.relocate(to: place)
        journal.relocate(to: place.appending(suffix: Sidecar.journal.rawValue))
        logs.forget(context)
        state.pending.nameChanged()
    }

    /// Notes that the file has to be compared as a whole, and why.
    func requireRescan(_ cause: RescanReason, since: Instant? = nil) {
        state.pending.rescan(cause)
        if let reason = cause.reason {
            state.outbox.putGap(since: since ?? state.ledger.knownGoodUntil, reason)
            context.meter.update { $0.counters.rescans += 1 }
        }
        dropScan()
        // The writer may be done: no event need follow.
        state.schedule.retry(in: .zero)
    }
}
