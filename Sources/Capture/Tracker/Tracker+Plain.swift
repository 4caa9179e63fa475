import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// A file that is no database.
extension Tracker {
    /// Captures a file that is no database once its writer has closed it, replaced it or paused.
    func processPlain(_ now: MonotonicInstant) throws -> ProcessStep {
        if let scan {
            // What was read of it is in vain.
            if scan.purpose != .audit, state.pending.isTouched { restartPlainScan(now) }
            return .done
        }
        guard state.pending.rescanReason != nil || state.pending.isTouched else { return .done }
        guard state.pending.isQuiet(now) else {
            state.missPause(now)
            guard let lastTouch = state.pending.lastTouch else { return .done }
            return state.retry(in: PendingEvents.quiet - lastTouch.duration(to: now), from: now)
        }
        guard context.queue.hasRoom else { return state.waitForRecorder() }
        try state.decideKindAgain(logs, journal)
        guard kind == .plain else { return state.retry(in: .zero, from: now) }
        if let group, let status = FileStatus.directIfPresent(path),
            status.sizeBytes <= CaptureState.wholeBytes
        {
            return group.capture(self, now)
        }
        return state.readEvents(before: .readPlain)
    }

    /// Reads it whole, or begins to read a large one chunk by chunk.
    func readPlain() throws -> ProcessStep {
        if let read = try state.readWhole() { return state.readEvents(before: .provePlain(read)) }
        guard state.mirrorIsCurrent(), hasSlot(.comparison) else { return .done }
        let file = try OpenFile(path, .protected)
        let status = try file.status()
        let shape = try state.bounds.plainShape(status)
        state.presence.content.captured(ContentStamp(status))
        state.pending.contentCaptured()
        state.pending.rescanUnlessWanted(.unexplained)
        try scanning.begin(shape, file: file, isOverLog: false, &state, journal)
        return .done
    }

    /// A large plain file was read to its end: it counts if nobody wrote it meanwhile.
    func endPlainScan(_ scan: FileScan, _ now: MonotonicInstant) throws {
        guard !state.pending.isTouched, let status = try FileStatus.directUnlessMissing(path),
            state.presence.content.isCaptured(ContentStamp(status)),
            group?.member(otherThan: self, writtenSince: scan.began) == nil
        else {
            return restartPlainScan(now)
        }
        finishScan()
        state.plainCaptured(scan.image.shape, ContentStamp(status))
    }

    /// Somebody writes what is being read, or what it is captured with.
    private func restartPlainScan(_ now: MonotonicInstant) {
        let writer =
            state.pending.isTouched
            ? nil : scan.flatMap { group?.member(otherThan: self, writtenSince: $0.began) }
        restartScan(now, writer: writer?.path)
    }
}
