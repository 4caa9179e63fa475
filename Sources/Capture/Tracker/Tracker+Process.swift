import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// The order of work.
extension Tracker {
    /// Acts on the notes. Short: a comparison of a large file goes on at the next call.
    func process(_ now: MonotonicInstant) -> ProcessStep {
        guard state.schedule.begin(now) else { return endProcess() }
        state.presence.obstacles.processingBegins()
        return run(from: .name, now)
    }

    /// Goes on when the observer has done what the last step needs. `hasAllParts`: the answer to
    /// `needsOthers`.
    func resume(hasAllParts: Bool = true) -> ProcessStep {
        run(from: state.schedule.stage, state.schedule.processedAt, hasAllParts: hasAllParts)
    }

    private func run(
        from first: ProcessStage,
        _ now: MonotonicInstant,
        hasAllParts: Bool = true
    ) -> ProcessStep {
        var next: ProcessStage? = first
        do {
            while let stage = next {
                state.schedule.reached(stage, now)
                let step = try goOn(stage, now, hasAllParts: hasAllParts)
                switch step {
                case .needsEvents, .needsWatch, .needsOthers: return step
                case .ended: return endProcess()
                case .done: next = stage.next(kind)
                }
            }
        } catch {
            processFailed(error, now)
            return endProcess()
        }
        if !state.schedule.isWaiting, isAtRest,
            let due = scanning.audit.due(after: state.pending.lastActivity)
        {
            state.schedule.retry(in: now.duration(to: due), from: now)
        }
        return endProcess()
    }

    private func endProcess() -> ProcessStep {
        if state.ledger.capturedThrough != nil, let bytes = uncapturedBytes.take() {
            context.meter.update { $0.capturedBytes.addSaturated(bytes) }
        }
        if let scan {
            let progress = ScanProgress(scan, of: path)
            context.meter.update { $0.scans[file] = progress }
        } else {
            releaseSlot()
        }
        return .done
    }

    private func goOn(
        _ stage: ProcessStage,
        _ now: MonotonicInstant,
        hasAllParts: Bool
    ) throws -> ProcessStep {
        guard let work = state.schedule.takeNext() else { return try begin(stage, now) }
        switch consume work {
        case .noteFound(let status): return try noteFound(status)
        case .readQuiescent: return try readQuiescent(now)
        case .proveQuiescent(let read): return try proveQuiescent(read, now)
        case .captureQuiescent(let read): return captureQuiescent(read, isConsistentPoint: hasAllParts)
        case .judgeOrigin(let sight): return judgeOrigin(sight, now)
        case .proveChunk(let read): return try proveChunk(read)
        case .endScan: return try endScan(now)
        case .readPlain: return try readPlain()
        case .provePlain(let read): return try state.provePlain(read, now)
        case .readGroup(let members): return try FileGroup.read(members, self, now)
        case .proveGroup(let read): return FileGroup.prove(read, self, now)
        }
    }

    private func begin(_ stage: ProcessStage, _ now: MonotonicInstant) throws -> ProcessStep {
        switch stage {
        case .name: return try processName(now)
        case .database:
            endRemovedLog()
            if try logIsOutOfSight(now) { return .ended }
            try lookForLog()
            // What a log without a name still holds comes before what its checkpoint wrote.
            guard !logs.isDrainingLater || state.pending.rescanReason != nil || scan != nil else {
                return .done
            }
            return try processContent(now)
        case .plain:
            state.pending.log = false
            // A journal says nothing of what is no database.
            journal.captured()
            return try processPlain(now)
        case .log:
            try processLog(now)
            return .done
        case .scan: return try stepScan(now)
        case .rest: return try rest(now)
        }
    }

    private func rest(_ now: MonotonicInstant) throws -> ProcessStep {
        if isCaughtUp { state.ledger.captured(through: now) }
        guard isAtRest else {
            state.schedule.retryUnlessAsked(now)
            return .done
        }
        state.presence.obstacles.canBeRead(state.report)
        state.handOverAttributes()
        state.ledger.isKnownGood(until: .now)
        if logs.isMovedInUse(state) { state.schedule.retry(in: LogCapture.movedPause, from: now) }
        return try startAuditIfDue(now)
    }
}
