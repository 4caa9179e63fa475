import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// How long a file is, and what it says of itself.
struct SizeAndHeader: Equatable {
    let sizeBytes: UInt64
    let header: DatabaseHeader?

    init(_ file: borrowing OpenFile, _ scratch: inout [UInt8]) throws(SystemError) {
        sizeBytes = try file.status().sizeBytes
        header = try DatabaseHeader(of: file, &scratch)
    }
}

extension CaptureOutbox {
    /// Hands over pages of the scan's snapshot.
    mutating func putPart(_ pages: PageSet, of scan: FileScan) {
        scan.image.learn(pages)
        putPart(pages, scan.image.shape, startsFresh: scan.snapshot.takeFreshStart())
    }
}

extension PageBitmap {
    init(_ pages: [PageNumber]) {
        self.init()
        for page in pages { insert(page) }
    }
}
