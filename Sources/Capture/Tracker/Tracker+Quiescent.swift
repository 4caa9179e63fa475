import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// What transactions in rollback mode left is captured in a quiescent window.
extension Tracker {
    /// More pages than this named by journals are read by a scan.
    private static let namedPages = 1024

    /// Captures the file; ends a scan that has seen all pages.
    func captureQuiescent(_ now: MonotonicInstant) throws -> ProcessStep {
        guard context.queue.hasRoom else { return state.waitForRecorder() }
        return state.readEvents(before: .readQuiescent)
    }

    func readQuiescent(_ now: MonotonicInstant) throws -> ProcessStep {
        guard journal.readOn(&context.scratch) else { return state.retry(in: .zero, from: now) }
        let writes = state.pending.contentWrites
        let file = try OpenFile(path, .look)
        guard let window = try QuiescentWindow(file, journal: journal, &context.scratch) else {
            try noteLockedWrite(file, now)
            return state.retry(
                in: RollbackCapture.pauseWhileLocked(state.pending.lastActivity, now),
                from: now
            )
        }
        guard window.stamp.identity == state.presence.identity else {
            nameChanged()
            return .done
        }
        if window.isNoDatabase, !window.isHot, scan == nil {
            if mayTrustQuiet(window, now) { state.becomePlain(now) }
            return .done
        }
        if window.isHot, !rollback.isSurelyHot(now) {
            return state.retry(in: RollbackCapture.hotGrace, from: now)
        }
        if !window.isHot { rollback.isNotHot() }
        // Opened before what is read is proven: a journal that goes meanwhile leaves a torn file behind.
        let hot = window.isHot && scan == nil ? try HotJournal(journal.path, &context.scratch) : nil

        let changed = try decide(window)
        switch changed {
        case .nothing: break
        case .everything(_, let isExplained) where !isExplained && !mayTrustQuiet(window, now): return .done
        case .everything(let transactions, _) where scan != nil:
            return perform(
                scanning.interrupt(window, transactions: transactions, now, &state, &rollback),
                now
            )
        case .everything(let transactions, _) where isLarge(window, hot):
            try beginQuiescentScan(window, hot, pages: nil, transactions: transactions)
            return .done
        case .named(let pages, let transactions) where pages.count > Self.namedPages && scan == nil:
            try beginQuiescentScan(window, nil, pages: pages, transactions: transactions)
            return .done
        case .everything, .named: break
        }
        let known = state.image?.shape.pageSize ?? .plain
        let read = QuiescentRead(
            image: try .read(changed, window, hot, file, known: known, state.bounds, &context.scratch),
            file: file,
            window: window,
            changed: changed,
            writes: writes
        )
        return state.readEvents(before: .proveQuiescent(read))
    }

    /// Captures what was read, unless somebody wrote meanwhile.
    func proveQuiescent(_ read: borrowing QuiescentRead, _ now: MonotonicInstant) throws -> ProcessStep {
        guard state.pending.contentWrites == read.writes,
            try QuiescentWindow(read.file, journal: journal, &context.scratch) == read.window,
            try FileStatus.directUnlessMissing(path)?.identity == read.window.stamp.identity
        else { return state.retry(in: .microseconds(200)) }
        guard try !logHasCommits() else {
            haveBothModes(now)
            return .done
        }
        captured(read.changed, read.image, read.window)
        return .done
    }

    private func decide(_ window: QuiescentWindow) throws -> ChangedPages {
        let known = KnownState(
            image: state.image,
            pending: state.pending,
            ledger: state.ledger,
            content: state.presence.content,
            bounds: state.bounds,
            isScanning: scan != nil,
            scannedJournal: scan?.hotStamp
        )
        let decision = try rollback.decide(window, known)
        if decision.isUncounted { state.suspectUncounted() }
        return decision.changed
    }

    /// Whether comparing everything takes longer than one call may.
    private func isLarge(_ window: QuiescentWindow, _ hot: HotJournal?) -> Bool {
        max(window.sizeBytes, hot?.sizeBytes ?? 0, hot?.shape.byteCount ?? 0) > Self.wholeBytes
    }

    /// Whether content that no transaction explains may be taken; asks for another call when it may.
    private func mayTrustQuiet(_ window: QuiescentWindow, _ now: MonotonicInstant) -> Bool {
        guard let pause = RollbackCapture.pauseForQuiet(window, state.pending, now) else { return true }
        state.schedule.retry(in: pause, from: now)
        return false
    }

    /// Commits went through a log since the last capture: checkpoints write them into the file without the
    /// locks and journals that tell of a transaction in rollback mode. So the file is compared beside the
    /// log.
    private func haveBothModes(_ now: MonotonicInstant) {
        if scan != nil { return restartScan(now) }
        if state.pending.rescanReason != nil { return state.schedule.retry(in: .zero, from: now) }
        requireRescan(.missed(Self.bothModes))
    }

    /// Somebody holds the write lock, and no journal tells what for.
    private func noteLockedWrite(_ file: borrowing OpenFile, _ now: MonotonicInstant) throws(SystemError) {
        guard try journal.state(&context.scratch) == .absent else { return }
        state.missUnlock(now)
        let got = try file.read(into: &context.scratch, count: DatabaseLayout.headerBytes, at: 0)
        guard let counter = DatabaseHeader(front: context.scratch, got)?.changeCounter,
            counter != state.image?.changeCounter
        else { return }
        if rollback.sawLocked(counter, writes: state.pending.contentWrites, now) { state.ledger.addUnknown() }
    }
}

// Handing over
extension Tracker {
    private func captured(_ changed: ChangedPages, _ read: QuiescentImage?, _ window: QuiescentWindow) {
        state.presence.content.capturedQuiescent(window.stamp, at: .now)
        if let read { deliver(read.pages, read.shape, transactions: changed.transactions) }
        rollback.captured(window, &state)
        if scan == nil {
            state.contentIsCertain()
            if !state.pending.log { state.ledger.isKnownGood(until: .now) }
        }
        scanning.audit.want()
        if let scan, scan.isComplete, !scan.needsAnotherPass { finishScan() }
    }

    /// Hands over a captured state.
    private func deliver(_ pages: PageSet, _ shape: ImageSize, transactions: Int?) {
        let startsFresh = state.image == nil || state.image?.shape.pageSize != shape.pageSize
        // Where a transaction over several databases was not seen in all of them, the root is between two
        // moments.
        let superJournals = journal.superJournals
        let isMoment = superJournals.isEmpty || !context.othersAwait(self, superJournals)
        let count = (transactions ?? 0) + (scan == nil ? state.takeMerged().count : 0)
        let isReplaced = scan == nil && state.pending.rescanReason == .replaced
        let event =
            transactions == nil && count == 1
            ? .scan : state.ledger.event(isReplaced: isReplaced, isCommit: count == 1)
        var next = ObservedImage(shape: shape)
        next.take(pages, shape: shape)
        state.image = next
        scan?.took(pages, shape: shape)
        if let scan, scan.needsFreshStart {
            scan.merged.add(count)
            return state.outbox.putPart(pages, of: scan)
        }
        scan?.commitsTaken += count
        if scan == nil { state.ledger.hasSnapshot() }
        let isSingle = scan == nil || event == .commit
        state.outbox.put(
            .changes(
                Changes(
                    file: file,
                    time: .now,
                    event: event,
                    coalesced: isSingle ? CommitLedger.coalesced(count, event) : count,
                    shape: shape,
                    startsFresh: startsFresh,
                    pages: pages,
                    closesUnfinished: scan == nil,
                    isMoment: isMoment
                )
            )
        )
    }
}
