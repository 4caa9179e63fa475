import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

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

extension PageBitmap {
    init(_ pages: [PageNumber]) {
        self.init()
        for page in pages { insert(page) }
    }
}
