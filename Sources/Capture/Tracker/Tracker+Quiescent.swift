import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// When transactions in rollback mode are captured, and what follows from what is read.
extension Tracker {
    /// Captures the file in a quiescent window; ends a scan that has seen all pages.
    func captureQuiescent() -> ProcessStep {
        guard context.queue.hasRoom else { return state.waitForRecorder() }
        return state.readEvents(before: .readQuiescent)
    }

    func readQuiescent(_ now: MonotonicInstant) throws -> ProcessStep {
        switch try rollback.read(scan, &state, now) {
        case .done: return .done
        case .needsEvents: return .needsEvents
        case .interrupt(let window, let transactions):
            return perform(
                try scanning.interrupt(window, transactions: transactions, now, &state, &rollback),
                now
            )
        case .beginScan(let window, let hot, let pages, let transactions):
            try beginQuiescentScan(window, hot, pages: pages, transactions: transactions)
            return .done
        }
    }

    /// Captures what was read, unless somebody wrote meanwhile.
    func proveQuiescent(_ read: consuming QuiescentRead, _ now: MonotonicInstant) throws -> ProcessStep {
        guard try rollback.isProven(read, state) else { return state.retry(in: .microseconds(200)) }
        guard try !logHasCommits() else {
            haveBothModes(now)
            return .done
        }
        // Transactions over several databases count once they were seen in all of them. Else the root is
        // between two moments.
        let superJournals = read.image == nil ? [] : journal.superJournals
        guard superJournals.isEmpty else {
            state.schedule.resume(with: .captureQuiescent(read))
            return .needsOthers(superJournals)
        }
        return captureQuiescent(read, isConsistentPoint: true)
    }

    func captureQuiescent(_ read: borrowing QuiescentRead, isConsistentPoint: Bool) -> ProcessStep {
        rollback.capture(read, scan, isConsistentPoint: isConsistentPoint, &state)
        scanning.audit.want()
        if let scan, scan.isComplete, !scan.pass.needsAnother { finishScan() }
        return .done
    }

    /// Commits went through a log since the last capture: checkpoints write them into the file without the
    /// locks and journals that tell of a transaction in rollback mode. So the file is compared beside the
    /// log.
    private func haveBothModes(_ now: MonotonicInstant) {
        if scan != nil { return restartScan(now) }
        if state.pending.rescanReason != nil { return state.schedule.retry(in: .zero, from: now) }
        requireRescan(.missed(Self.bothModes))
    }
}
