import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// The comparison of a file that goes on, and when the next one is due that only makes sure.
struct ScanCapture {
    private(set) var scan: FileScan?
    var audit = AuditSchedule()

    /// Time that one call spends on a scan.
    static let sliceTime = Duration.milliseconds(1)

    mutating func begin(_ scan: FileScan) { self.scan = scan }

    /// Whether one went on.
    mutating func end() -> Bool { scan.take() != nil }

    var isAuditing: Bool { scan?.purpose == .audit }

    /// Journals tell what changes meanwhile; a log does so by itself.
    var isWatchingJournals: Bool { scan.map { !$0.isOverLog && $0.purpose != .audit } ?? false }

    /// An audit expects that nothing happens; if something does, it was in vain.
    func isUndisturbed(_ pending: PendingEvents, _ journal: JournalWatch) -> Bool {
        guard let scan else { return true }
        return pending.lastActivity <= scan.began && pending.rescanReason == nil && !pending.isTouched
            && !journal.hasNews && !pending.log
    }

    /// What a look at the scan calls for.
    enum Step {
        case nothing
        /// The log's pages are to be collected first.
        case collect
        case mark(from: Int)
        case slice
        case end
    }

    /// What comes next. `log`: the log that is followed.
    func next(_ log: WALTail?) -> Step {
        guard let scan else { return .nothing }
        if scan.isOverLog, let log, log.isOverlaying { return .collect }
        if let first = scan.firstUnmarked, log != nil { return .mark(from: first) }
        return scan.isComplete ? .end : .slice
    }
}

/// How long a file is, and what it says of itself.
struct FileOutline: Equatable {
    let sizeBytes: UInt64
    let header: DatabaseHeader?

    init(_ file: borrowing OpenFile, _ scratch: inout [UInt8]) throws(SystemError) {
        sizeBytes = try file.status().sizeBytes
        let got = try file.read(into: &scratch, count: DatabaseLayout.headerBytes, at: 0)
        header = DatabaseHeader(front: scratch, got)
    }
}

extension CaptureOutbox {
    /// Hands over pages of the scan's snapshot.
    mutating func putPart(_ pages: PageSet, of scan: FileScan) {
        let shape = scan.knownShape
        for index in pages.numbers.indices where pages.numbers[index] == PageNumber(1) {
            scan.learn(pageOne: pages[index])
        }
        putPart(pages, shape, startsFresh: scan.needsFreshStart)
        scan.needsFreshStart = false
    }
}

extension FileScan {
    /// The outline of what it hands over.
    var knownShape: ImageSize { shape ?? ImageSize(pageSize: pageSize, pageCount: pageCount) }

    /// Commits that count for the next scan if this one is given up.
    var countGivenUp: MergedCommits {
        var count = merged
        count.add(transactions ?? 0)
        // An unfinished snapshot stays open, and so does its count; a base image does not.
        if purpose == .base { count.add(commitsTaken) }
        return count
    }

    /// Counts commits that were in the log when the scan began, should nothing of them be known; nil: nobody
    /// knows how many.
    func count(_ overlaidCommits: Int?) {
        guard isFreshStart || purpose == .base else { return }
        if let overlaidCommits { merged.add(overlaidCommits) } else { merged.addUnknown() }
    }
}

extension WALTail {
    /// The log's page size where it decides: SQLite reads through the log, so commits in it count whatever
    /// the file's own header says.
    func pageSize(unless known: PageSize?, _ scratch: inout [UInt8]) throws -> PageSize? {
        guard let header = try readHeader(&scratch), header.pageSize != known else { return nil }
        let isDecisive = try known == nil || hasCommit(under: header, &scratch)
        return isDecisive ? header.pageSize : nil
    }
}

extension PageBitmap {
    init(_ pages: [PageNumber]) {
        self.init()
        for page in pages { insert(page) }
    }
}
