package import SQLiteFiles

/// The size of an image: its page size, and its length in bytes.
///
/// The last page may be partial. It is padded with zeros wherever whole pages are hashed or compared.
package struct ImageSize: Hashable, Sendable {
    package let pageSize: PageSize
    package let byteCount: UInt64

    /// Nil when there would be more pages than `PageCount.maximum`.
    package init?(pageSize: PageSize, byteCount: UInt64) {
        guard byteCount <= PageCount.maximum.byteCount(pageSize: pageSize) else { return nil }
        self.pageSize = pageSize
        self.byteCount = byteCount
    }

    /// The caller has rejected page counts above `PageCount.maximum`.
    package init(pageSize: PageSize, pageCount: PageCount) {
        self.pageSize = pageSize
        byteCount = min(pageCount, .maximum).byteCount(pageSize: pageSize)
    }

    /// An image without bytes.
    package static func empty(_ pageSize: PageSize) -> ImageSize {
        ImageSize(pageSize: pageSize, pageCount: PageCount(0))
    }

    /// A partial last page counts as one.
    package var pageCount: PageCount {
        let size = UInt64(pageSize.bytes)
        return PageCount(UInt32(byteCount / size + (byteCount % size == 0 ? 0 : 1)))
    }

    /// How many bytes of the page belong to the image: the page size, less in a partial last page, 0 beyond.
    package func validBytes(of page: PageNumber) -> Int {
        let start = page.byteOffset(pageSize: pageSize)
        return start >= byteCount ? 0 : Int(min(byteCount - start, UInt64(pageSize.bytes)))
    }
}
