package import LinuxSystem
package import RepositoryFormat

/// The changes that one scan of a protected file found: the pages that may differ, and the image's new size.
package struct Changes: Sendable {
    package var file: FileID
    /// The time when they were seen or committed.
    package var time: Instant
    package var event: SnapshotEvent
    /// The number of transactions in it, where that is known and not implied by the event; else 0.
    package var coalesced: Int
    /// The image's size after these changes. Its page size is that of `pages`.
    package var shape: ImageSize
    /// The image before is dropped: pages that are not given are zero. Needed when the page size changes.
    package var startsFresh: Bool
    package var pages: PageSet
    /// False: a part of an unfinished snapshot; more follows.
    package var isFinal: Bool
    /// Whether final changes also end an unfinished snapshot of the file, if there is one. Otherwise they
    /// only add to it. Fresh starts and deletions end it in any case, since they need nothing of it.
    package var closesUnfinished: Bool
    /// Whether the root as a whole can be restored as of it. Not within a transaction over several files.
    var isConsistentPoint: Bool

    /// How many transactions they add to an unfinished snapshot.
    package var transactions: Int { event == .commit && coalesced == 0 ? 1 : coalesced }

    package init(
        file: FileID,
        time: Instant,
        event: SnapshotEvent,
        coalesced: Int = 0,
        shape: ImageSize,
        startsFresh: Bool = false,
        pages: PageSet,
        isFinal: Bool = true,
        closesUnfinished: Bool = false,
        isConsistentPoint: Bool = true
    ) {
        self.file = file
        self.time = time
        self.event = event
        self.coalesced = coalesced
        self.shape = shape
        self.startsFresh = startsFresh
        self.pages = pages
        self.isFinal = isFinal
        self.closesUnfinished = closesUnfinished
        self.isConsistentPoint = isConsistentPoint
    }
}
