import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// What a quiescent read calls for.
enum RollbackStep {
    case done
    case needsEvents
    /// A transaction went by amid the scan, unseen or too large to be held.
    case interrupt(QuiescentWindow, transactions: Int?)
    /// What may have changed is too large to be read at once.
    case beginScan(QuiescentWindow, HotJournal?, pages: [PageNumber]?, transactions: Int?)
}

/// What transactions in rollback mode left is captured in a quiescent window.
extension RollbackCapture {
    /// More pages than this named by journals are read by a scan.
    private static let namedPages = 1024
    /// Amid a scan at most so many bytes of named pages are held. If there are more, a base is compared with
    /// the file in the end, and a mere comparison starts over, which may not end beside a steady writer.
    private static func mostNamedBytes(amid scan: FileScan?) -> Int {
        scan?.purpose == .base ? 16 << 20 : 128 << 20
    }

    /// Reads what may have changed, when all events were read that came before. `scan`: the one that goes on.
    mutating func read(
        _ scan: FileScan?,
        _ state: inout CaptureState,
        _ now: MonotonicInstant
    ) throws -> RollbackStep {
        let context = state.context
        guard journal.readOn(&context.scratch) else { return retry(in: .zero, &state, now) }
        let writes = state.pending.contentWrites
        let file = try OpenFile(state.path, .protected)
        guard let window = try QuiescentWindow(file, journal: journal, &context.scratch) else {
            try noteLockedWrite(file, &state, now)
            return retry(in: Self.pauseWhileLocked(state.pending.lastActivity, now), &state, now)
        }
        guard window.stamp.identity == state.presence.identity else {
            state.pending.nameChanged()
            return .done
        }
        if window.isNoDatabase, !window.isHot, scan == nil {
            if mayTrustQuiet(window, &state, now) { state.becomePlain(now) }
            return .done
        }
        if window.isHot, !isSurelyHot(now) { return retry(in: Self.hotGrace, &state, now) }
        if !window.isHot { isNotHot() }
        // Opened before what is read is proven: a journal that goes meanwhile leaves a torn file behind.
        let hot = window.isHot && scan == nil ? try HotJournal(journal.path, &context.scratch) : nil

        let changed = try decide(window, hot, scan, &state)
        switch changed {
        case .nothing: break
        case .everything(_, let isExplained) where !isExplained && !mayTrustQuiet(window, &state, now):
            return .done
        case .everything(let transactions, _) where scan != nil:
            return .interrupt(window, transactions: transactions)
        case .everything(let transactions, _) where isLarge(window, hot):
            return .beginScan(window, hot, pages: nil, transactions: transactions)
        case .named(let pages, let transactions) where pages.count > Self.namedPages && scan == nil:
            return .beginScan(window, nil, pages: pages, transactions: transactions)
        case .named(let pages, let transactions)
        where pages.count * (scan?.pageSize.bytes ?? 0) > Self.mostNamedBytes(amid: scan):
            return .interrupt(window, transactions: transactions)
        case .everything, .named: break
        }
        let (known, bounds) = (state.image?.shape.pageSize ?? .plain, state.bounds)
        let read = QuiescentRead(
            image: try .read(changed, window, hot, file, known: known, bounds, &context.scratch),
            file: file,
            window: window,
            changed: changed,
            writes: writes
        )
        state.schedule.resume(with: .proveQuiescent(read))
        return .needsEvents
    }

    private func retry(
        in delay: Duration,
        _ state: inout CaptureState,
        _ now: MonotonicInstant
    ) -> RollbackStep {
        state.schedule.retry(in: delay, from: now)
        return .done
    }

    private func decide(
        _ window: QuiescentWindow,
        _ hot: HotJournal?,
        _ scan: FileScan?,
        _ state: inout CaptureState
    ) throws -> ChangedPages {
        var known = KnownState(
            image: state.image,
            pending: state.pending,
            ledger: state.ledger,
            content: state.presence.content,
            bounds: state.bounds,
            isScanning: scan != nil,
            scannedJournal: scan?.hotStamp
        )
        known.hotCounter = window.parsedHeader?.changeCounter
        if let hot {
            known.hotCounter = try hot.counterBefore(inFile: known.hotCounter, &state.context.scratch)
        }
        let decision = try decide(window, known)
        if decision.isUncounted { state.suspectUncounted() }
        return decision.changed
    }

