import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// What of a file is handed over, in its order. Commits for which the queue has no room are kept back, and
/// handed over before anything that comes after them.
struct CaptureOutbox {
    let file: FileID
    private let queue: CaptureQueue
    /// Commits that wait for room in the queue.
    private var backlog: LogBacklog?
    /// Parts of a large commit were handed over, its end was not.
    private var isAmidCommit = false
    /// A comparison goes on: what is handed over belongs to the snapshot that ends it.
    private var isAmidScan = false

    init(_ file: FileID, _ queue: CaptureQueue) {
        self.file = file
        self.queue = queue
    }

    mutating func scanBegins() { isAmidScan = true }

    mutating func scanEnds() { isAmidScan = false }

    var hasBacklog: Bool { backlog != nil }

    /// Room for one more commit. Commits amid a scan become one snapshot with it, so they need not be queued
    /// one by one.
    var queueHasRoom: Bool { isAmidScan ? queue.hasRoomForScan : queue.hasRoom }

    /// Room in the queue or beside it.
    var hasRoom: Bool { queueHasRoom || !(backlog?.isFull ?? false) }

    mutating func put(_ step: CaptureStep) {
        putBacklog()
        queue.put(step)
    }

    mutating func put(_ changes: Changes) { put(.changes(changes)) }

    /// Hands over what was kept back, before anything that comes after it.
    mutating func putBacklog() {
        guard let kept = backlog.take() else { return }
        queue.put(
            .changes(
                Changes(
                    file: file,
                    time: kept.time,
                    event: kept.commits == 1 ? .commit : .scan,
                    coalesced: kept.commits == 1 ? 0 : kept.commits,
                    shape: kept.shape,
                    pages: kept.pages,
                    closesUnfinished: !isAmidScan
                )
            )
        )
    }

    /// Single commits may have been missed since then.
    mutating func putGap(since: Instant, _ reason: String) {
        put(.gapSuspected(file, since: since, reason: reason))
    }

    /// The file is not there any more, or no protected file.
    mutating func putDeletion(_ pageSize: PageSize) {
        put(
            Changes(
                file: file,
                time: .now,
                event: .deleted,
                shape: .empty(pageSize),
                pages: PageSet(pageSize: pageSize)
            )
        )
    }
}

// Commits of a log
extension CaptureOutbox {
    /// Parts of a commit come now, and cannot be kept back.
    mutating func commitBegins() { isAmidCommit = true }

    /// Hands over a commit, or a part of one; keeps it back when there is no room.
    mutating func putCommit(_ pages: PageSet, _ shape: ImageSize, isFinal: Bool) {
        if isFinal, !isAmidCommit, !queueHasRoom { return keepBack(pages, shape) }
        if isFinal { isAmidCommit = false }
        put(
            Changes(
                file: file,
                time: .now,
                event: .commit,
                shape: shape,
                pages: pages,
                isFinal: isFinal,
                closesUnfinished: isFinal && !isAmidScan
            )
        )
    }

    private mutating func keepBack(_ pages: PageSet, _ shape: ImageSize) {
        if backlog == nil {
            backlog = LogBacklog(pages, shape: shape)
        } else {
            backlog?.add(pages, shape: shape)
        }
    }
}

// Parts of a scan's snapshot
extension CaptureOutbox {
    /// Hands over pages of a snapshot that is not whole yet.
    mutating func putPart(_ pages: PageSet, _ shape: ImageSize, startsFresh: Bool = false) {
        put(
            Changes(
                file: file,
                time: .now,
                event: .scan,
                shape: shape,
                startsFresh: startsFresh,
                pages: pages,
                isFinal: false
            )
        )
    }

    /// From here to the scan's end all belongs to one snapshot: a commit that comes before the first page
    /// that differs was found is no state by itself. `known`: the size of what was handed over so far,
    /// which must not be cut: the scan has its mirror open already.
    mutating func openSnapshot(_ known: ImageSize) {
        putPart(PageSet(pageSize: known.pageSize), known)
    }

    /// Commits that are in the unfinished snapshot already.
    mutating func putCount(_ count: Int, _ shape: ImageSize) {
        let nothing = PageSet(pageSize: shape.pageSize)
        put(
            Changes(file: file, time: .now, event: .scan, coalesced: count, shape: shape, pages: nothing)
        )
    }
}
