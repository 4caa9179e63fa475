import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// A file that is no database, read whole, and what it was before.
struct PlainRead: ~Copyable {
    let file: OpenFile
    let stamp: ContentStamp
    let shape: ImageSize
    let pages: PageSet
    /// Writes that events had told of before.
    let writes: Int
}

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
        try decideKindAgain()
        guard kind == .plain else { return state.retry(in: .zero, from: now) }
        if let group, let status = FileStatus.directIfPresent(path), status.sizeBytes <= Self.wholeBytes {
            return captureGroup(group, now)
        }
        return state.readEvents(before: .readPlain)
    }

    /// Reads it whole, or begins to read a large one slice by slice.
    func readPlain(_ now: MonotonicInstant) throws -> ProcessStep {
        let writes = state.pending.contentWrites
        let file = try OpenFile(path, .look)
        let status = try file.status()
        let (size, allocated) = (status.sizeBytes, status.allocatedBytes)
        let shape = try state.bounds.shape(.plain, byteCount: size, allocatedBytes: allocated)
        guard shape.byteCount <= Self.wholeBytes else {
            try beginPlainScan(shape, status, file)
            return .done
        }
        var pages = PageSet(pageSize: .plain, reservingPages: Int(shape.pageCount.rawValue))
        try file.readAll(shape, into: &pages, &context.scratch)
        let stamp = ContentStamp(status)
        let read = PlainRead(file: file, stamp: stamp, shape: shape, pages: pages, writes: writes)
        return state.readEvents(before: .provePlain(read))
    }

    /// Captures what was read, unless somebody wrote it meanwhile.
    func provePlain(_ read: borrowing PlainRead, _ now: MonotonicInstant) throws -> ProcessStep {
        guard state.pending.contentWrites == read.writes, try ContentStamp(read.file.status()) == read.stamp
        else {
            state.missPause(now)
            return state.retry(in: .milliseconds(5))
        }
        for step in plainSteps(read.shape, read.pages) { state.outbox.put(step) }
        state.plainCaptured(read.shape, read.stamp)
        return .done
    }

    /// What hands over that content.
    func plainSteps(_ shape: ImageSize, _ pages: PageSet) -> [CaptureStep] {
        let event = state.event(isCommit: false)
        return [
            .changes(
                Changes(
                    file: file,
                    time: .now,
                    event: event,
                    shape: shape,
                    startsFresh: state.image == nil || state.image?.shape.pageSize != .plain,
                    pages: pages,
                    closesUnfinished: true
                )
            )
        ]
    }

    private func beginPlainScan(_ shape: ImageSize, _ status: FileStatus, _ file: consuming OpenFile) throws {
        guard state.mirrorIsCurrent(), hasSlot(.comparison) else { return }
        state.presence.content.captured(ContentStamp(status))
        state.pending.contentCaptured()
        state.pending.rescanUnlessWanted(.unexplained)
        try scanning.begin(shape, file: file, isOverLog: false, &state, journal)
        scan?.learn(shape)
    }

    /// A large plain file was read to its end: it counts if nobody wrote it meanwhile.
    func endPlainScan(_ scan: FileScan, _ now: MonotonicInstant) throws {
        guard !state.pending.isTouched, let status = try FileStatus.directUnlessMissing(path),
            state.presence.content.isCaptured(ContentStamp(status)),
            groupMember(writtenSince: scan.began) == nil
        else {
            return restartPlainScan(now)
        }
        finishScan()
        state.plainCaptured(scan.knownShape, ContentStamp(status))
    }

    /// Somebody writes what is being read, or what it is captured with.
    private func restartPlainScan(_ now: MonotonicInstant) {
        let writer = state.pending.isTouched ? nil : scan.flatMap { groupMember(writtenSince: $0.began) }
        restartScan(now, writer: writer?.path)
    }
}
