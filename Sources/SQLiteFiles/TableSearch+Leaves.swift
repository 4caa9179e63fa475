// The leaves of a table's b-tree, from its interior pages alone.
//
// The rule, besides that of `TableSearch`:
// 1. All leaves have the same depth (sqlite.org/fileformat2.html, section 1.6).
// 2. The keys of an interior page ascend, and are within the rowids that its parent gives it.
extension TableSearch {
    /// A page with the rowids that rows in it or below it can have.
    package struct Node: Hashable, Sendable {
        package let page: PageNumber
        package let rowIDs: ClosedRange<Int64>
    }

    package struct Tree: Sendable {
        /// Ascending by rowid.
        package fileprivate(set) var leaves: [Node]
        package fileprivate(set) var interior = PageBitmap()
    }

    /// `read` returns a page; its errors are rethrown. Returns nil if the pages are no such b-tree.
    package static func tree<Failure: Error>(
        root: PageNumber,
        usableBytes: Int,
        read: (PageNumber) throws(Failure) -> [UInt8]
    ) throws(Failure) -> Tree? {
        var tree = Tree(leaves: [Node(page: root, rowIDs: .min ... .max)])
        for _ in 0..<deepest {
            // Of the leaves only the first one is read.
            guard let first = tree.leaves.first, first.page.rawValue > 0 else { return nil }
            let page = try read(first.page)
            let start = first.page.rawValue == 1 ? DatabaseLayout.headerBytes : 0
            guard page.count > start else { return nil }
            if page[start] == leaf { return tree }
            var next: [Node] = []
            for node in tree.leaves {
                // A page that is in the tree twice would make it endless.
                guard node.page.rawValue > 0, !tree.interior.contains(node.page) else { return nil }
                let page = try read(node.page)
                guard let children = children(unsafe page.span.bytes, of: node, usableBytes) else {
                    return nil
                }
                tree.interior.insert(node.page)
                next += children
            }
            tree.leaves = next
        }
        return nil
    }

    /// Nil if it is no interior page.
    private static func children(_ page: RawSpan, of node: Node, _ usableBytes: Int) -> [Node]? {
        let start = node.page.rawValue == 1 ? DatabaseLayout.headerBytes : 0
        guard page.byteCount >= start + 12, usableBytes <= page.byteCount, page.byte(at: start) == interior
        else { return nil }
        let count = Int(page.bigEndianUInt16(at: start + 3))
        let pointers = start + 12
        guard pointers + 2 * count <= usableBytes else { return nil }
        var children: [Node] = []
        var lower = node.rowIDs.lowerBound
        for index in 0..<count {
            var offset = Int(page.bigEndianUInt16(at: pointers + 2 * index))
            guard offset + 4 <= usableBytes else { return nil }
            let child = PageNumber(page.bigEndianUInt32(at: offset))
            offset += 4
            guard let key = varint(page, &offset, usableBytes), key >= lower, key < node.rowIDs.upperBound
            else { return nil }
            children.append(Node(page: child, rowIDs: lower...key))
            lower = key + 1
        }
        let last = PageNumber(page.bigEndianUInt32(at: start + 8))
        return children + [Node(page: last, rowIDs: lower...node.rowIDs.upperBound)]
    }
}
