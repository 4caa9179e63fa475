import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// What a database in WAL mode looked like when somebody had written it, and what was known of it.
struct ContentSight {
    let known: ObservedImage
    let found: ObservedImage
    let stamp: ContentStamp

    init(_ path: FilePath, _ known: ObservedImage, _ scratch: inout [UInt8]) throws {
        self.known = known
        let file = try OpenFile(path, .protected)
        stamp = ContentStamp(try file.status())
        var pages = PageSet(pageSize: known.shape.pageSize)
        try file.read([PageNumber(1)], into: &pages, &scratch)
        var found = ObservedImage(shape: known.shape)
        if !pages.isEmpty { found.take(pageOne: pages[0]) }
        self.found = found
    }

    enum Origin {
        /// A checkpoint: it writes what the log told already.
        case checkpoint
        /// Another program, for it was written after the last log had gone, or does not begin as the last
        /// commit does.
        case foreign
        /// Events told of commits meanwhile: ask again.
        case unclear
    }

    /// Who has written it, while nothing else is known to have happened.
    ///
    /// Without a log nobody but a checkpoint that is over can have, before the log was deleted. Then the file
    /// begins with the first page of the last commit. `checkpointed`: what it was when the last log had gone.
    func origin(checkpointed: ContentStamp?) -> Origin {
        if let checkpointed, checkpointed != stamp { return .foreign }
        guard found.changeCounter == known.changeCounter else { return .foreign }
        // All was compared, and since then there was no log that a checkpoint could have written.
        guard let pageOne = known.pageOne else { return checkpointed == nil ? .foreign : .checkpoint }
        return found.pageOne == pageOne ? .checkpoint : .foreign
    }
}
