import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

extension Tracker {
    /// Captures a file that is no database once its writer has closed it, replaced it or paused.
    func lookAtPlain(_ now: MonotonicInstant) throws {
        if let walk {
            // What was read of it is in vain.
            if walk.purpose != .audit, attention.isTouched { restartPlainWalk(now) }
            return
        }
        guard attention.doubt != nil || attention.isTouched else { return }
        guard attention.isQuiet(now) else {
            missPause(now)
            if let lastTouch = attention.lastTouch {
                retry(in: Attention.quiet - lastTouch.duration(to: now), from: now)
            }
            return
        }
        guard context.queue.hasRoom else {
            waitsForRecorder = true
            return
        }
        try decideKindAgain()
        guard kind == .plain else { return retry(in: .zero, from: now) }
        if let group, let status = FileStatus.directIfPresent(path), status.sizeBytes <= Self.wholeBytes {
            return try captureGroup(group, now)
        }
        context.drainEvents()
        let events = contentEvents
        let file = try OpenFile(path, .look)
        let status = try file.status()
        let (size, allocated) = (status.sizeBytes, status.allocatedBytes)
        let shape = try imageShape(.plain, byteCount: size, allocatedBytes: allocated)
        guard shape.byteCount <= Self.wholeBytes else { return try beginPlainWalk(shape, status, file) }
        var pages = PageSet(pageSize: .plain, reservingPages: Int(shape.pageCount.rawValue))
        try file.readAll(shape, into: &pages, &context.scratch)
        context.drainEvents()
        guard contentEvents == events, try ContentStamp(file.status()) == ContentStamp(status) else {
            missPause(now)
            return retry(in: .milliseconds(5))
        }
        for step in plainSteps(shape, pages) { put(step) }
        plainCaptured(shape, ContentStamp(status))
    }

    /// What hands over that content.
    func plainSteps(_ shape: ImageShape, _ pages: PageSet) -> [CaptureStep] {
        var event = SnapshotEvent.scan
        if isNew { event = firstEvent } else if attention.doubt == .replaced { event = .replaced }
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

    private func beginPlainWalk(_ shape: ImageShape, _ status: FileStatus, _ file: consuming OpenFile) throws
    {
        guard context.queue.isSettled(self.file) else {
            waitsForRecorder = true
            return
        }
        guard hasTurn(.comparison) else { return }
        stamp = ContentStamp(status)
        attention.contentCaptured()
        if attention.doubt == nil { attention.doubt = .unexplained }
        try begin(shape, file: file, isOverLog: false, selection: nil, transactions: nil)
        walk?.learn(shape)
    }

    /// A large plain file was read to its end: it counts if nobody wrote it meanwhile.
    func endPlainWalk(_ walk: Walk, _ now: MonotonicInstant) throws {
        guard !attention.isTouched, let status = try FileStatus.directUnlessMissing(path),
            ContentStamp(status) == stamp, groupMember(writtenSince: walk.began) == nil
        else {
            return restartPlainWalk(now)
        }
        finishWalk()
        let shape = walk.shape ?? ImageShape(pageSize: walk.pageSize, pageCount: walk.pageCount)
        plainCaptured(shape, ContentStamp(status))
    }

    /// Somebody writes what is being read, or what it is captured with.
    private func restartPlainWalk(_ now: MonotonicInstant) {
        let writer = attention.isTouched ? nil : walk.flatMap { groupMember(writtenSince: $0.began) }
        restartWalk(now, writer: writer)
    }

    func plainCaptured(_ shape: ImageShape, _ seen: ContentStamp) {
        image = ObservedImage(shape: shape)
        isNew = false
        stamp = seen
        attributesNews = .withContent
        attention.contentCaptured()
        contentIsCertain()
    }
}
