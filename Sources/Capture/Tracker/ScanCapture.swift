import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// What a scan wants of the tracker.
enum ScanStep: Equatable {
    case done
    case needsEvents
    /// It starts over.
    case restart
    /// Everything is to be compared anew, for that reason.
    case rescan(RescanReason)
    /// An audit ends without a result.
    case dropAudit
}

/// The comparison of a file that goes on, and when the next one is due that only makes sure.
struct ScanCapture {
    private(set) var scan: FileScan?
    var audit = AuditSchedule()

    /// Time that one call spends on a scan.
    static let sliceTime = Duration.milliseconds(1)

    var isAuditing: Bool { scan?.purpose == .audit }

    /// Journals tell what changes meanwhile; a log does so by itself.
    var isWatchingJournals: Bool { scan.map { !$0.isOverLog && $0.purpose != .audit } ?? false }

    /// An audit expects that nothing happens; if something does, it was in vain.
    func isUndisturbed(_ pending: PendingEvents, _ journal: JournalWatch) -> Bool {
        guard let scan else { return true }
        return pending.lastActivity <= scan.began && pending.rescanReason == nil && !pending.isTouched
            && !journal.hasNews && !pending.log
    }
}

// Beginning
extension ScanCapture {
    mutating func begin(
        _ shape: ImageSize,
        file: consuming OpenFile,
        isOverLog: Bool,
        selection: PageBitmap? = nil,
        transactions: Int = 0,
        _ state: inout CaptureState,
        _ journal: JournalWatch
    ) throws {
        let isNew = state.image == nil || state.image?.shape.pageSize != shape.pageSize
        let takesBase = isNew && shape.byteCount > CaptureState.wholeBytes
        let mirror = isNew ? nil : state.context.openMirror(state.file)
        // What a comparison that was given up has handed over counts as well: the mirror shows how long that
        // is.
        let mirrorBytes = try mirror?.status().sizeBytes
        begin(
            FileScan(
                takesBase ? .base : .comparison,
                isOverLog: isOverLog,
                file: file,
                mirror: mirror,
                shape: shape,
                journalEvents: journal.eventsSeen,
                selection: selection,
                transactions: transactions,
                isFreshStart: isNew && !takesBase
            ),
            &state
        )
        if takesBase { state.outbox.put(.beginBase(state.file, shape)) }
        if !isNew, let known = state.image?.shape {
            let mirrored = mirrorBytes.flatMap { ImageSize(pageSize: known.pageSize, byteCount: $0) }
            state.outbox.openSnapshot(mirrored ?? known)
        }
    }

    private mutating func begin(_ scan: FileScan, _ state: inout CaptureState) {
        self.scan = scan
        state.outbox.scanBegins()
    }

    /// Begins to compare a database whose changes go through a log.
    mutating func beginOverLog(
        _ sizeAndHeader: SizeAndHeader,
        _ shape: ImageSize,
        file: consuming OpenFile,
        _ state: inout CaptureState,
        _ journal: JournalWatch
    ) throws {
        try begin(shape, file: file, isOverLog: true, &state, journal)
        scan?.image.header = sizeAndHeader.header
        state.pending.contentCaptured()
        journal.captured()
        state.ledger.allIsCounted()
    }

    /// Begins to compare a large database in rollback mode, or the pages that many journals name.
    mutating func beginQuiescent(
        _ window: QuiescentWindow,
        _ hot: HotJournal?,
        pages: [PageNumber]?,
        transactions: Int?,
        _ state: inout CaptureState,
        _ rollback: inout RollbackCapture
    ) throws {
        let size = window.parsedHeader?.pageSize ?? state.image?.shape.pageSize ?? .plain
        let shape =
            if let hot {
                try state.bounds.shape(hot.pageSize, byteCount: hot.shape.byteCount, allocatedBytes: 0)
            } else {
                try state.bounds.shape(size, window)
            }
        try begin(
            shape,
            file: try OpenFile(state.path, .protected),
            isOverLog: false,
            selection: pages.map(PageBitmap.init),
            transactions: transactions ?? 0,
            &state,
            rollback.journal
        )
        guard let scan else { return }
        scan.image.header = window.parsedHeader
        scan.layOver(hot)
        scan.snapshot.begin(with: state.ledger.merged)
        // The transactions up to here are in what will be read; the chain of counters starts anew.
        state.image = ObservedImage(shape: shape, header: window.parsedHeader)
        state.pending.rescanUnlessWanted(.unexplained)
        rollback.captured(window, &state)
    }

