import LinuxSystem
import RepositoryWriter
import SQLiteFiles

/// How far one step of a log's overlay came.
enum OverlayOutcome: Equatable {
    /// The log has no commit.
    case empty
    /// The size of the database after the last commit.
    case commits(databasePages: PageCount)
    /// There is no room for the rest, or it takes longer than one call may: `collect` continues.
    case unfinished
    /// A reset began meanwhile: the delivered pages may be torn.
    case moved
}

/// The newest committed content of every page in a log, which is laid over a file that is compared. First the
/// last commit is searched, then the frames before it are read backwards. Both pause after a chunk.
struct LogOverlay {
    /// The search for the last commit; nil when it is over.
    private var search: LastCommitSearch?
    private var completion = CompletionProof()
    /// The pages that are still to be collected; nil when all are.
    private var uncollected: UncollectedPages?
    /// The number of commits that were in the log at the overlay; nil when it may have had others before.
    private(set) var commits: Int? = 0

    /// Whether the last commit is not found yet.
    var isSearching: Bool { search != nil }

    /// Whether it must be continued.
    var isUnderWay: Bool { search != nil || uncollected != nil }

    mutating func forget() { (search, uncollected) = (nil, nil) }

    /// Begins with the generation that is in the log. The result if there is none.
    mutating func begin(
        _ position: inout LogPosition,
        _ reader: inout WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> OverlayOutcome? {
        self = LogOverlay()
        search = try reader.header(&scratch).map(LastCommitSearch.init)
        return search == nil ? try Self.markEmpty(hasHeader: false, &position, &reader, &scratch) : nil
    }

    /// Continues the search for the last commit, and moves `position` there. Nil when it is found.
    mutating func findLastCommit(
        _ position: inout LogPosition,
        _ reader: inout WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> OverlayOutcome? {
        guard let isAtEnd = try search?.reachEnd(&reader, &scratch), let search else { return nil }
        guard try reader.isInGeneration(search.start, &scratch) else { return .moved }
        guard isAtEnd else { return .unfinished }
        var (last, count) = (search.last, search.commits)
        if let end = last?.end {
            position.move(to: search.previous?.end ?? search.start)
            let isComplete = try completion.isComplete(end, behind: position, &reader, &scratch)
            guard let isComplete else { return .unfinished }
            if !isComplete { (last, count) = (search.previous, count - 1) }
        }
        let chained = last?.end ?? search.start
        position.move(to: chained)
        if let index = try reader.indexBeyond(chained, &scratch), let known = index.chain {
            last = (known, index.databasePages)
            position.move(toKnown: known)
        }
        self.search = nil
        commits = search.header.checkpointSequence == 0 ? count : nil
        guard let last else { return try Self.markEmpty(hasHeader: true, &position, &reader, &scratch) }
        position.markIfAgreeing(try reader.index.read(&scratch))
        uncollected = UncollectedPages(before: last.end, last.databasePages)
        return nil
    }

    /// Marks what the wal-index counts beside a log that has no commit. Those commits are in the file, which
    /// is compared from here on.
    private static func markEmpty(
        hasHeader: Bool,
        _ position: inout LogPosition,
        _ reader: inout WALReader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> OverlayOutcome {
        let index = try reader.index.read(&scratch)
        let isEmpty = position.markEmpty(index, isUsed: reader.index.isUsed, hasHeader: hasHeader)
        return isEmpty ? .empty : .moved
    }

    /// Delivers pages behind those that were delivered, as long as there is room.
    mutating func collect(
        _ covered: inout PageBitmap,
        _ reader: inout WALReader,
        _ scratch: inout [UInt8],
        _ hasRoom: () -> Bool,
        _ deliver: (PageSet, _ databasePages: PageCount) -> Void
    ) throws(SystemError) -> OverlayOutcome {
        guard var pages = uncollected else { return .empty }
        let isWhole = try pages.collect(&covered, &reader, &scratch, hasRoom, deliver)
        // A reset writes the new header before it overwrites a frame.
        guard isWhole, try reader.isInGeneration(pages.end, &scratch) else { return .moved }
        uncollected = pages.isEmpty ? nil : pages
        return pages.isEmpty ? .commits(databasePages: pages.databasePages) : .unfinished
    }
}
