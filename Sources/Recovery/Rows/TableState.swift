import GRDB
import RepositoryReader
import SQLiteFiles

/// A table in an image: the pages on which it depends, and where its rows are.
struct TableState {
    /// Nil: the image is no database.
    let cookie: UInt32?
    /// Nil if the image cannot be attached as it is.
    let schema: AttachedSchema?
    private(set) var pages: PageBitmap
    /// Nil for a table without rowids.
    private let tree: TableSearch.Tree?

    /// There is no database. Any that follows begins with the first page.
    static let noDatabase: TableState = {
        var state = TableState(cookie: nil, schema: nil, pages: PageBitmap(), tree: nil)
        state.pages.insert(PageNumber(1))
        return state
    }()

    private init(cookie: UInt32?, schema: AttachedSchema?, pages: PageBitmap, tree: TableSearch.Tree?) {
        (self.cookie, self.schema, self.pages, self.tree) = (cookie, schema, pages, tree)
    }

    /// - Parameters:
    ///   - shape: nil if the image has no such table.
    ///   - uri: where SQLite finds the image.
    init(
        of shape: TableShape?,
        in image: PastImage,
        at uri: ImageURI,
        _ header: DatabaseHeader,
        _ schema: AttachedSchema?
    ) throws {
        cookie = header.schemaCookie
        self.schema = schema
        guard let shape else {
            (pages, tree) = (PageBitmap(), nil)
            return
        }
        var pages = PageBitmap()
        let root = try ImageDatabase(uri).read { database in
            try pages.insert(treeNamed: shape.name, in: database)
            return shape.rowIDName == nil ? nil : try database.rootPage(of: shape.name)
        }
        self.pages = pages
        tree = try root.flatMap { try Self.tree($0, image, header) }
    }

    private static func tree(
        _ root: PageNumber,
        _ image: PastImage,
        _ header: DatabaseHeader
    ) throws -> TableSearch.Tree? {
        var page = [UInt8](repeating: 0, count: header.pageSize.bytes)
        return try TableSearch.tree(root: root, usableBytes: header.usablePageBytes) { number throws in
            let place = number.byteOffset(pageSize: header.pageSize)
            let count = try image.read(into: &page, count: page.count, at: place)
            return count == page.count ? page : []
        }
    }

    /// No page of a damaged image is known not to matter.
    mutating func depend(onEveryPageOf image: PastImage, _ header: DatabaseHeader) {
        pages = .everyPage(of: image, header)
    }

    /// The rowids of rows that may differ in a later state with the same schema; nil: all may.
    ///
    /// - Parameter touched: the pages that may differ. All rows of other leaves that both states have are
    ///   equal, unless an overflow page differs.
    func rowIDs(differingIn next: TableState, _ touched: PageBitmap?) -> DifferingRowIDs? {
        guard let touched, let tree, let nextTree = next.tree else { return nil }
        let (leaves, nextLeaves) = (tree.leafPages, nextTree.leafPages)
        var overflow = pages
        overflow.subtract(leaves)
        overflow.subtract(tree.interior)
        guard !overflow.intersects(touched) else { return nil }
        let old = tree.leaves.filter { touched.contains($0.page) || !nextLeaves.contains($0.page) }
        let new = nextTree.leaves.filter { touched.contains($0.page) || !leaves.contains($0.page) }
        return DifferingRowIDs(old: old.map(\.rowIDs), new: new.map(\.rowIDs))
    }
}

extension TableSearch.Tree {
    fileprivate var leafPages: PageBitmap {
        var pages = PageBitmap()
        for leaf in leaves { pages.insert(leaf.page) }
        return pages
    }
}
