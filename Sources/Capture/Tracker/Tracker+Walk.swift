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
    func beginLogWalk(_ now: MonotonicInstant) throws {
        // A file without an image has nothing in its mirror, and each commit until then is merged with
        // others.
        guard image == nil || mirrorIsCurrent(), hasTurn(.comparison) else { return }
        let file = try OpenFile(path, .look)
        let outline = try outline(of: file)
        let logged = try pageSizeOfLog(unless: outline.header?.pageSize)
        guard let pageSize = logged ?? outline.header?.pageSize else { return try captureCalm(now) }
        let allocated = try file.status().allocatedBytes
        let shape = try imageShape(pageSize, byteCount: outline.sizeBytes, allocatedBytes: allocated)
        try begin(shape, file: file, isOverLog: true, selection: nil, transactions: nil)
        guard let walk else { return }
        walk.header = outline.header
        walk.learn(shape)
        attention.contentCaptured()
        journal.captured()
        countedThrough = nil
        do {
            try overlayLog(walk)
            // What is not in the log any more, but was checkpointed just before, may have changed the file's
            // length.
            guard self.walk === walk, try self.outline(of: walk.file) != outline else { return }
        } catch {
            // Begun in part it would go on without what is missing.
            dropWalk()
            throw error
        }
        restartWalk(now)
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
    func beginCalmWalk(
        _ window: CalmWindow,
        _ hot: HotJournal?,
        pages: [PageNumber]?,
        transactions: Int?,
        _ now: MonotonicInstant
    ) throws {
        guard mirrorIsCurrent(), hasTurn(.comparison) else { return }
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
        guard let walk else { return }
        walk.header = window.parsedHeader
        walk.learn(shape)
        walk.layOver(hot)
        walk.merged = merged
        // The transactions up to here are in what will be read; the chain of counters starts anew.
        image = ObservedImage(shape: shape, header: walk.header)
        if attention.doubt == nil { attention.doubt = .unexplained }
        allIsCounted(window)
    }

    func begin(
        _ shape: ImageShape,
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
        walk = Walk(
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
                mirrorBytes.flatMap { ImageShape(pageSize: known.pageSize, byteCount: $0) } ?? known
            )
        }
    }

    /// From here to the walk's end all belongs to one snapshot: a commit that comes before the first page
    /// that differs was found is no state by itself. `known`: the outline of what was handed over so far,
    /// which must not be cut: the walk has its mirror open already.
    private func openSnapshot(_ known: ImageShape) {
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
    func startAuditIfDue(_ now: MonotonicInstant) throws {
        guard let due = audit.due(after: lastActivity), due <= now, let image else { return }
        guard mirrorIsCurrent(), hasTurn(.audit) else { return }
        if image.usesWAL { try reopenLog() }
        guard attention.doubt == nil else { return }
        guard let mirror = context.openMirror(file) else { return audit.disturbed(now) }
        walk = Walk(
            .audit,
            isOverLog: image.usesWAL,
            file: try OpenFile(path, .look),
            mirror: mirror,
            pageSize: image.shape.pageSize,
            pageCount: image.shape.pageCount,
            journalEvents: journal.eventsSeen
        )
        walk?.firstUnmarked = log == nil ? nil : 0
        do {
            if !image.usesWAL, let window = try CalmWindow(walk!.file, journal: journal, &context.scratch),
                window.isHot
            {
                walk?.layOver(try HotJournal(journal.path, &context.scratch))
            }
        } catch {
            // Without these pages it would find differences that are none.
            dropAudit()
            throw error
        }
        // A small file is done at once, so that not thousands are open when all are idle at the same time.
        try stepWalk(now)
    }
}

// Ending
extension Tracker {
    func dropWalk() {
        // What was kept back amid the walk belongs to its unfinished snapshot, and must not close it.
        putBacklog()
        if log?.beginning != nil { log?.forget() }
        if walk?.purpose == .base { put(.abandonBase(file)) }
        if let walk, walk.purpose != .audit, !walk.isOverLog, kind == .database { keepCount(of: walk) }
        // A fresh start that was handed over in part has taken the former image's place.
        if let walk, walk.purpose == .base || walk.isFreshStart { image = nil }
        walk = nil
    }

    /// What a comparison has counted counts for the next one. A log is counted anew.
    private func keepCount(of walk: Walk) {
        merged = walk.merged
        merged.add(walk.transactions ?? 0)
        // An unfinished snapshot stays open, and so does its count; a base image does not.
        if walk.purpose == .base { merged.add(walk.commitsTaken) }
        countedThrough = image?.changeCounter
    }

    /// Something happened that the walk's rules do not cover: it starts over, later the longer it took.
    /// `writer`: the file of its group that was written meanwhile.
    func restartWalk(_ now: MonotonicInstant, writer: Tracker? = nil) {
        let spent = walk?.began.duration(to: now) ?? .zero
        dropWalk()
        missPause(of: writer, now)
        if attention.doubt == nil { attention.doubt = .unexplained }
        retry(in: max(.milliseconds(1), spent), from: now)
    }

