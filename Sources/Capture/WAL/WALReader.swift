import LinuxSystem
import RepositoryWriter
import SQLiteFiles
import SystemPackage

/// Reads a log and its wal-index, without a lock, and decides nothing.
struct WALReader {
    /// A commit, and the number of frames up to its end, from the log's start.
    typealias Commit = (pages: PageSet, databasePages: PageCount, end: Int)

    let log: PinnedFile
    var index: WALIndexFile
    /// The bytes of the chunk that remain for the current call.
    private(set) var chunk = 0
    /// The size of the frames behind the last commit that the last pass has gone through: an open
    /// transaction, or remains.
    var unfinishedBytes = 0

    /// Pages of one transaction held in memory; a larger one is read twice.
    static let heldBytes = 2 << 20
    /// The number of bytes read in one call: some milliseconds, for which other files wait.
    private static let chunkBytes = 4 << 20
    /// The number of frame headers that are read in one call.
    static let chunkHeaders = 1 << 12
    /// A longer log is not counted, in bytes.
    private static let countedBytes: UInt64 = 64 << 20

    init(_ log: PinnedFile, indexPath: FilePath) {
        self.log = log
        index = WALIndexFile(indexPath, beside: log)
    }

    /// Others had their turn.
    mutating func beginChunk() { chunk = Self.chunkBytes }

    /// Whether the chunk is used up.
    var isOverChunk: Bool { chunk <= 0 }

    /// Goes to the next valid frame; false when there is none.
    mutating func next(_ frames: inout FrameCursor, _ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        let isFrame = try frames.next(log, &scratch, &chunk)
        unfinishedBytes = frames.unfinishedBytes
        return isFrame
    }

    /// Reads these frames of the chain as they are; false when one is missing.
    mutating func readFrames(
        _ range: Range<Int>,
        of chain: WALChain,
        into scratch: inout [UInt8]
    ) throws(SystemError) -> Bool {
        let count = range.count * chain.frameBytes
        chunk -= count
        return try log.file.read(into: &scratch, count: count, at: chain.offset(ofFrame: range.lowerBound))
            == count
    }

    /// The header, nil while there is none or a part of one.
    func header(_ scratch: inout [UInt8]) throws(SystemError) -> WALHeader? {
        let got = try log.file.read(into: &scratch, count: WALLayout.headerBytes, at: 0)
        guard got == WALLayout.headerBytes else { return nil }
        return try? unsafe WALHeader(scratch.span.bytes.extracting(0..<got))
    }

    /// Whether the header still has the salts of the chain's generation.
    func isInGeneration(_ chain: WALChain, _ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        try header(&scratch)?.hasSalts(of: chain) == true
    }

