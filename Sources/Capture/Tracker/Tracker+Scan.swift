import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

// Beginning
extension Tracker {
    /// Begins to compare a database whose changes go through a log.
    ///
    /// The newest committed frame of every page in the log is laid over the file: a checkpoint only ever
    /// writes pages that are in the log, so whatever it changes meanwhile is covered.
    func beginLogScan(_ now: MonotonicInstant) throws -> ProcessStep {
        // A file without an image has nothing in its mirror, and each commit until then is merged with
        // others.
        guard image == nil || mirrorIsCurrent(), hasSlot(.comparison) else { return .done }
        let file = try OpenFile(path, .look)
        let outline = try outline(of: file)
        let logged = try pageSizeOfLog(unless: outline.header?.pageSize)
        guard let pageSize = logged ?? outline.header?.pageSize else { return try captureQuiescent(now) }
        let allocated = try file.status().allocatedBytes
        let shape = try imageShape(pageSize, byteCount: outline.sizeBytes, allocatedBytes: allocated)
        try begin(shape, file: file, isOverLog: true, selection: nil, transactions: nil)
        guard let scan else { return .done }
        scan.header = outline.header
        scan.learn(shape)
        pending.contentCaptured()
        journal.captured()
        countedThrough = nil
        do {
            try overlayLog(scan)
            // What is not in the log any more, but was checkpointed just before, may have changed the file's
            // length.
            guard self.scan != nil, try self.outline(of: scan.file) != outline else { return .done }
        } catch {
            // Begun in part it would go on without what is missing.
            dropScan()
            throw error
        }
        restartScan(now)
        return .done
    }

    /// The log's page size where it decides: SQLite reads through the log, so commits in it count whatever
    /// the file's own header says.
    private func pageSizeOfLog(unless known: PageSize?) throws -> PageSize? {
        guard let log, let header = try log.readHeader(&context.scratch), header.pageSize != known else {
            return nil
        }
        let isDecisive = try known == nil || log.hasCommit(under: header, &context.scratch)
        return isDecisive ? header.pageSize : nil
    }

    /// How long the file is, and what it says of itself.
    private struct Outline: Equatable {
        let sizeBytes: UInt64
        let header: DatabaseHeader?
    }

    private func outline(of file: borrowing OpenFile) throws -> Outline {
        let size = try file.status().sizeBytes
        let got = try file.read(into: &context.scratch, count: DatabaseLayout.headerBytes, at: 0)
        return Outline(sizeBytes: size, header: DatabaseHeader(front: context.scratch, got))
    }

    /// Begins to compare a large database in rollback mode, or the pages that many journals name.
    func beginQuiescentScan(
        _ window: QuiescentWindow,
        _ hot: HotJournal?,
        pages: [PageNumber]?,
        transactions: Int?,
        _ now: MonotonicInstant
    ) throws {
        guard mirrorIsCurrent(), hasSlot(.comparison) else { return }
        let size = window.parsedHeader?.pageSize ?? image?.shape.pageSize ?? .plain
        let shape =
            if let hot {
                try imageShape(hot.pageSize, byteCount: hot.shape.byteCount, allocatedBytes: 0)
            } else {
                try imageShape(size, window)
            }
        var selection: PageBitmap?
        if let pages {
            selection = PageBitmap()
            for page in pages { selection?.insert(page) }
        }
        try begin(
            shape,
            file: try OpenFile(path, .look),
            isOverLog: false,
            selection: selection,
            transactions: transactions
        )
        guard let scan else { return }
        scan.header = window.parsedHeader
        scan.learn(shape)
        scan.layOver(hot)
        scan.merged = merged
        // The transactions up to here are in what will be read; the chain of counters starts anew.
        image = ObservedImage(shape: shape, header: scan.header)
        if pending.rescanReason == nil { pending.rescanReason = .unexplained }
        allIsCounted(window)
    }

