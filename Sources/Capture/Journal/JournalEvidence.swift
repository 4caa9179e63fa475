import LinuxSystem
import RepositoryFormat
import SQLiteFiles

/// What one finished transaction may have changed, as its rollback journal tells.
///
/// These pages may differ from before: those in the journal; those that were leaves of the freelist, since
/// SQLite does not journal a page without content; those beyond the size that the database had. Which
/// pages were leaves: a leaf is taken into use by changing its trunk, so that trunk is in the journal as it
/// was. Every pre-image that could be a trunk counts as one; naming too many pages is harmless.
struct JournalEvidence {
    /// In no order, some more than once.
    fileprivate(set) var pages: [PageNumber] = []
    /// The file change counter before the transaction; nil when page 1 was not journalled.
    private(set) var counterBefore: UInt32?
    /// The digest of page 1 before the transaction.
    private(set) var pageOneBefore: UInt64?
    /// The size of the database before the transaction.
    fileprivate(set) var originalPages = PageCount(0)
    /// What it has in common with the journals of other databases, when it was over several.
    fileprivate(set) var superJournal: SuperJournalName?

    /// More pages are not listed, which takes memory: the whole file is compared instead.
    static let mostPages = 1 << 18

    fileprivate init() {}

    fileprivate mutating func take(_ page: PageNumber, _ preimage: RawSpan) {
        pages.append(page)
        if page == PageNumber(1), preimage.byteCount >= DatabaseLayout.headerBytes {
            counterBefore = preimage.bigEndianUInt32(at: DatabaseLayout.changeCounter)
            pageOneBefore = ImageDigest.part(page, preimage)
        }
        guard
            let trunk = FreelistTrunk(
                page: preimage,
                usableBytes: preimage.byteCount,
                pageCount: originalPages
            )
        else { return }
        for index in 0..<trunk.leafCount { pages.append(trunk.leaf(at: index)) }
    }
}

/// The reading of a journal whose name is gone, in slices: it is as long as the transaction was.
struct JournalReading {
    /// About so much is read in one call, in bytes: some milliseconds, for other files wait meanwhile.
    static let sliceBytes = 4 << 20

    private let journal: PinnedFile
    private var scanner: JournalScanner
    private var size: PageSize?
    private var evidence = JournalEvidence()
    private let fileBytes: UInt64
    /// Where the last record so far ends.
    private var recordsEnd: UInt64 = 0

    enum Progress {
        case unfinished
        /// Nil when it does not tell for certain.
        case ended(JournalEvidence?)
    }

    init?(_ journal: PinnedFile) {
        guard let status = try? journal.file.status() else { return nil }
        self.journal = journal
        fileBytes = status.sizeBytes
        scanner = JournalScanner(fileBytes: fileBytes, purpose: .names)
    }

    /// Reads on, at most `slice` bytes, which it takes from that.
    mutating func goOn(_ slice: inout Int, _ scratch: inout [UInt8]) -> Progress {
        while let range = scanner.wanted {
            guard slice > 0 else { return .unfinished }
            guard range.count <= scratch.count, evidence.pages.count <= JournalEvidence.mostPages,
                let got = try? journal.file.read(into: &scratch, count: range.count, at: range.lowerBound)
            else { return .ended(nil) }
            slice -= range.count
            let bytes = unsafe scratch.span.bytes.extracting(0..<got)
            switch scanner.feed(bytes) {
            case .header(let header) where size == nil:
                size = header.pageSize
                evidence.originalPages = header.originalPageCount
            case .record(let page, let offset):
                let start = Int(offset - range.lowerBound)
                evidence.take(page, bytes.extracting(start..<start + (size?.bytes ?? 0)))
                recordsEnd = range.upperBound
            case .skipped(let page, _):
                evidence.pages.append(page)
                recordsEnd = range.upperBound
            case .header, .nothing, .end: break
            }
        }
        // Its name would stand behind them.
        if recordsEnd < fileBytes { evidence.superJournal = superJournalName(&scratch) }
        return .ended(size != nil && scanner.isComplete ? evidence : nil)
    }

    /// The super-journal that it names.
    func superJournalName(_ scratch: inout [UInt8]) -> SuperJournalName? {
        (try? journal.file.superJournalName(&scratch)) ?? nil
    }
}