    /// The header of a frame; nil behind the end of the file.
    func frameHeader(
        _ frame: Int,
        _ chain: WALChain,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> WALFrameHeader? {
        let offset = chain.offset(ofFrame: frame)
        let got = try log.file.read(into: &scratch, count: WALLayout.frameHeaderBytes, at: offset)
        return unsafe WALFrameHeader(scratch.span.bytes.extracting(0..<got))
    }

    /// Whether the last frame before `end` is still in the log as it was read.
    func has(
        _ end: WALChain,
        _ position: LogPosition,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Bool {
        guard end.frameCount > 0 else { return true }
        guard let frame = try frameHeader(end.frameCount - 1, end, &scratch) else { return false }
        return position.isLast(frame, before: end)
    }

    /// Whether a frame that SQLite left empty follows the chain. Only a wal-index could explain it.
    func hasEmptyFrame(behind chain: WALChain, _ scratch: inout [UInt8]) throws(SystemError) -> Bool {
        try frameHeader(chain.frameCount, chain, &scratch)?.salts.areEmpty ?? false
    }

    /// The wal-index, if it counts frames behind `chain` that are of its generation and in the log.
    ///
    /// An index that no process uses is not evidence. After a power loss it may count more than the log has.
    /// The next process that opens the database rebuilds it from the frames that chain. Beside a log without
    /// a name it was used to the end.
    mutating func indexBeyond(
        _ chain: WALChain,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> WALIndexHeader? {
        guard let header = try index.read(&scratch), header.hasSalts(of: chain),
            header.pageSize == chain.pageSize, Int(header.lastFrame) > chain.frameCount,
            !log.isNamed || index.isUsed,
            try log.file.status().sizeBytes >= chain.offset(ofFrame: Int(header.lastFrame))
        else { return nil }
        return header
    }

    /// The first commits behind `start`, up to the given numbers of commits and frames, without regard to
    /// checksums. Nil when a frame is missing or belongs to another generation.
    func unchained(
        behind start: WALChain,
        frames: Int,
        commits mostCommits: Int = .max,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> [Commit]? {
        var commits: [Commit] = []
        var pages = PageSet(pageSize: start.pageSize)
        for frame in start.frameCount..<start.frameCount + frames where commits.count < mostCommits {
            let offset = start.offset(ofFrame: frame)
            let got = try log.file.read(into: &scratch, count: start.frameBytes, at: offset)
            let bytes = unsafe scratch.span.bytes.extracting(0..<got)
            guard got == start.frameBytes, let header = WALFrameHeader(bytes),
                header.salts == start.salts || header.salts.areEmpty
            else { return nil }
            pages.append(header.page, bytes.extracting(WALLayout.frameHeaderBytes..<got))
            guard let databasePages = header.committedDatabasePages else { continue }
            commits.append((pages, databasePages, frame + 1))
            pages = PageSet(pageSize: start.pageSize)
        }
        return commits
    }
}

// What a log holds, whatever was consumed of it
extension WALReader {
    /// The log's page size where it decides: SQLite reads through the log, so commits in it count whatever
    /// the file's own header says.
    mutating func pageSize(
        unless known: PageSize?,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> PageSize? {
        guard let header = try header(&scratch), header.pageSize != known else { return nil }
        guard known != nil else { return header.pageSize }
        return try hasCommit(under: header, &scratch) ? header.pageSize : nil
    }

    /// Whether the generation under `header` has a commit.
    private mutating func hasCommit(
        under header: WALHeader,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Bool {
        let start = WALChain(header: header)
        // Usually the index shows it at once.
        if let known = try index.read(&scratch), known.hasSalts(of: start), known.lastFrame > 0 {
            return true
        }
        var frames = FrameCursor(behind: start)
        while try next(&frames, &scratch) {
            if frames.databasePages != nil { return true }
        }
        return false
    }

    /// The number of commits in the log, if none came before them in it. Nil when the log was reset since it
    /// was created, or is too long to be counted at once.
    mutating func commitsSinceMade(_ scratch: inout [UInt8]) throws(SystemError) -> Int? {
        guard let header = try header(&scratch) else { return 0 }
        guard header.checkpointSequence == 0, try log.file.status().sizeBytes <= Self.countedBytes else {
            return nil
        }
        var commits = 0
        var frames = FrameCursor(behind: WALChain(header: header))
        while try next(&frames, &scratch) {
            if frames.databasePages != nil { commits += 1 }
        }
        return commits
    }

    /// Adds the pages of the frames that the chain has verified, from `first` on. Returns the frame from
    /// which the next call continues; nil when all are added.
    func addPages(
        of chain: WALChain?,
        from first: Int,
        to pages: inout PageBitmap,
        _ scratch: inout [UInt8]
    ) throws(SystemError) -> Int? {
        guard let chain else { return nil }
        let end = min(chain.frameCount, first + Self.chunkHeaders)
        for frame in first..<max(first, end) {
            guard let header = try frameHeader(frame, chain, &scratch) else { return nil }
            pages.insert(header.page)
        }
        return end < chain.frameCount ? end : nil
    }
}
