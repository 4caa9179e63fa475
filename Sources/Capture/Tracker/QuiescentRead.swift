import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles

/// What may have changed since the last capture.
enum ChangedPages: Equatable {
    case nothing
    case named([PageNumber], transactions: Int)
    /// `transactions`: how many, where that is certain.
    case everything(transactions: Int?, isExplained: Bool)

    var transactions: Int? {
        switch self {
        case .nothing: nil
        case .named(_, let count): count
        case .everything(let count, _): count
        }
    }
}

/// Pages of one state of the file, and its size.
struct QuiescentImage {
    private(set) var pages: PageSet
    let shape: ImageSize

    /// What pre-images are read in.
    private static let chunkBytes = 1 << 20

    /// Reads what may have changed; nil when nothing has. `known`: the page size of the last capture.
    static func read(
        _ changed: ChangedPages,
        _ window: QuiescentWindow,
        _ hot: HotJournal?,
        _ file: borrowing OpenFile,
        known: PageSize,
        _ bounds: ImageBounds,
        _ scratch: inout [UInt8]
    ) throws -> QuiescentImage? {
        switch changed {
        case .nothing: return nil
        case .named(let numbers, _):
            let shape = try bounds.shape(known, window)
            var pages = PageSet(pageSize: known, reservingPages: numbers.count)
            try file.read(numbers, into: &pages, &scratch)
            return QuiescentImage(pages: pages, shape: shape)
        case .everything:
            if let hot { return try read(under: hot, file, &scratch) }
            let size = window.parsedHeader?.pageSize ?? known
            let shape = try bounds.shape(size, window)
            var pages = PageSet(pageSize: size, reservingPages: Int(shape.pageCount.rawValue))
            try file.readAll(shape, into: &pages, &scratch)
            return QuiescentImage(pages: pages, shape: shape)
        }
    }

    /// Reads all pages that the database had before a dead writer's transaction, and lays the pre-images over
    /// them.
    private static func read(
        under hot: HotJournal,
        _ file: borrowing OpenFile,
        _ scratch: inout [UInt8]
    ) throws -> QuiescentImage {
        var image = QuiescentImage(pages: PageSet(pageSize: hot.pageSize), shape: hot.shape)
        try file.readAll(hot.shape, into: &image.pages, &scratch)
        // Of a page that comes twice the later content counts, also where pages are handed over.
        while !hot.isRead {
            let preimages = try hot.next(limit: chunkBytes, &scratch)
            for index in preimages.numbers.indices {
                image.pages.append(preimages.numbers[index], preimages[index])
            }
        }
        return image
    }
}

/// What was read in a quiescent window, and what was known before.
struct QuiescentRead: ~Copyable {
    let image: QuiescentImage?
    let file: OpenFile
    let window: QuiescentWindow
    let changed: ChangedPages
    /// Writes that events had told of before.
    let writes: Int
}
