import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// When a comparison of the whole file begins, and what follows from what it finds.
extension Tracker {
    /// Begins to compare a database whose changes go through a log.
    ///
    /// The newest committed frame of every page in the log is laid over the file: a checkpoint only ever
    /// writes pages that are in the log, so whatever it changes meanwhile is covered.
    func beginLogScan(_ now: MonotonicInstant) throws -> ProcessStep {
        // A file without an image has nothing in its mirror, and each commit until then is merged with
        // others.
        guard state.image == nil || state.mirrorIsCurrent(), hasSlot(.comparison) else { return .done }
        let file = try OpenFile(path, .protected)
        let status = try file.status()
        // Another file has the name: the log is not its own.
        guard status.identity == state.presence.identity else {
            state.pending.nameChanged()
            return .done
        }
        let sizeAndHeader = try SizeAndHeader(file, &context.scratch)
        let logged = try logs.tail?.reader.pageSize(unless: sizeAndHeader.header?.pageSize, &context.scratch)
        guard let pageSize = logged ?? sizeAndHeader.header?.pageSize else { return captureQuiescent() }
        let shape = try state.bounds.shape(
            pageSize,
            byteCount: sizeAndHeader.sizeBytes,
            allocatedBytes: status.allocatedBytes
        )
        try scanning.beginOverLog(sizeAndHeader, shape, file: file, &state, journal)
        do {
            // What is not in the log any more, but was checkpointed just before, may have changed the file's
            // length.
            if try scanning.overlay(logs.tail, &state) == .restart { return perform(.restart, .now) }
            guard let scan, try SizeAndHeader(scan.file, &context.scratch) != sizeAndHeader else {
                return .done
            }
        } catch {
            // Begun in part it would go on without what is missing.
            dropScan()
            throw error
        }
        return perform(.restart, now)
    }

    /// Begins to compare a large database in rollback mode, or the pages that many journals name.
    func beginQuiescentScan(
        _ window: QuiescentWindow,
        _ hot: HotJournal?,
        pages: [PageNumber]?,
        transactions: Int?
    ) throws {
        guard state.mirrorIsCurrent(), hasSlot(.comparison) else { return }
        try scanning.beginQuiescent(
            window,
            hot,
            pages: pages,
            transactions: transactions,
            &state,
            &rollback
        )
    }

    /// Compares an idle database just to make sure.
    func startAuditIfDue(_ now: MonotonicInstant) throws -> ProcessStep {
        guard let due = scanning.audit.due(after: state.pending.lastActivity), due <= now,
            let image = state.image
        else { return .done }
        guard state.mirrorIsCurrent(), hasSlot(.audit) else { return .done }
        if image.usesWAL { try reopenLog() }
        guard state.pending.rescanReason == nil else { return .done }
        guard let mirror = context.openMirror(file) else {
            scanning.audit.disturbed(now)
            return .done
        }
        do {
            let hasLog = logs.tail != nil
            try scanning.beginAudit(image, mirror: mirror, &state, journal, hasLog: hasLog)
        } catch {
            // Begun in part it would find differences that are none.
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

// Going on
extension Tracker {
    func stepScan(_ now: MonotonicInstant) throws -> ProcessStep {
        if scanning.isAuditing, !scanning.isUndisturbed(state.pending, journal) {
            return perform(.dropAudit, now)
        }
        let deadline = MonotonicInstant.now.advanced(by: ScanCapture.sliceTime)
        return perform(try scanning.step(until: deadline, &state, journal, logs.tail), .now)
    }

    func proveChunk(_ read: ChunkRead) throws -> ProcessStep {
        perform(try scanning.prove(read, &state, journal, logs.tail), .now)
    }

    /// Does what the scan wants.
    func perform(_ step: ScanStep, _ now: MonotonicInstant) -> ProcessStep {
        switch step {
        case .done: break
        case .needsEvents: return .needsEvents
        case .restart: restartScan(now)
        case .rescan(let reason): requireRescan(reason)
        case .dropAudit: dropAudit()
        }
        return .done
    }
}

// Ending
extension Tracker {
    func dropScan() {
        if scanning.drop(logs.tail, &state) { releaseSlot() }
    }

    /// Ends an audit that is under way without a result.
    func dropAudit() {
        if scanning.dropAudit(&state) { releaseSlot() }
    }

    /// Something happened that the scan's rules do not cover: it starts over, later the longer it took.
    /// `writer`: the other file of its group that was written meanwhile.
    func restartScan(_ now: MonotonicInstant, writer: FilePath? = nil) {
        let spent = scan?.began.duration(to: now) ?? .zero
        dropScan()
        state.missPause(of: writer, now)
        state.pending.rescanUnlessWanted(.unexplained)
        state.schedule.retry(in: max(.milliseconds(1), spent), from: now)
    }

    func finishScan() {
        if scanning.finish(&state) { releaseSlot() }
    }

    /// All pages were looked at, and the events were read that came before that.
    func endScan(_ now: MonotonicInstant) throws -> ProcessStep {
        guard let scan else { return .done }
        if scan.purpose == .audit {
            if scanning.isUndisturbed(state.pending, journal) { finishScan() } else { dropAudit() }
            return .done
        }
        if kind == .plain {
            try endPlainScan(scan, now)
            return .done
        }
        if scan.pass.needsAnother {
            if let rest = scan.pass.restsUntil, rest > now {
                return state.retry(in: now.duration(to: rest), from: now)
            }
            guard state.mirrorIsCurrent() else { return .done }
            scan.beginPass(context.openMirror(file))
            return state.retry(in: .zero)
        }
        if !scan.isOverLog { return captureQuiescent() }
        // Transactions in rollback mode have written, or may be writing, what was read.
        guard journal.eventsSeen == scan.journalEvents,
            try !journal.isWriting(scan.file, &context.scratch)
        else { return perform(.restart, now) }
        try processLog(now)
        if !state.pending.log, self.scan != nil { finishScan() }
        return .done
    }
}
