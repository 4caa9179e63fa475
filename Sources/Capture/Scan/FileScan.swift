import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// Compares a whole file with its mirror, chunk by chunk, while the file continues to change. For a file
/// without an image, it writes the file's base.
///
/// As in a live migration, pages that a transaction changes meanwhile arrive from the log or the journals.
/// They replace the pages of the chunks. When all chunks and every transaction up to a certain commit were
/// read, they are together the state at that commit.
final class FileScan {
    enum Purpose { case base, comparison, audit }

    let purpose: Purpose
    /// The write-ahead log supplies the changes; otherwise the journals do.
    let isOverLog: Bool
    let file: OpenFile
    private(set) var mirror: OpenFile?
    let pageSize: PageSize
    /// Of the file when the pass began.
    private(set) var pageCount: PageCount
    /// The first pass of a base reads everything; later ones compare with the mirror.
    private(set) var pass = 1
    private var passBegan = MonotonicInstant.now
    /// The next pass waits until then.
    private(set) var restsUntil: MonotonicInstant?
    /// A transaction was missed: all pages must be compared once more.
    private(set) var needsAnotherPass = false
    /// Only these pages are compared; nil: all.
    let selection: PageBitmap?
    /// The number of transactions of the selection.
    let transactions: Int?
    /// The number of journal events when it began.
    let journalEvents: Int
    let began = MonotonicInstant.now
    /// Commits in its snapshot that were not delivered one by one.
    var merged = MergedCommits()
    /// The number of commits delivered since it began.
    var commitsTaken = 0
    /// The commits that were in the log when it began are in `merged`.
    var hasCountedLog = false
    /// For an audit: the first frame of the log whose page is not in `covered` yet; nil when all are.
    var firstUnmarked: Int?
    /// A dead writer's journal, until all of its pre-images are applied to the file.
    private var hotJournal: HotJournal?
    /// The identity and state of that journal.
    private(set) var hotStamp: ContentStamp?

    private(set) var cursor = PageNumber(1)
    /// The base image has ended before the file.
    private var isBehindBase = false
    /// Pages of transactions since the scan began.
    private(set) var covered = PageBitmap()
    /// Whether a transaction has supplied any.
    private var hasTaken = false
    /// The image's size, as far as transactions have set it.
    private(set) var shape: ImageSize?
    /// The image has no predecessor, or one of another page size.
    let isFreshStart: Bool
    /// The same, and nothing of it was delivered yet.
    var needsFreshStart: Bool
    /// Page 1 as last read, for its header.
    var header: DatabaseHeader?

    init(
        _ purpose: Purpose,
        isOverLog: Bool,
        file: consuming OpenFile,
        mirror: consuming OpenFile?,
        pageSize: PageSize,
        pageCount: PageCount,
        journalEvents: Int,
        selection: PageBitmap? = nil,
        transactions: Int? = nil,
        isFreshStart: Bool = false
    ) {
        self.purpose = purpose
        self.isOverLog = isOverLog
        self.file = file
        self.mirror = mirror
        self.pageSize = pageSize
        self.pageCount = pageCount
        self.journalEvents = journalEvents
        self.selection = selection
        self.transactions = transactions
        self.isFreshStart = isFreshStart
        needsFreshStart = isFreshStart
    }

    /// The pre-images of this journal replace the content of the file.
    func layOver(_ journal: HotJournal?) {
        hotJournal = journal
        hotStamp = journal?.stamp
    }

    var isLayingHotJournal: Bool { hotJournal != nil }

    /// The next pre-images; nil when all were taken.
    func nextPreimages(limit: Int, _ scratch: inout [UInt8]) throws(SystemError) -> PageSet? {
        guard let journal = hotJournal else { return nil }
        let pages = try journal.next(limit: limit, &scratch)
        if journal.isRead { hotJournal = nil }
        return pages
    }

    /// Whether every page was read.
    var isComplete: Bool { hotJournal == nil && cursor.rawValue > pageCount.rawValue }

    /// A transaction was missed: the pages that were read and delivered so far may be old.
    ///
    /// The first pass continues, because a base needs all pages. A later one is ended, and the next begins
    /// after a pause. Beside a writer that hardly ever pauses, repeating the pass faster does not end the
    /// scan.
    func breakChain(_ shape: ImageSize, _ now: MonotonicInstant) {
        self.shape = shape
        covered.removeAll()
        guard !needsAnotherPass else { return }
        needsAnotherPass = true
        guard pass > 1 else { return }
        cursor = pageCount.end ?? cursor
        restsUntil = now.advanced(by: passBegan.duration(to: now) * 3)
    }