    func begin(
        _ shape: ImageSize,
        file: consuming OpenFile,
        isOverLog: Bool,
        selection: PageBitmap?,
        transactions: Int?
    ) throws {
        let isNew = image == nil || image?.shape.pageSize != shape.pageSize
        let takesBase = isNew && shape.byteCount > Self.wholeBytes
        let mirror = isNew ? nil : context.openMirror(self.file)
        // What a comparison that was given up has handed over counts as well: the mirror shows how long that
        // is.
        let mirrorBytes = try mirror?.status().sizeBytes
        scan = FileScan(
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
        if takesBase { put(.beginBase(self.file, shape)) }
        if !isNew, let known = image?.shape {
            openSnapshot(
                mirrorBytes.flatMap { ImageSize(pageSize: known.pageSize, byteCount: $0) } ?? known
            )
        }
    }

    /// From here to the scan's end all belongs to one snapshot: a commit that comes before the first page
    /// that differs was found is no state by itself. `known`: the outline of what was handed over so far,
    /// which must not be cut: the scan has its mirror open already.
    private func openSnapshot(_ known: ImageSize) {
        let nothing = PageSet(pageSize: known.pageSize)
        put(
            .changes(
                Changes(file: file, time: .now, event: .scan, shape: known, pages: nothing, isFinal: false)
            )
        )
    }

    /// Whether the mirror shows all that was handed over; if not, another look follows when it does.
    private func mirrorIsCurrent() -> Bool {
        if context.queue.isSettled(file) { return true }
        waitsForRecorder = true
        return false
    }

    /// Compares an idle database just to make sure.
    func startAuditIfDue(_ now: MonotonicInstant) throws -> ProcessStep {
        guard let due = audit.due(after: lastActivity), due <= now, let image else { return .done }
        guard mirrorIsCurrent(), hasSlot(.audit) else { return .done }
        if image.usesWAL { try reopenLog() }
        guard pending.rescanReason == nil else { return .done }
        guard let mirror = context.openMirror(file) else {
            audit.disturbed(now)
            return .done
        }
        scan = FileScan(
            .audit,
            isOverLog: image.usesWAL,
            file: try OpenFile(path, .look),
            mirror: mirror,
            pageSize: image.shape.pageSize,
            pageCount: image.shape.pageCount,
            journalEvents: journal.eventsSeen
        )
        scan?.firstUnmarked = log == nil ? nil : 0
        do {
            if !image.usesWAL,
                let window = try QuiescentWindow(scan!.file, journal: journal, &context.scratch),
                window.isHot
            {
                scan?.layOver(try HotJournal(journal.path, &context.scratch))
            }
        } catch {
            // Without these pages it would find differences that are none.
            dropAudit()
            throw error
        }
        // A small file is done at once, so that not thousands are open when all are idle at the same time.
        return try stepScan(now)
    }
}

// Ending
extension Tracker {
    func dropScan() {
        // What was kept back amid the scan belongs to its unfinished snapshot, and must not close it.
        putBacklog()
        if log?.beginning != nil { log?.forget() }
        if scan?.purpose == .base { put(.abandonBase(file)) }
        if let scan, scan.purpose != .audit, !scan.isOverLog, kind == .database { keepCount(of: scan) }
        // A fresh start that was handed over in part has taken the former image's place.
        if let scan, scan.purpose == .base || scan.isFreshStart { image = nil }
        scan = nil
    }

    /// What a comparison has counted counts for the next one. A log is counted anew.
    private func keepCount(of scan: FileScan) {
        merged = scan.merged
        merged.add(scan.transactions ?? 0)
        // An unfinished snapshot stays open, and so does its count; a base image does not.
        if scan.purpose == .base { merged.add(scan.commitsTaken) }
        countedThrough = image?.changeCounter
    }

    /// Something happened that the scan's rules do not cover: it starts over, later the longer it took.
    /// `writer`: the file of its group that was written meanwhile.
    func restartScan(_ now: MonotonicInstant, writer: Tracker? = nil) {
        let spent = scan?.began.duration(to: now) ?? .zero
        dropScan()
        missPause(of: writer, now)
        if pending.rescanReason == nil { pending.rescanReason = .unexplained }
        retry(in: max(.milliseconds(1), spent), from: now)
    }

    /// A transaction went by unseen amid a scan. A base goes on and is compared with the file in the end; a
    /// mere comparison starts over.
    func interruptScan(_ window: QuiescentWindow, transactions: Int?, _ now: MonotonicInstant) {
        let header = window.parsedHeader
        guard let scan, scan.purpose == .base, !window.isHot, header?.pageSize == scan.pageSize,
            let shape = ImageSize(pageSize: scan.pageSize, byteCount: window.sizeBytes)
        else { return restartScan(now) }
        scan.breakChain(shape, now)
        scan.merged.add(transactions ?? 0)
        scan.header = header
        image = ObservedImage(shape: shape, header: header)
        allIsCounted(window)
        retry(in: .zero, from: now)
    }

