import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// How a comparison of the whole file begins.
extension Tracker {
    /// Begins to compare a database whose changes go through a log.
    ///
    /// The newest committed frame of every page in the log is laid over the file: a checkpoint only ever
    /// writes pages that are in the log, so whatever it changes meanwhile is covered.
    func beginLogScan(_ now: MonotonicInstant) throws -> ProcessStep {
        // A file without an image has nothing in its mirror, and each commit until then is merged with
        // others.
        guard state.image == nil || state.mirrorIsCurrent(), hasSlot(.comparison) else { return .done }
        let file = try OpenFile(path, .look)
        let outline = try FileOutline(file, &context.scratch)
        let logged = try logs.tail?.pageSize(unless: outline.header?.pageSize, &context.scratch)
        guard let pageSize = logged ?? outline.header?.pageSize else { return try captureQuiescent(now) }
        let allocated = try file.status().allocatedBytes
        let shape = try state.bounds.shape(pageSize, byteCount: outline.sizeBytes, allocatedBytes: allocated)
        try begin(shape, file: file, isOverLog: true, selection: nil, transactions: nil)
        guard let scan else { return .done }
        scan.header = outline.header
        scan.learn(shape)
        state.pending.contentCaptured()
        journal.captured()
        state.ledger.allIsCounted()
        do {
            try overlayLog(scan)
            // What is not in the log any more, but was checkpointed just before, may have changed the file's
            // length.
            guard self.scan != nil, try FileOutline(scan.file, &context.scratch) != outline else {
                return .done
            }
        } catch {
            // Begun in part it would go on without what is missing.
            dropScan()
            throw error
        }
        restartScan(now)
        return .done
    }

    /// Begins to compare a large database in rollback mode, or the pages that many journals name.
    func beginQuiescentScan(
        _ window: QuiescentWindow,
        _ hot: HotJournal?,
        pages: [PageNumber]?,
        transactions: Int?
    ) throws {
        guard state.mirrorIsCurrent(), hasSlot(.comparison) else { return }
        let size = window.parsedHeader?.pageSize ?? state.image?.shape.pageSize ?? .plain
        let shape =
            if let hot {
                try state.bounds.shape(hot.pageSize, byteCount: hot.shape.byteCount, allocatedBytes: 0)
            } else {
                try state.bounds.shape(size, window)
            }
        try begin(
            shape,
            file: try OpenFile(path, .look),
            isOverLog: false,
            selection: pages.map(PageBitmap.init),
            transactions: transactions
        )
        guard let scan else { return }
        scan.header = window.parsedHeader
        scan.learn(shape)
        scan.layOver(hot)
        scan.merged = state.ledger.merged
        // The transactions up to here are in what will be read; the chain of counters starts anew.
        state.image = ObservedImage(shape: shape, header: scan.header)
        state.pending.rescanUnlessWanted(.unexplained)
        allIsCounted(window)
    }

    func begin(
        _ shape: ImageSize,
        file: consuming OpenFile,
        isOverLog: Bool,
        selection: PageBitmap?,
        transactions: Int?
    ) throws {
        let isNew = state.image == nil || state.image?.shape.pageSize != shape.pageSize
        let takesBase = isNew && shape.byteCount > Self.wholeBytes
        let mirror = isNew ? nil : context.openMirror(self.file)
        // What a comparison that was given up has handed over counts as well: the mirror shows how long that
        // is.
        let mirrorBytes = try mirror?.status().sizeBytes
        begin(
            FileScan(
                takesBase ? .base : .comparison,
                isOverLog: isOverLog,
                file: file,
                mirror: mirror,
                pageSize: shape.pageSize,
                pageCount: shape.pageCount,
                journalEvents: journal.eventsSeen,
                selection: selection,
                transactions: transactions,
                isFreshStart: isNew && !takesBase
            )
        )
        if takesBase { state.outbox.put(.beginBase(self.file, shape)) }
        if !isNew, let known = state.image?.shape {
            let mirrored = mirrorBytes.flatMap { ImageSize(pageSize: known.pageSize, byteCount: $0) }
            state.outbox.openSnapshot(mirrored ?? known)
        }
    }

    private func begin(_ scan: FileScan) {
        scanning.begin(scan)
        state.outbox.scanBegins()
    }

    /// Compares an idle database just to make sure.
    func startAuditIfDue(_ now: MonotonicInstant) throws -> ProcessStep {
        guard let due = scanning.audit.due(after: state.pending.lastActivity), due <= now,
            let image = state.image
        else {
            return .done
        }
        guard state.mirrorIsCurrent(), hasSlot(.audit) else { return .done }
        if image.usesWAL { try reopenLog() }
        guard state.pending.rescanReason == nil else { return .done }
        guard let mirror = context.openMirror(file) else {
            scanning.audit.disturbed(now)
            return .done
        }
        let scan = FileScan(
            .audit,
            isOverLog: image.usesWAL,
            file: try OpenFile(path, .look),
            mirror: mirror,
            pageSize: image.shape.pageSize,
            pageCount: image.shape.pageCount,
            journalEvents: journal.eventsSeen
        )
        begin(scan)
        scan.firstUnmarked = logs.tail == nil ? nil : 0
        do {
            if !image.usesWAL,
                let window = try QuiescentWindow(scan.file, journal: journal, &context.scratch),
                window.isHot
            {
                scan.layOver(try HotJournal(journal.path, &context.scratch))
            }
        } catch {
            // Without these pages it would find differences that are none.
            dropAudit()
            throw error
        }
        // A small file is done at once, so that not thousands are open when all are idle at the same time.
        return try stepScan(now)
    }

    /// Whether a comparison may begin now; if not, another call follows when it may.
    func hasSlot(_ purpose: FileScan.Purpose) -> Bool {
        let mayBegin =
            purpose == .audit ? context.auditSlots.acquire(self) : context.scanSlots.acquire(self)
        if !mayBegin { state.schedule.waitForSlot() }
        return mayBegin
    }

    /// No comparison is under way.
    func releaseSlot() {
        context.scanSlots.release(self)
        context.auditSlots.release(self)
    }
}