    /// Whether comparing everything takes longer than one call may.
    private func isLarge(_ window: QuiescentWindow, _ hot: HotJournal?) -> Bool {
        max(window.sizeBytes, hot?.sizeBytes ?? 0, hot?.shape.byteCount ?? 0) > CaptureState.wholeBytes
    }

    /// Whether content that no transaction explains may be taken; asks for the time when it may.
    private func mayTrustQuiet(
        _ window: QuiescentWindow,
        _ state: inout CaptureState,
        _ now: MonotonicInstant
    ) -> Bool {
        guard let pause = Self.pauseForQuiet(window, state.pending, now) else { return true }
        state.schedule.retry(in: pause, from: now)
        return false
    }

    /// Somebody holds the write lock, and no journal tells what for. There may be one that is over: after its
    /// end SQLite cuts the file, and who keeps a journal in memory may have found it there.
    private mutating func noteLockedWrite(
        _ file: borrowing OpenFile,
        _ state: inout CaptureState,
        _ now: MonotonicInstant
    ) throws(SystemError) {
        let context = state.context
        let found = try journal.state(&context.scratch)
        guard found == .absent || found == .idle else { return }
        state.missUnlock(isAfterJournal: found == .idle, now)
        guard let counter = try DatabaseHeader(of: file, &context.scratch)?.changeCounter,
            counter != state.image?.changeCounter
        else { return }
        if sawLocked(counter, writes: state.pending.contentWrites, now) { state.ledger.addUnknown() }
    }
}

// Handing over
extension RollbackCapture {
    /// Whether nobody wrote since the file was read, as far as events, locks, header and stamp tell.
    func isProven(_ read: borrowing QuiescentRead, _ state: borrowing CaptureState) throws -> Bool {
        let context = state.context
        return try state.pending.contentWrites == read.writes
            && QuiescentWindow(read.file, journal: journal, &context.scratch) == read.window
            && FileStatus.directUnlessMissing(state.path)?.identity == read.window.stamp.identity
    }

    /// Takes what was read. `isConsistentPoint`: transactions over several databases were seen in all of
    /// them.
    mutating func capture(
        _ read: borrowing QuiescentRead,
        _ scan: FileScan?,
        isConsistentPoint: Bool,
        _ state: inout CaptureState
    ) {
        state.presence.content.capturedQuiescent(read.window.stamp, at: .now)
        if let image = read.image {
            deliver(image, scan, read.changed.transactions, isConsistentPoint: isConsistentPoint, &state)
        }
        captured(read.window, &state)
        if scan == nil {
            // All was compared. What was suspected is recorded by now, or was nothing.
            if read.window.isHot, read.image != nil { state.outbox.put(.gapCleared(state.file)) }
            state.contentIsCertain()
            if !state.pending.log { state.ledger.isKnownGood(until: .now) }
        }
    }

    /// Hands over a captured state.
    private func deliver(
        _ image: QuiescentImage,
        _ scan: FileScan?,
        _ transactions: Int?,
        isConsistentPoint: Bool,
        _ state: inout CaptureState
    ) {
        let (pages, shape) = (image.pages, image.shape)
        let startsFresh = state.image == nil || state.image?.shape.pageSize != shape.pageSize
        let count = (transactions ?? 0) + (scan == nil ? state.takeMerged().count : 0)
        let isReplaced = scan == nil && state.pending.rescanReason == .replaced
        let event =
            transactions == nil && count == 1
            ? .scan : state.ledger.event(isReplaced: isReplaced, isCommit: count == 1)
        var next = ObservedImage(shape: shape)
        next.take(pages, shape: shape)
        state.image = next
        scan?.took(pages, shape: shape)
        scan?.snapshot.took(count)
        if let scan, scan.snapshot.needsFreshStart { return state.outbox.putPart(pages, of: scan) }
        if scan == nil { state.ledger.hasSnapshot() }
        let isSingle = scan == nil || event == .commit
        state.outbox.put(
            Changes(
                file: state.file,
                time: .now,
                event: event,
                coalesced: isSingle ? CommitLedger.coalesced(count, event) : count,
                shape: shape,
                startsFresh: startsFresh,
                pages: pages,
                closesUnfinished: scan == nil,
                isConsistentPoint: isConsistentPoint
            )
        )
    }
}