    /// All pages were looked at and all transactions are in: the image is that of the last one.
    func finishScan() {
        guard let scan else { return }
        putBacklog()
        self.scan = nil
        guard scan.purpose != .audit else {
            audit.done(began: scan.began, ended: .now)
            context.meter.update { $0.audits += 1 }
            return
        }
        let shape = scan.shape ?? ImageSize(pageSize: scan.pageSize, pageCount: scan.pageCount)
        merged = scan.merged
        let count = takeMerged().count + (scan.transactions ?? 0)
        let event = endEvent(scan, count + scan.commitsTaken)
        let rest = scan.commitsTaken > 0 ? count : coalesced(count, event)
        if scan.purpose == .base {
            if rest > 0 { putCount(rest, shape) }
            put(.endBase(file, event: event, time: .now, shape: shape))
        } else {
            if scan.needsFreshStart { emit(PageSet(pageSize: scan.pageSize), scan) }
            put(.finish(file, event: event, time: .now, shape: shape, coalesced: rest))
        }
        image = ObservedImage(shape: shape, header: scan.header)
        isNew = false
        contentIsCertain()
        audit.want()
    }

    /// Commits that are in the unfinished snapshot already.
    private func putCount(_ count: Int, _ shape: ImageSize) {
        let nothing = PageSet(pageSize: shape.pageSize)
        put(
            .changes(
                Changes(file: file, time: .now, event: .scan, coalesced: count, shape: shape, pages: nothing)
            )
        )
    }

    private func endEvent(_ scan: FileScan, _ commits: Int) -> SnapshotEvent {
        if isNew { return firstEvent }
        if pending.rescanReason == .replaced { return .replaced }
        return scan.transactions == 1 && commits == 1 ? .commit : .scan
    }
}

// Going on
extension Tracker {
    /// Time that one look spends on a scan.
    private static let sliceTime = Duration.milliseconds(1)

    func stepScan(_ now: MonotonicInstant) throws -> ProcessStep {
        guard let scan else { return .done }
        if scan.purpose == .audit, !isUndisturbed(scan) {
            dropAudit()
            return .done
        }
        return try stepScan(until: .now.advanced(by: Self.sliceTime))
    }

    /// Goes on until the time is over, once at least.
    func stepScan(until deadline: MonotonicInstant) throws -> ProcessStep {
        repeat {
            guard let scan else { return .done }
            guard context.queue.hasRoomForScan else {
                waitsForRecorder = true
                return .done
            }
            if scan.isOverLog, let log, log.isOverlaying {
                try collectFromLog(scan, log)
                continue
            }
            if let first = scan.firstUnmarked, let log {
                scan.firstUnmarked = try scan.cover { covered in
                    try log.markConsumed(from: first, in: &covered, &context.scratch)
                }
                continue
            }
            if scan.isComplete { return readEvents(before: .endScan) }
            switch try takeSlice(scan, deadline) {
            case .done: break
            case .ended: return .done
            case .needsEvents: return .needsEvents
            }
        } while MonotonicInstant.now < deadline
        if scan != nil { retry(in: .zero) }
        return .done
    }

    func tellProgress(_ scan: FileScan) {
        let progress = ScanProgress(scan, of: path)
        context.meter.update { $0.scans[file] = progress }
    }

    /// Ends an audit that is under way without a result.
    func dropAudit() {
        guard scan?.purpose == .audit else { return }
        scan = nil
        audit.disturbed(.now)
    }

    /// An audit expects that nothing happens; if something does, it was in vain.
    private func isUndisturbed(_ scan: FileScan) -> Bool {
        lastActivity <= scan.began && pending.rescanReason == nil && !pending.isTouched
            && !journal.hasNews
            && !pending.log
    }

    func endScan(_ now: MonotonicInstant) throws -> ProcessStep {
        guard let scan else { return .done }
        switch scan.purpose {
        case .audit:
            if isUndisturbed(scan) { finishScan() } else { dropAudit() }
        case .base, .comparison:
            if kind == .plain {
                try endPlainScan(scan, now)
                return .done
            }
            if scan.needsAnotherPass {
                if let rest = scan.restsUntil, rest > now {
                    retry(in: now.duration(to: rest), from: now)
                    return .done
                }
                guard mirrorIsCurrent() else { return .done }
                scan.beginPass(context.openMirror(file))
                retry(in: .zero)
                return .done
            }
            if !scan.isOverLog { return try captureQuiescent(now) }
            // Transactions in rollback mode have written, or may be writing, what was read.
            guard try journal.eventsSeen == scan.journalEvents && !isWrittenInRollbackMode(scan) else {
                restartScan(now)
                return .done
            }
            try processLog(now)
            if !pending.log, self.scan != nil { finishScan() }
        }
        return .done
    }

    /// Whether a transaction in rollback mode may be writing the file. A dead writer's journal writes
    /// nothing.
    private func isWrittenInRollbackMode(_ scan: FileScan) throws(SystemError) -> Bool {
        guard try journal.state(&context.scratch) == .live else { return false }
        return try QuiescentWindow(scan.file, journal: journal, &context.scratch)?.isHot != true
    }
}
