import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// How a comparison of the whole file ends.
extension Tracker {
    private func scanEnded() {
        guard scanning.end() else { return }
        state.outbox.scanEnds()
        releaseSlot()
        context.meter.update { $0.scans[file] = nil }
    }

    func dropScan() {
        // What was kept back amid the scan belongs to its unfinished snapshot, and must not close it.
        state.outbox.putBacklog()
        if logs.tail?.beginning != nil { logs.tail?.forget() }
        guard let scan else { return }
        if scan.purpose == .base { state.outbox.put(.abandonBase(file)) }
        if scan.purpose != .audit, !scan.isOverLog, kind == .database {
            // A log is counted anew.
            state.ledger.scanGivenUp(scan.countGivenUp, through: state.image?.changeCounter)
        }
        // A fresh start that was handed over in part has taken the former image's place.
        if scan.purpose == .base || scan.isFreshStart { state.image = nil }
        scanEnded()
    }

    /// Something happened that the scan's rules do not cover: it starts over, later the longer it took.
    /// `writer`: the file of its group that was written meanwhile.
    func restartScan(_ now: MonotonicInstant, writer: FilePath? = nil) {
        let spent = scan?.began.duration(to: now) ?? .zero
        dropScan()
        state.missPause(of: writer, now)
        state.pending.rescanUnlessWanted(.unexplained)
        state.schedule.retry(in: max(.milliseconds(1), spent), from: now)
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
        state.image = ObservedImage(shape: shape, header: header)
        allIsCounted(window)
        state.schedule.retry(in: .zero, from: now)
    }

    /// Ends an audit that is under way without a result.
    func dropAudit() {
        guard scanning.isAuditing else { return }
        scanEnded()
        scanning.audit.disturbed(.now)
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
        if scan.needsAnotherPass {
            if let rest = scan.restsUntil, rest > now {
                return state.retry(in: now.duration(to: rest), from: now)
            }
            guard state.mirrorIsCurrent() else { return .done }
            scan.beginPass(context.openMirror(file))
            return state.retry(in: .zero)
        }
        if !scan.isOverLog { return try captureQuiescent(now) }
        // Transactions in rollback mode have written, or may be writing, what was read.
        guard try journal.eventsSeen == scan.journalEvents && !isWrittenInRollbackMode(scan) else {
            restartScan(now)
            return .done
        }
        try processLog(now)
        if !state.pending.log, self.scan != nil { finishScan() }
        return .done
    }

    /// Whether a transaction in rollback mode may be writing the file. A dead writer's journal writes
    /// nothing.
    private func isWrittenInRollbackMode(_ scan: FileScan) throws(SystemError) -> Bool {
        guard try journal.state(&context.scratch) == .live else { return false }
        return try QuiescentWindow(scan.file, journal: journal, &context.scratch)?.isHot != true
    }

    /// All pages were looked at and all transactions are in: the image is that of the last one.
    func finishScan() {
        guard let scan else { return }
        state.outbox.putBacklog()
        scanEnded()
        guard scan.purpose != .audit else {
            scanning.audit.done(began: scan.began, ended: .now)
            context.meter.update { $0.audits += 1 }
            return
        }
        let shape = scan.knownShape
        state.ledger.scanEnded(scan.merged)
        let count = state.takeMerged().count + (scan.transactions ?? 0)
        let isCommit = scan.transactions == 1 && count + scan.commitsTaken == 1
        let event = state.ledger.event(
            isReplaced: state.pending.rescanReason == .replaced,
            isCommit: isCommit
        )
        let rest = scan.commitsTaken > 0 ? count : CommitLedger.coalesced(count, event)
        if scan.purpose == .base {
            if rest > 0 { state.outbox.putCount(rest, shape) }
            state.outbox.put(.endBase(file, event: event, time: .now, shape: shape))
        } else {
            if scan.needsFreshStart { state.outbox.putPart(PageSet(pageSize: scan.pageSize), of: scan) }
            state.outbox.put(.finish(file, event: event, time: .now, shape: shape, coalesced: rest))
        }
        state.image = ObservedImage(shape: shape, header: scan.header)
        state.ledger.hasSnapshot()
        state.contentIsCertain()
        scanning.audit.want()
    }
}
