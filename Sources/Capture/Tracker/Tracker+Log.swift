import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// What is committed to the write-ahead log.
extension Tracker {
    /// Consumes what was committed to the write-ahead log, unless something before it must be captured first.
    func processLog(_ now: MonotonicInstant) throws {
        if state.outbox.hasBacklog {
            if state.outbox.queueHasRoom {
                state.outbox.putBacklog()
            } else {
                state.schedule.waitForRecorder()
            }
        }
        if logs.isUnconfirmed || logs.isMovedInUse(state) { state.pending.log = true }
        guard state.pending.log else { return }
        try reopenLog()
        guard let log = logs.tail else {
            state.pending.log = false
            return
        }
        guard state.pending.rescanReason == nil || scan != nil, state.image != nil || scan != nil else {
            return
        }
        // Until the comparison has found the log's last commit, nobody knows what comes after it.
        guard !log.overlay.isSearching else { return }
        // Transactions in rollback mode that were not captured yet come before all that is in the log.
        guard scan?.isOverLog == true || !journal.hasNews else { return }
        if let wait = logs.wait(now) { return state.schedule.retry(in: wait, from: now) }
        guard hasRoom else { return state.schedule.waitForRecorder() }
        let start = log.position.chain
        let outcome = try log.poll(&context.scratch, into: self)
        switch logs.polled(outcome, hasMoved: log.position.chain != start, now) {
        case .current: state.pending.log = false
        case .drained:
            state.pending.log = false
            endDraining()
        case .unconfirmed(let wait):
            state.pending.log = false
            state.schedule.retry(in: wait)
        case .retry(let wait): state.schedule.retry(in: wait, from: now)
        case .lost(let loss): requireRescan(.missed(loss))
        }
    }

    /// Reads a log to its end that has lost its name.
    func drain(_ log: WALTail) {
        logs.isDraining = true
        defer { logs.isDraining = false }
        do throws(SystemError) {
            // After its end no generation begins.
            let deadline = MonotonicInstant.now.advanced(by: LogCapture.drainTime)
            var outcome = try log.poll(&context.scratch, into: self)
            while outcome == .unfinished, MonotonicInstant.now < deadline {
                outcome = try log.poll(&context.scratch, into: self)
            }
            if outcome == .unfinished || (outcome == .congested && !hasRoomForParts) {
                logs.isDrainingLater = true
                state.pending.log = true
                return
            }
            guard outcome != .current else {
                state.pending.lacksEvidence = log.hasSeenNothing
                return
            }
            requireRescan(.missed(outcome.loss ?? "a write-ahead log was gone before it could be read"))
        } catch {
            requireRescan(.missed("the write-ahead log could not be read"))
        }
    }

    /// Nothing more is wanted of a log that has lost its name.
    func endDraining() {
        logs.endDraining(context)
        state.presence.content.checkpointed(FileStatus.directIfPresent(path).map(ContentStamp.init))
        state.pending.log = false
        scanning.audit.want()
    }
}

extension Tracker: WALTail.Sink {
    var hasRoom: Bool { logs.isDraining ? hasRoomForParts : state.outbox.hasRoom }

    var hasRoomForParts: Bool { logs.isDraining ? context.queue.hasRoomForEnd : state.outbox.queueHasRoom }

    func partOfCommit(_ pages: PageSet, databasePages: PageCount) {
        state.outbox.commitBegins()
        takeFromLog(pages, databasePages, isFinal: false)
    }

    func committed(_ pages: PageSet, databasePages: PageCount) {
        takeFromLog(pages, databasePages, isFinal: true)
    }

    private func takeFromLog(_ pages: PageSet, _ databasePages: PageCount, isFinal: Bool) {
        guard let shape = try? state.bounds.shapeFromLog(pages.pageSize, databasePages) else {
            // The comparison that follows meets the same commit, and says what is wrong with it.
            return requireRescan(.missed("a commit in the write-ahead log that makes the database too long"))
        }
        if let known = scan?.pageSize ?? state.image?.shape.pageSize, known != pages.pageSize {
            // The log belongs to another database than the one that was captured.
            return requireRescan(
                .missed("commits of another page size came by before the first of them was compared")
            )
        }
        state.image?.take(pages, shape: shape)
        dropAudit()
        scan?.took(pages, shape: shape)
        scanning.audit.want()
        if isFinal { scan?.snapshot.took(1) }
        if let scan, scan.snapshot.needsFreshStart { return state.outbox.putPart(pages, of: scan) }
        state.outbox.putCommit(pages, shape, isFinal: isFinal)
    }
}
