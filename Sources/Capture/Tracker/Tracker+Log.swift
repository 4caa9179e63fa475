import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

extension Tracker {
    /// Consumes what was committed to the write-ahead log, unless something before it must be captured first.
    func processLog(_ now: MonotonicInstant) throws {
        if backlog != nil {
            if queueHasRoom { putBacklog() } else { waitsForRecorder = true }
        }
        if unconfirmedSince != nil { pending.log = true }
        guard pending.log else { return }
        try reopenLog()
        guard let log else {
            pending.log = false
            return
        }
        guard pending.rescanReason == nil || scan != nil, image != nil || scan != nil else { return }
        // Until the comparison has found the log's last commit, nobody knows what comes after it.
        guard log.beginning == nil else { return }
        // Transactions in rollback mode that were not captured yet come before all that is in the log.
        guard scan?.isOverLog == true || !journal.hasNews else { return }
        if let logNotBefore, logNotBefore > now {
            retry(in: now.duration(to: logNotBefore), from: now)
            return
        }
        guard hasRoom else {
            waitsForRecorder = true
            return
        }
        let outcome = try log.poll(&context.scratch, into: self)
        if outcome != .unconfirmed { unconfirmedSince = nil }
        let began = logReadSince ?? now
        logReadSince = outcome == .unfinished ? began : nil
        switch outcome {
        case .unconfirmed:
            // Mostly a matter of microseconds, of which no event tells; for ever if the writer was killed
            // just there.
            pending.log = false
            let since = unconfirmedSince ?? now
            unconfirmedSince = since
            retry(in: min(max(.microseconds(200), since.duration(to: now) / 2), .seconds(1)))
        case .current:
            pending.log = false
            if isDrainingLater { return endDraining() }
            // An open transaction is read again with every event: the longer it is, the less often.
            logNotBefore =
                log.unfinishedBytes > WALTail.heldBytes
                ? MonotonicInstant.now.advanced(by: began.duration(to: .now) * 4) : nil
        case .congested: retry(in: .milliseconds(1), from: now)
        case .unfinished: retry(in: .zero, from: now)
        case .lost, .takenBack: if let loss = outcome.loss { requireRescan(.missed(loss)) }
        }
    }
}

extension Tracker: WALTail.Sink {
    var hasRoom: Bool { isDrainingLog ? hasRoomForParts : queueHasRoom || !(backlog?.isFull ?? false) }

    var hasRoomForParts: Bool { isDrainingLog ? context.queue.hasRoomForEnd : queueHasRoom }

    /// Commits amid a scan become one snapshot with it, so they need not be queued one by one.
    private var queueHasRoom: Bool { scan == nil ? context.queue.hasRoom : context.queue.hasRoomForScan }

    func partOfCommit(_ pages: PageSet, databasePages: PageCount) {
        isAmidCommit = true
        takeFromLog(pages, databasePages, isFinal: false)
    }

    func committed(_ pages: PageSet, databasePages: PageCount) {
        takeFromLog(pages, databasePages, isFinal: true)
    }

    private func takeFromLog(_ pages: PageSet, _ databasePages: PageCount, isFinal: Bool) {
        guard let shape = try? shapeFromLog(pages.pageSize, databasePages) else {
            // The comparison that follows meets the same commit, and says what is wrong with it.
            return requireRescan(.missed("a commit in the write-ahead log that makes the database too long"))
        }
        if let known = scan?.pageSize ?? image?.shape.pageSize, known != pages.pageSize {
            // The log belongs to another database than the one that was captured.
            return requireRescan(
                .missed("commits of another page size came by before the first of them was compared")
            )
        }
        if var image {
            image.shape = shape
            for index in pages.numbers.indices where pages.numbers[index] == PageNumber(1) {
                image.take(pageOne: pages[index])
            }
            self.image = image
        }
        dropAudit()
        scan?.took(pages, shape: shape)
        audit.want()
        if let scan, scan.needsFreshStart {
            if isFinal { scan.merged.add(1) }
            return emit(pages, scan)
        }
        if isFinal { scan?.commitsTaken += 1 }
        if isFinal, !isAmidCommit, !queueHasRoom { return keepBack(pages, shape) }
        if isFinal { isAmidCommit = false }
        put(
            .changes(
                Changes(
                    file: file,
                    time: .now,
                    event: .commit,
                    shape: shape,
                    pages: pages,
                    isFinal: isFinal,
                    closesUnfinished: isFinal && scan == nil
                )
            )
        )
    }
}

// Past the queue's bound
extension Tracker {
    private func keepBack(_ pages: PageSet, _ shape: ImageSize) {
        if backlog == nil {
            backlog = LogBacklog(pages, shape: shape)
        } else {
            backlog?.add(pages, shape: shape)
        }
    }

    /// Hands over what was kept back, before anything that comes after it.
    func putBacklog() {
        guard let kept = backlog.take() else { return }
        context.queue.put(
            .changes(
                Changes(
                    file: file,
                    time: kept.time,
                    event: kept.commits == 1 ? .commit : .scan,
                    coalesced: kept.commits == 1 ? 0 : kept.commits,
                    shape: kept.shape,
                    pages: kept.pages,
                    closesUnfinished: scan == nil
                )
            )
        )
    }
}
