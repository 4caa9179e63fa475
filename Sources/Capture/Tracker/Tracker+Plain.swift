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
    let events: Int
}

extension Tracker {
    /// Captures a file that is no database once its writer has closed it, replaced it or paused.
    func processPlain(_ now: MonotonicInstant) throws -> ProcessStep {
        if let scan {
            // What was read of it is in vain.
            if scan.purpose != .audit, pending.isTouched { restartPlainScan(now) }
            return .done
        }
        guard pending.rescanReason != nil || pending.isTouched else { return .done }
        guard pending.isQuiet(now) else {
            missPause(now)
            if let lastTouch = pending.lastTouch {
                retry(in: PendingEvents.quiet - lastTouch.duration(to: now), from: now)
            }
            return .done
        }
        guard context.queue.hasRoom else {
            waitsForRecorder = true
            return .done
        }
        try decideKindAgain()
        guard kind == .plain else {
            retry(in: .zero, from: now)
            return .done
        }
        if let group, let status = FileStatus.directIfPresent(path), status.sizeBytes <= Self.wholeBytes {
            return captureGroup(group, now)
        }
        return readEvents(before: .readPlain)
    }

    /// Reads it whole, or begins to read a large one slice by slice.
    func readPlain(_ now: MonotonicInstant) throws -> ProcessStep {
        let events = contentEvents
        let file = try OpenFile(path, .look)
        let status = try file.status()
        let (size, allocated) = (status.sizeBytes, status.allocatedBytes)
        let shape = try imageShape(.plain, byteCount: size, allocatedBytes: allocated)
        guard shape.byteCount <= Self.wholeBytes else {
            try beginPlainScan(shape, status, file)
            return .done
        }
        var pages = PageSet(pageSize: .plain, reservingPages: Int(shape.pageCount.rawValue))
        try file.readAll(shape, into: &pages, &context.scratch)
        let stamp = ContentStamp(status)
        let read = PlainRead(file: file, stamp: stamp, shape: shape, pages: pages, events: events)
        return readEvents(before: .provePlain(read))
    }

    /// Captures what was read, unless somebody wrote it meanwhile.
    func provePlain(_ read: borrowing PlainRead, _ now: MonotonicInstant) throws -> ProcessStep {
        guard contentEvents == read.events, try ContentStamp(read.file.status()) == read.stamp else {
            missPause(now)
            retry(in: .milliseconds(5))
            return .done
        }
        for step in plainSteps(read.shape, read.pages) { put(step) }
        plainCaptured(read.shape, read.stamp)
        return .done
    }

    /// What hands over that content.
    func plainSteps(_ shape: ImageSize, _ pages: PageSet) -> [CaptureStep] {
        var event = SnapshotEvent.scan
        if isNew { event = firstEvent } else if pending.rescanReason == .replaced { event = .replaced }
        return [
            .changes(
                Changes(
                    file: file,
                    time: .now,
                    event: event,
                    shape: shape,
                    startsFresh: image == nil || image?.shape.pageSize != .plain,
                    pages: pages,
                    closesUnfinished: true
                )
            )
        ]
    }

    private func beginPlainScan(_ shape: ImageSize, _ status: FileStatus, _ file: consuming OpenFile) throws {
        guard context.queue.isSettled(self.file) else {
            waitsForRecorder = true
            return
        }
        guard hasSlot(.comparison) else { return }
        stamp = ContentStamp(status)
        pending.contentCaptured()
        if pending.rescanReason == nil { pending.rescanReason = .unexplained }
        try begin(shape, file: file, isOverLog: false, selection: nil, transactions: nil)
        scan?.learn(shape)
    }

    /// A large plain file was read to its end: it counts if nobody wrote it meanwhile.
    func endPlainScan(_ scan: FileScan, _ now: MonotonicInstant) throws {
        guard !pending.isTouched, let status = try FileStatus.directUnlessMissing(path),
            ContentStamp(status) == stamp, groupMember(writtenSince: scan.began) == nil
        else {
            return restartPlainScan(now)
        }
        finishScan()
        let shape = scan.shape ?? ImageSize(pageSize: scan.pageSize, pageCount: scan.pageCount)
        plainCaptured(shape, ContentStamp(status))
    }

    /// Somebody writes what is being read, or what it is captured with.
    private func restartPlainScan(_ now: MonotonicInstant) {
        let writer = pending.isTouched ? nil : scan.flatMap { groupMember(writtenSince: $0.began) }
        restartScan(now, writer: writer)
    }

    func plainCaptured(_ shape: ImageSize, _ seen: ContentStamp) {
        image = ObservedImage(shape: shape)
        isNew = false
        stamp = seen
        attributesNews = .withContent
        pending.contentCaptured()
        contentIsCertain()
    }
}
