/// The path from the root of a table's b-tree to a row (sqlite.org/fileformat2.html, section 1.6).
///
/// The rule:
/// 1. An interior page (type 5) has cells of a left child and the largest rowid below it. It also has a
///    right-most child.
/// 2. A leaf (type 13) has cells of payload size, rowid and payload.
/// 3. If a page is neither, or if a cell extends beyond its page, there is no path.
package enum TableSearch {
    static let interior: UInt8 = 0x05
    static let leaf: UInt8 = 0x0d
    /// No b-tree of 2^31 pages is deeper.
    static let deepest = 24

    /// The pages of the row with that rowid, or those where it would be: the path from the root, and its
    /// overflow pages.
    ///
    /// `read` returns a page; its errors are rethrown. Returns nil if the pages are no such b-tree.
    package static func pages<Failure: Error>(
        to rowID: Int64,
        root: PageNumber,
        usableBytes: Int,
        read: (PageNumber) throws(Failure) -> [UInt8]
    ) throws(Failure) -> PageBitmap? {
        var pages = PageBitmap()
        var number = root
        for _ in 0..<deepest {
            guard number.rawValue > 0 else { return nil }
            let page = try read(number)
            pages.insert(number)
            let start = number.rawValue == 1 ? DatabaseLayout.headerBytes : 0
            switch step(unsafe page.span.bytes, from: start, to: rowID, usableBytes) {
            case nil: return nil
            case .child(let child): number = child
            case .row(var overflow):
                // A longer chain is not a valid one.
                var rest = 1 << 16
                while let next = overflow, next.rawValue > 0 {
                    guard rest > 0, !pages.contains(next) else { return nil }
                    rest -= 1
                    pages.insert(next)
                    let content = try read(next)
                    guard content.count >= 4 else { return nil }
                    overflow = PageNumber(unsafe content.span.bytes.bigEndianUInt32(at: 0))
                }
                return pages
            }
        }
        return nil
    }

    private enum Step {
        case child(PageNumber)
        /// The leaf is reached. The row's first overflow page; nil if there is no such row, or if it has
        /// none.
        case row(overflow: PageNumber?)
    }

    private static func step(_ page: RawSpan, from start: Int, to rowID: Int64, _ usableBytes: Int) -> Step? {
        guard page.byteCount >= start + 12, usableBytes <= page.byteCount else { return nil }
        let type = page.byte(at: start)
        let count = Int(page.bigEndianUInt16(at: start + 3))
        let pointers = start + (type == interior ? 12 : 8)
        guard type == interior || type == leaf, pointers + 2 * count <= usableBytes else { return nil }
        for index in 0..<count {
            var offset = Int(page.bigEndianUInt16(at: pointers + 2 * index))
            if type == interior {
                guard offset + 4 <= usableBytes else { return nil }
                let child = PageNumber(page.bigEndianUInt32(at: offset))
                offset += 4
                guard let key = varint(page, &offset, usableBytes) else { return nil }
                if rowID <= key { return .child(child) }
            } else {
                guard let size = varint(page, &offset, usableBytes), size >= 0,
                    let key = varint(page, &offset, usableBytes)
                else { return nil }
                guard key == rowID else { continue }
                return overflow(page, Int(size), offset, usableBytes).map { .row(overflow: $0) }
            }
        }
        return type == leaf
            ? .row(overflow: nil) : .child(PageNumber(page.bigEndianUInt32(at: start + 8)))
    }

    /// The number of the first overflow page follows the local part of the payload. Page 0: the whole payload
    /// is local.
    private static func overflow(
        _ page: RawSpan,
        _ size: Int,
        _ offset: Int,
        _ usableBytes: Int
    ) -> PageNumber? {
        let most = usableBytes - 35
        guard size > most else { return PageNumber(0) }
        let least = (usableBytes - 12) * 32 / 255 - 23
        let surplus = least + (size - least) % (usableBytes - 4)
        let end = offset + (surplus <= most ? surplus : least)
        guard end + 4 <= usableBytes else { return nil }
        return PageNumber(page.bigEndianUInt32(at: end))
    }

    /// Up to nine bytes, the most significant first: seven bits each, all eight of the ninth.
    static func varint(_ page: RawSpan, _ offset: inout Int, _ end: Int) -> Int64? {
        var value: UInt64 = 0
        for index in 0..<9 {
            guard offset < end else { return nil }
            let byte = page.byte(at: offset)
            offset += 1
            if index == 8 { return Int64(bitPattern: value << 8 | UInt64(byte)) }
            value = value << 7 | UInt64(byte & 0x7f)
            if byte & 0x80 == 0 { return Int64(bitPattern: value) }
        }
        return nil
    }
}
