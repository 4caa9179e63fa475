import LinuxFiles
import Repository
import SQLiteFiles

extension Tracker {
    /// Consumes what was committed to the write-ahead log, unless something before it must be captured first.
    func lookAtLog(_ now: Tick) throws {
        guard attention.log else { return }
        if log == nil { openLog() }
        guard let log else {
            attention.log = false
            return
        }
        guard attention.doubt == nil || walk != nil, image != nil || walk != nil else { return }
        if let logNotBefore, logNotBefore > now {
            retry(in: now.duration(to: logNotBefore), from: now)
            return
        }
        guard context.queue.hasRoom else {
            retry(in: .milliseconds(2), from: now)
            return
        }
        switch try log.poll(&context.scratch, into: self) {
        case .current:
            attention.log = false
            // An open transaction is read again with every event: the longer it is, the less often.
            logNotBefore =
                log.unfinishedBytes > WALTail.heldBytes
                ? Tick.now.advanced(by: now.duration(to: .now) * 4) : nil
        case .congested: retry(in: .milliseconds(1), from: now)
        case .lost: doubt(.missed("the write-ahead log was overwritten before it was read"))
        }
    }
}

extension Tracker: WALTail.Sink {
    var hasRoom: Bool { isDrainingLog || context.queue.hasRoom }

    func partOfCommit(_ pages: PageSet, databasePages: PageCount) {
        takeFromLog(pages, databasePages, isFinal: false)
    }

    func committed(_ pages: PageSet, databasePages: PageCount) {
        takeFromLog(pages, databasePages, isFinal: true)
    }

    private func takeFromLog(_ pages: PageSet, _ databasePages: PageCount, isFinal: Bool) {
        let shape = ImageShape(pageSize: pages.pageSize, pageCount: databasePages)
        if let known = walk?.pageSize ?? image?.shape.pageSize, known != pages.pageSize {
            // The log belongs to another database than the one that was captured.
            return doubt(.replaced)
        }
        if var image {
            image.shape = shape
            for index in pages.numbers.indices where pages.numbers[index] == PageNumber(1) {
                image.take(pageOne: pages[index])
            }
            self.image = image
        }
        if walk?.purpose == .audit { walk = nil }
        walk?.took(pages, shape: shape)
        audit.isWanted = true
        if let walk, walk.needsFreshStart { return emit(pages, walk) }
        put(
            .changes(
                Changes(
                    file: file,
                    time: .now,
                    event: .commit,
                    shape: shape,
                    pages: pages,
                    isFinal: isFinal,
                    closesUnfinished: isFinal && walk == nil
                )
            )
        )
    }
}
