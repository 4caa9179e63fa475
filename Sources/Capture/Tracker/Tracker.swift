import LinuxSystem
import RepositoryFormat
import RepositoryWriter
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
/// They share the image, the notes, the ledger of commits and the outbox, which the tracker owns and passes.
final class Tracker {
    let file: FileID
    /// Relative to the root.
    let name: FilePath
    let context: CaptureContext
    /// The last state handed to the recorder; nil when there is none, or the file was gone.
    var image: ObservedImage?
    /// Those that it is captured with; nil: none.
    var group: FileGroup?
    var pending = PendingEvents()
    var presence: FilePresence
    var rollback: RollbackCapture
    var logs = LogCapture()
    var scanning = ScanCapture()
    var ledger: CommitLedger
    var outbox: CaptureOutbox
    var schedule = ProcessSchedule()

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
        self.image = image
        self.context = context
        presence = FilePresence(path, kind)
        ledger = CommitLedger(firstEvent: firstEvent, isNew: image == nil, knownGoodUntil: knownGoodUntil)
        rollback = RollbackCapture(
            JournalWatch(path.appending(suffix: RootScope.Sidecar.journal.rawValue))
        )
        outbox = CaptureOutbox(file, context.queue)
    }

    /// Files up to this size are compared by reading them whole into one capture; larger ones are scanned.
    static let wholeBytes: UInt64 = 4 << 20
    /// Why commits may be missed when transactions in rollback mode meet a log.
    static let bothModes = "commits in both journal modes before either was captured"

    var path: FilePath { presence.path }
    var kind: FileKind { presence.kind }
    var journal: JournalWatch { rollback.journal }
    var scan: FileScan? { scanning.scan }
    var report: FileReport { FileReport(path: presence.path, meter: context.meter) }
    var bounds: ImageBounds { ImageBounds(path: presence.path, capturedBytes: image?.shape.byteCount ?? 0) }

    /// Nothing is left to do before the next event.
    var isAtRest: Bool {
        scan == nil && !pending.isWanted && !journal.hasNews && !outbox.hasBacklog && !logs.isDrainingLater
    }

    /// The name is missing, which was recorded; nothing else is known.
    var isGone: Bool {
        presence.isGone && image == nil && isAtRest && logs.isAbsent && schedule.retryAt == nil
            && !presence.obstacles.isLeftOut
    }

    /// The root has moved; the file's history goes on.
    func relocate(to place: FilePath) {
        guard place != path else { return }
        presence.obstacles.relocates(from: report)
        presence.relocate(to: place)
        journal.relocate(to: place.appending(suffix: RootScope.Sidecar.journal.rawValue))
        logs.forget(context)
        nameChanged()
    }

    /// Notes that the file has to be compared as a whole, and why.
    func requireRescan(_ cause: RescanReason, since: Instant? = nil) {
        pending.rescan(cause)
        if let reason = cause.reason {
            outbox.putGap(since: since ?? ledger.knownGoodUntil, reason)
            context.meter.update { $0.rescans += 1 }
        }
        dropScan()
        // The writer may be done: no event need follow.
        schedule.retry(in: .zero)
    }

    /// Commits share a snapshot, and nobody can tell how many: a gap.
    func suspectUncounted() {
        outbox.putGap(since: ledger.knownGoodUntil, "commits that could not be counted one by one")
    }

    /// The commits that no snapshot names yet; what nobody could count of them is a gap.
    func takeMerged() -> MergedCommits {
        if ledger.merged.isUncertain { suspectUncounted() }
        return ledger.takeMerged()
    }

    /// What was in rescanReason has been compared.
    func contentIsCertain() {
        if pending.rescanReason != nil { outbox.put(.gapCleared(file)) }
        pending.rescanReason = nil
        presence.obstacles.end(report)
    }
}
