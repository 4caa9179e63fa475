import LinuxFiles
import Repository
import SQLiteFiles

/// What one finished transaction may have changed, as its rollback journal tells.
///
/// These pages may differ from before: those in the journal; those that were leaves of the freelist, since
/// SQLite does not journal a page without content; those beyond the size that the database had. Which
/// pages were leaves: a leaf is taken into use by changing its trunk, so that trunk is in the journal as it
/// was. Every pre-image that could be a trunk counts as one; naming too many pages is harmless.
struct JournalEvidence {
    /// In no order, some more than once.
    private(set) var pages: [PageNumber] = []
    /// The file change counter before the transaction; nil when page 1 was not journalled.
    private(set) var counterBefore: UInt32?
    /// The digest of page 1 before the transaction.
    private(set) var pageOneBefore: UInt64?
    /// The size of the database before the transaction.
    private(set) var originalPages = PageCount(0)

    /// More pages are not listed, which takes memory: the whole file is compared instead.
    static let mostPages = 1 << 18

    /// Reads a journal, normally one whose name is gone already. Nil when it does not tell for certain.
    init?(_ journal: borrowing OpenFile, _ scratch: inout [UInt8]) {
        guard let status = try? journal.status() else { return nil }
        var scanner = JournalScanner(fileBytes: status.sizeBytes, purpose: .names)
        var size: PageSize?
        while let range = scanner.wanted {
            guard range.count <= scratch.count, pages.count <= Self.mostPages,
                let got = try? journal.read(into: &scratch, count: range.count, at: range.lowerBound)
            else { return nil }
            let bytes = unsafe scratch.span.bytes.extracting(0..<got)
            switch scanner.feed(bytes) {
            case .header(let header) where size == nil:
                size = header.pageSize
                originalPages = header.originalPageCount
            case .record(let page, let offset):
                let start = Int(offset - range.lowerBound)
                take(page, bytes.extracting(start..<start + (size?.bytes ?? 0)))
            case .skipped(let page, _): pages.append(page)
            case .header, .nothing, .end: break
            }
        }
        guard size != nil, scanner.isComplete else { return nil }
    }

    private mutating func take(_ page: PageNumber, _ preimage: RawSpan) {
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
