import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// What the last captured state of a file looked like.
struct ObservedImage {
    var shape: ImageSize
    /// The file change counter; nil for what is not an intact database.
    var changeCounter: UInt32?
    /// The header says that changes go through a write-ahead log.
    var usesWAL = false
    /// Digest of page 1, where it was read as a whole.
    var pageOne: UInt64?

    init(shape: ImageSize) {
        self.shape = shape
    }

    init(shape: ImageSize, header: DatabaseHeader?) {
        self.shape = shape
        changeCounter = header?.changeCounter
        usesWAL = header?.usesWAL ?? false
    }

    /// A transaction has left these pages.
    mutating func take(_ pages: PageSet, shape: ImageSize) {
        self.shape = shape
        for index in pages.numbers.indices where pages.numbers[index] == PageNumber(1) {
            take(pageOne: pages[index])
        }
    }

    mutating func take(pageOne bytes: RawSpan) {
        guard let header = try? DatabaseHeader(bytes) else { return }
        changeCounter = header.changeCounter
        usesWAL = header.usesWAL
        pageOne = ImageDigest.part(PageNumber(1), bytes)
    }
}
