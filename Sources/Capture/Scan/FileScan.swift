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
    /// The number of journal events when it began.
    let journalEvents: Int
    let began = MonotonicInstant.now
    var pass: ScanPass
    var image: ScanImage
    var snapshot: ScanSnapshot
    /// Pages of transactions since the scan began, and those that are in the log.
    var covered = PageBitmap()
    /// For an audit: the first frame of the log whose page is not in `covered` yet; nil when all are.
    var firstUnmarked: Int?
    /// A dead writer's journal, until all of its pre-images are applied to the file.
    private var hotJournal: HotJournal?
    /// The identity and state of that journal.
    private(set) var hotStamp: ContentStamp?

    private static let longHoleBytes: UInt64 = 256 << 20

    /// `selection`: only these pages are compared, of so many transactions.
    init(
        _ purpose: Purpose,
        isOverLog: Bool,
        file: consuming OpenFile,
        mirror: consuming OpenFile?,
        shape: ImageSize,
        journalEvents: Int,
        selection: PageBitmap? = nil,
        transactions: Int = 0,
        isFreshStart: Bool = false
    ) {
        self.purpose = purpose
        self.isOverLog = isOverLog
        self.file = file
        self.mirror = mirror
        self.journalEvents = journalEvents
        pageSize = shape.pageSize
        let isBase = purpose == .base
        pass = ScanPass(shape, selection: selection, isForBase: isBase)
        image = ScanImage(shape)
        snapshot = ScanSnapshot(isBase: isBase, isFreshStart: isFreshStart, transactions: transactions)
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
    var isComplete: Bool { hotJournal == nil && pass.isComplete }

    /// A transaction was missed, which left the file so.
    func missTransaction(_ shape: ImageSize, _ header: DatabaseHeader?, _ now: MonotonicInstant) {
        image.missTransaction(shape, header)
        covered.removeAll()
        pass.missTransaction(now)
    }

    /// Begins to compare everything with the mirror, which contains everything delivered.
    func beginPass(_ mirror: consuming OpenFile?) {
        self.mirror = mirror
        covered.removeAll()
        pass.beginNext(image.shape.pageCount, .now)
    }

    /// A transaction supplied these pages.
    func took(_ pages: PageSet, shape: ImageSize) {
        for number in pages.numbers { covered.insert(number) }
        image.took(pages, shape: shape)
    }

    /// What a dead writer may have written without a journal is not compared. SQLite reads nothing of it.
    func passOver(_ evidence: JournalEvidence) {
        let pageCount = image.shape.pageCount
        for page in evidence.pages where pageCount.contains(page) { covered.insert(page) }
        covered.insert(pageCount.pages(behind: evidence.journalledPages))
    }

    /// The chunk, or the whole hole that contains it; nil when the chunk has data in the file or in the
    /// mirror.
    func hole(around chunk: Range<UInt32>) -> Range<UInt32>? {
        guard pass.selection == nil else { return nil }
        let offset = PageNumber(chunk.lowerBound).byteOffset(pageSize: pageSize)
        let data = [file.nextData(from: offset), mirror?.nextData(from: offset)].compactMap { $0?.lowerBound }
            .min()
        guard let data else { return chunk.lowerBound..<pass.end }
        let page = min(data / UInt64(pageSize.bytes) + 1, UInt64(pass.end))
        return page < chunk.upperBound ? nil : chunk.lowerBound..<UInt32(page)
    }

    /// Whether the chunk goes to the base image. The base ends at the first long hole, since it would have to
    /// contain every zero. Pages behind it are delivered as changes.
    func isForBase(_ chunk: Range<UInt32>) -> Bool {
        guard pass.isForBase else { return false }
        if chunk.lowerBound == 1 { return true }
        let size = UInt64(pageSize.bytes)
        if let hole = hole(around: chunk), UInt64(hole.count) * size > Self.longHoleBytes { pass.endBase() }
        return pass.isForBase
    }
}
