import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// The size and the header of the image that a scan gives, as far as they are known.
struct ScanImage {
    private(set) var shape: ImageSize
    /// Page 1 as last read, for its header.
    var header: DatabaseHeader?
    /// A transaction since the scan began has set the size.
    private var isOfTransaction = false

    /// `shape`: of the file, or of what is in the log.
    init(_ shape: ImageSize) {
        self.shape = shape
    }

    /// A transaction supplied these pages.
    mutating func took(_ pages: PageSet, shape: ImageSize) {
        learn(pages)
        self.shape = shape
        isOfTransaction = true
    }

    /// Takes the header if page 1 is one of those.
    mutating func learn(_ pages: PageSet) {
        for index in pages.numbers.indices where pages.numbers[index] == PageNumber(1) {
            if let header = try? DatabaseHeader(pages[index]) { self.header = header }
        }
    }

    /// Sets the size of the last commit that was in the log when the scan began. A later commit has set a
    /// newer one.
    mutating func learn(fromOverlay shape: ImageSize) {
        if !isOfTransaction { self.shape = shape }
    }

    /// A transaction was missed, which left the file so.
    mutating func missTransaction(_ shape: ImageSize, _ header: DatabaseHeader?) {
        (self.shape, self.header) = (shape, header)
    }
}