    /// A transaction went by unseen amid a walk. A base goes on and is compared with the file in the end; a
    /// mere comparison starts over.
    func breakWalk(_ window: CalmWindow, transactions: Int?, _ now: MonotonicInstant) {
        let header = window.parsedHeader
        guard let walk, walk.purpose == .base, !window.isHot, header?.pageSize == walk.pageSize,
            let shape = ImageShape(pageSize: walk.pageSize, byteCount: window.sizeBytes)
        else { return restartWalk(now) }
        walk.breakChain(shape, now)
        walk.merged.add(transactions ?? 0)
        walk.header = header
        image = ObservedImage(shape: shape, header: header)
        allIsCounted(window)
        retry(in: .zero, from: now)
    }

    /// All pages were looked at and all transactions are in: the image is that of the last one.
    func finishWalk() {
        guard let walk else { return }
        putBacklog()
        self.walk = nil
        guard walk.purpose != .audit else {
            audit.done(began: walk.began, ended: .now)
            context.meter.update { $0.audits += 1 }
            return
        }
        let shape = walk.shape ?? ImageShape(pageSize: walk.pageSize, pageCount: walk.pageCount)
        merged = walk.merged
        let count = takeMerged().count + (walk.transactions ?? 0)
        let event = endEvent(walk, count + walk.commitsTaken)
        let rest = walk.commitsTaken > 0 ? count : coalesced(count, event)
        if walk.purpose == .base {
            if rest > 0 { putCount(rest, shape) }
            put(.endBase(file, event: event, time: .now, shape: shape))
        } else {
            if walk.needsFreshStart { emit(PageSet(pageSize: walk.pageSize), walk) }
            put(.finish(file, event: event, time: .now, shape: shape, coalesced: rest))
        }
        image = ObservedImage(shape: shape, header: walk.header)
        isNew = false
        contentIsCertain()
        audit.want()
    }

    /// Commits that are in the unfinished snapshot already.
    private func putCount(_ count: Int, _ shape: ImageShape) {
        let nothing = PageSet(pageSize: shape.pageSize)
        put(
            .changes(
                Changes(file: file, time: .now, event: .scan, coalesced: count, shape: shape, pages: nothing)
            )
        )
    }

    private func endEvent(_ walk: Walk, _ commits: Int) -> SnapshotEvent {
        if isNew { return firstEvent }
        if attention.doubt == .replaced { return .replaced }
        return walk.transactions == 1 && commits == 1 ? .commit : .scan
    }
}

// Going on
extension Tracker {
    /// Time that one look spends on a walk.
    private static let sliceTime = Duration.milliseconds(1)

    func stepWalk(_ now: MonotonicInstant) throws {
        guard let walk else { return }
        if walk.purpose == .audit, !isUndisturbed(walk) { return dropAudit() }
        defer { if self.walk === walk { tellProgress(walk) } }
        let deadline = MonotonicInstant.now.advanced(by: Self.sliceTime)
        repeat {
            guard context.queue.hasRoomForWalk else {
                waitsForRecorder = true
                return
            }
            if walk.isOverLog, let log, log.isOverlaying {
                try collectFromLog(walk, log)
                continue
            }
            if let first = walk.firstUnmarked, let log {
                walk.firstUnmarked = try walk.cover { covered in
                    try log.markConsumed(from: first, in: &covered, &context.scratch)
                }
                continue
            }
            if walk.isComplete { return try endWalk(walk, now) }
            guard try takeSlice(walk) else { return }
        } while MonotonicInstant.now < deadline && self.walk === walk
        if self.walk === walk { retry(in: .zero) }
    }

    private func tellProgress(_ walk: Walk) {
        let progress = WalkProgress(walk, of: path)
        context.meter.update { $0.walks[file] = progress }
    }

    /// Ends an audit that is under way without a result.
    func dropAudit() {
        guard walk?.purpose == .audit else { return }
        walk = nil
        audit.disturbed(.now)
    }

    /// An audit expects that nothing happens; if something does, it was in vain.
    private func isUndisturbed(_ walk: Walk) -> Bool {
        lastActivity <= walk.began && attention.doubt == nil && !attention.isTouched && !journal.hasNews
            && !attention.log
    }

    private func endWalk(_ walk: Walk, _ now: MonotonicInstant) throws {
        context.drainEvents()
        guard self.walk === walk else { return }
        switch walk.purpose {
        case .audit:
            if isUndisturbed(walk) { finishWalk() } else { dropAudit() }
        case .base, .comparison:
            if kind == .plain { return try endPlainWalk(walk, now) }
            if walk.needsAnotherPass {
                if let rest = walk.restsUntil, rest > now {
                    return retry(in: now.duration(to: rest), from: now)
                }
                guard mirrorIsCurrent() else { return }
                walk.beginPass(context.openMirror(file))
                return retry(in: .zero)
            }
            if !walk.isOverLog { return try captureCalm(now) }
            // Transactions in rollback mode have written, or may be writing, what was read.
            guard try journal.eventsSeen == walk.journalEvents && !isWrittenInRollbackMode(walk) else {
                return restartWalk(now)
            }
            try lookAtLog(now)
            if !attention.log, self.walk === walk { finishWalk() }
        }
    }

    /// Whether a transaction in rollback mode may be writing the file. A dead writer's journal writes
    /// nothing.
    private func isWrittenInRollbackMode(_ walk: Walk) throws(SystemError) -> Bool {
        guard try journal.state(&context.scratch) == .live else { return false }
        return try CalmWindow(walk.file, journal: journal, &context.scratch)?.isHot != true
    }
}
