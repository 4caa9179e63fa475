import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// The pages that one finished transaction may have changed, according to its rollback journal:
/// 1. Those in the journal.
/// 2. Those that were leaves of the freelist. SQLite does not journal a page without content.
/// 3. Those beyond the previous size of the database. The file may be longer (SQLITE_FCNTL_CHUNK_SIZE, or a
///    writer that was killed before it cut the file): SQLite does not journal what is behind the database.
///
/// To use a leaf, SQLite changes its trunk, so the journal has the trunk's pre-image. Every pre-image that
/// could be a trunk counts as one. Naming too many pages is harmless.
struct JournalEvidence {
    /// In no order, some more than once.
    fileprivate(set) var pages: [PageNumber] = []
    /// The file change counter before the transaction; nil when page 1 was not journalled.
    private(set) var counterBefore: UInt32?
    /// The digest of page 1 before the transaction.
    private(set) var pageOneBefore: UInt64?
    /// The size of the file before the transaction.
    fileprivate(set) var originalPages = PageCount(0)
    /// The size of the database before the transaction, according to its header; nil when that does not say.
    private var databasePages: PageCount?
    /// The super-journal that it shares with other databases' journals, if the transaction was over several.
    fileprivate(set) var superJournal: SuperJournalName?

    /// A longer list would need too much memory: the whole file is compared instead.
    static let mostPages = 1 << 18

    fileprivate init() {}

    /// That of some pre-images. `originalPages`: the size of the file before the transaction.
    init(_ preimages: borrowing PageSet, originalPages: PageCount) {
        self.originalPages = originalPages
        for index in preimages.numbers.indices { take(preimages.numbers[index], preimages[index]) }
    }

    /// The pages up to here were journalled before they were changed, apart from leaves of the freelist.
    var journalledPages: PageCount { min(originalPages, databasePages ?? originalPages) }

    fileprivate mutating func take(_ page: PageNumber, _ preimage: RawSpan) {
        pages.append(page)
        if page == PageNumber(1), preimage.byteCount >= DatabaseLayout.headerBytes {
            counterBefore = preimage.bigEndianUInt32(at: DatabaseLayout.changeCounter)
            pageOneBefore = ImageDigest.part(page, preimage)
            databasePages = (try? DatabaseHeader(preimage))?.trustedPageCount
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

/// Reads a journal without a name in chunks, since it is as long as the transaction was.
struct JournalReading {
    /// The number of bytes read in one call: some milliseconds, for which other files wait.
    static let chunkBytes = 4 << 20

    private let journal: PinnedFile
    private var scanner: JournalScanner
    private var size: PageSize?
    private var evidence = JournalEvidence()
    private let fileBytes: UInt64
    /// The end of the last record so far.
    private var recordsEnd: UInt64 = 0

    enum Progress {
        case unfinished
        /// Nil when the evidence is not certain.
        case ended(JournalEvidence?)
    }

    init?(_ journal: PinnedFile) {
        guard let status = try? journal.file.status() else { return nil }
        self.journal = journal
        fileBytes = status.sizeBytes
        scanner = JournalScanner(fileBytes: fileBytes, purpose: .names)
    }

    /// Continues reading, at most `chunk` bytes, and subtracts them from it.
    mutating func goOn(_ chunk: inout Int, _ scratch: inout [UInt8]) -> Progress {
        while let range = scanner.wanted {
            guard chunk > 0 else { return .unfinished }
            guard range.count <= scratch.count, evidence.pages.count <= JournalEvidence.mostPages,
                let got = try? journal.file.read(into: &scratch, count: range.count, at: range.lowerBound)
            else { return .ended(nil) }
            chunk -= range.count
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
        // The super-journal's name would follow the records.
        if recordsEnd < fileBytes { evidence.superJournal = superJournalName(&scratch) }
        return .ended(size != nil && scanner.isComplete ? evidence : nil)
    }

    /// The super-journal that it names.
    func superJournalName(_ scratch: inout [UInt8]) -> SuperJournalName? {
        try? journal.file.superJournalName(&scratch)
    }
}