    /// Begins to compare everything with the mirror, which contains everything delivered.
    func beginPass(_ mirror: consuming OpenFile?) {
        self.mirror = mirror
        pass += 1
        passBegan = .now
        restsUntil = nil
        needsAnotherPass = false
        cursor = PageNumber(1)
        covered.removeAll()
        if let shape { pageCount = shape.pageCount }
    }

    /// A transaction supplied these pages.
    func took(_ pages: PageSet, shape: ImageSize) {
        for index in pages.numbers.indices {
            covered.insert(pages.numbers[index])
            if pages.numbers[index] == PageNumber(1) { learn(pageOne: pages[index]) }
        }
        self.shape = shape
        hasTaken = true
    }

    /// Sets the current content of page 1.
    func learn(pageOne bytes: RawSpan) {
        if let header = try? DatabaseHeader(bytes) { self.header = header }
    }

    /// Marks pages that the log contains.
    func cover<Result>(_ body: (inout PageBitmap) throws -> Result) rethrows -> Result {
        try body(&covered)
    }

    /// Sets the size according to the file or the log.
    func learn(_ shape: ImageSize) {
        self.shape = shape
    }

    /// Sets the size of the last commit that was in the log when the scan began. A later commit has set a
    /// newer one.
    func learn(fromOverlay shape: ImageSize) {
        if !hasTaken { self.shape = shape }
    }

    /// Pages of the next chunk: at most `limit` bytes from the cursor on.
    func nextChunk(limit: Int) -> Range<UInt32> {
        let end = pageCount.end?.rawValue ?? .max
        let first = selection == nil ? cursor.rawValue : selection?.first(from: cursor)?.rawValue ?? end
        guard first < end else { return end..<end }
        let count = selection == nil ? max(1, limit / pageSize.bytes) : 1
        return first..<min(PageNumber(first).advanced(by: count)?.rawValue ?? end, end)
    }

    /// The chunk, or the whole hole that contains it; nil when the chunk has data in the file or in the
    /// mirror.
    func hole(around chunk: Range<UInt32>) -> Range<UInt32>? {
        guard selection == nil else { return nil }
        let offset = PageNumber(chunk.lowerBound).byteOffset(pageSize: pageSize)
        let data = [file.nextData(from: offset), mirror?.nextData(from: offset)].compactMap { $0?.lowerBound }
            .min()
        let end = pageCount.end?.rawValue ?? .max
        guard let data else { return chunk.lowerBound..<end }
        let page = min(data / UInt64(pageSize.bytes) + 1, UInt64(end))
        return page < chunk.upperBound ? nil : chunk.lowerBound..<UInt32(page)
    }

    /// Whether the chunk goes to the base image. The base ends at the first long hole, since it would have to
    /// contain every zero. Pages behind it are delivered as changes.
    func isForBase(_ chunk: Range<UInt32>) -> Bool {
        guard purpose == .base, pass == 1, !isBehindBase else { return false }
        if chunk.lowerBound == 1 { return true }
        let size = UInt64(pageSize.bytes)
        if let hole = hole(around: chunk), UInt64(hole.count) * size > Self.longHoleBytes {
            isBehindBase = true
        }
        return !isBehindBase
    }

    private static let longHoleBytes: UInt64 = 256 << 20

    func advance(past chunk: Range<UInt32>) {
        cursor = PageNumber(chunk.upperBound)
    }

    /// The pages of a chunk that differ from the mirror and that no transaction supplied. A page of the
    /// mirror that is not as it was written counts as different. `isProven`: whether the mirror's page is as
    /// it was written.
    func differences(
        _ chunk: Range<UInt32>,
        _ bytes: [UInt8],
        count: Int,
        _ mirrorBytes: [UInt8],
        count mirrorCount: Int,
        isProven: (PageNumber, RawSpan) -> Bool
    ) -> PageSet {
        let content = unsafe bytes.span.bytes.extracting(0..<count)
        let mirrored = unsafe mirrorBytes.span.bytes.extracting(0..<mirrorCount)
        var pages = PageSet(pageSize: pageSize)
        for number in chunk where !covered.contains(PageNumber(number)) {
            let start = Int(number - chunk.lowerBound) * pageSize.bytes
            guard start < count else { break }
            let end = min(start + pageSize.bytes, count)
            let page = content.extracting(start..<end)
            if end <= mirrorCount, page.isEqual(to: mirrored.extracting(start..<end)),
                isProven(PageNumber(number), page)
            {
                continue
            }
            pages.append(PageNumber(number), page)
        }
        return pages
    }
}