    /// Begins to compare an idle database just to make sure.
    mutating func beginAudit(
        _ image: ObservedImage,
        mirror: consuming OpenFile,
        _ state: inout CaptureState,
        _ journal: JournalWatch,
        hasLog: Bool
    ) throws {
        let scan = FileScan(
            .audit,
            isOverLog: image.usesWAL,
            file: try OpenFile(state.path, .protected),
            mirror: mirror,
            shape: image.shape,
            journalEvents: journal.eventsSeen
        )
        begin(scan, &state)
        scan.firstUnmarked = hasLog ? 0 : nil
        if !image.usesWAL,
            let window = try QuiescentWindow(scan.file, journal: journal, &state.context.scratch),
            window.isHot
        {
            scan.layOver(try HotJournal(journal.path, &state.context.scratch))
        }
    }
}

// Ending
extension ScanCapture {
    /// Whether one went on.
    private mutating func end(_ state: inout CaptureState) -> Bool {
        guard scan.take() != nil else { return false }
        state.outbox.scanEnds()
        let file = state.file
        state.context.meter.update { $0.scans[file] = nil }
        return true
    }

    /// Gives up what goes on; whether something did. `log`: what it was read over.
    mutating func drop(_ log: WALTail?, _ state: inout CaptureState) -> Bool {
        // What was kept back amid the scan belongs to its unfinished snapshot, and must not close it.
        state.outbox.putBacklog()
        if let log, log.overlay.isSearching { log.forget() }
        guard let scan else { return false }
        if scan.purpose == .base { state.outbox.put(.abandonBase(state.file)) }
        if scan.purpose != .audit, !scan.isOverLog, state.kind == .database {
            // A log is counted anew.
            state.ledger.scanGivenUp(scan.snapshot.countGivenUp, through: state.image?.changeCounter)
        }
        // A fresh start that was handed over in part has taken the former image's place.
        if scan.purpose == .base || scan.snapshot.isFreshStart { state.image = nil }
        return end(&state)
    }

    /// Ends an audit that is under way without a result; whether there was one.
    mutating func dropAudit(_ state: inout CaptureState) -> Bool {
        guard isAuditing, end(&state) else { return false }
        audit.disturbed(.now)
        return true
    }

    /// A transaction went by that was not read. A base goes on and is compared with the file in the end; a
    /// mere comparison starts over. Throws `FileTooLong`.
    func interrupt(
        _ window: QuiescentWindow,
        transactions: Int?,
        _ now: MonotonicInstant,
        _ state: inout CaptureState,
        _ rollback: inout RollbackCapture
    ) throws -> ScanStep {
        let header = window.parsedHeader
        guard let scan, scan.purpose == .base, !window.isHot, header?.pageSize == scan.pageSize else {
            return .restart
        }
        let shape = try state.bounds.shape(scan.pageSize, window)
        scan.missTransaction(shape, header, now)
        scan.snapshot.merge(transactions ?? 0)
        state.image = ObservedImage(shape: shape, header: header)
        rollback.captured(window, &state)
        state.schedule.retry(in: .zero, from: now)
        return .done
    }

    /// All pages were looked at and all transactions are in: the image is that of the last one. Whether there
    /// was a scan.
    mutating func finish(_ state: inout CaptureState) -> Bool {
        guard let scan else { return false }
        state.outbox.putBacklog()
        _ = end(&state)
        guard scan.purpose != .audit else {
            audit.done(began: scan.began, ended: .now)
            state.context.meter.update { $0.counters.audits += 1 }
            return true
        }
        let (file, shape, snapshot) = (state.file, scan.image.shape, scan.snapshot)
        state.ledger.scanEnded(snapshot.merged)
        let count = state.takeMerged().count + snapshot.transactions
        let event = state.event(isCommit: snapshot.transactions == 1 && count + snapshot.commitsTaken == 1)
        let rest = snapshot.commitsTaken > 0 ? count : CommitLedger.coalesced(count, event)
        if scan.purpose == .base {
            if rest > 0 { state.outbox.putCount(rest, shape) }
            state.outbox.put(.endBase(file, event: event, time: .now, shape: shape))
        } else {
            if snapshot.needsFreshStart { state.outbox.putPart(PageSet(pageSize: scan.pageSize), of: scan) }
            state.outbox.put(.finish(file, event: event, time: .now, shape: shape, coalesced: rest))
        }
        state.image = ObservedImage(shape: shape, header: scan.image.header)
        state.ledger.hasSnapshot()
        state.contentIsCertain()
        audit.want()
        return true
    }
}
