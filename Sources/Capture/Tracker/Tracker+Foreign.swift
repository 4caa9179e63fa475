import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// Programs that write a database in WAL mode without SQLite.
extension Tracker {
    /// Looks who has written the file. Without a log nobody but a checkpoint that is over can have, before
    /// the log was deleted, and then the file begins with the first page of the last commit.
    func seeOrigin() throws -> ContentSight? {
        guard log == nil, suspendedLog == nil, let known = image else { return nil }
        let file = try OpenFile(path, .look)
        let stamp = ContentStamp(try file.status())
        var pages = PageSet(pageSize: known.shape.pageSize)
        try file.read([PageNumber(1)], into: &pages, &context.scratch)
        var now = ObservedImage(shape: known.shape)
        if !pages.isEmpty { now.take(pageOne: pages[0]) }
        return ContentSight(known: known, found: now, stamp: stamp)
    }

    /// Whoever writes through a log has made it before: decided when the events were read.
    func origin(_ sight: ContentSight) -> ContentSight.Origin {
        guard log == nil, suspendedLog == nil, scan == nil, image?.pageOne == sight.known.pageOne,
            image?.changeCounter == sight.known.changeCounter, !journal.hasNews
        else { return .unclear }
        return sight.origin(checkpointed: checkpointed)
    }
}

/// What the file looked like, and what was known of it.
struct ContentSight {
    let known: ObservedImage
    let found: ObservedImage
    let stamp: ContentStamp

    enum Origin {
        /// A checkpoint: it writes what the log told already.
        case checkpoint
        /// Another program, for it was written after the last log had gone, or does not begin as the last
        /// commit does.
        case foreign
        /// Events told of commits meanwhile: ask again.
        case unclear
    }

    /// Who has written it, while nothing else is known to have happened. `checkpointed`: what it was when the
    /// last log had gone.
    func origin(checkpointed: ContentStamp?) -> Origin {
        if let checkpointed, checkpointed != stamp { return .foreign }
        guard found.changeCounter == known.changeCounter else { return .foreign }
        // All was compared, and since then there was no log that a checkpoint could have written.
        guard let pageOne = known.pageOne else { return checkpointed == nil ? .foreign : .checkpoint }
        return found.pageOne == pageOne ? .checkpoint : .foreign
    }
}
