import RepositoryFormat
import RepositoryReader
package import SQLiteFiles

/// Some pages of an image with their content, in any order. If a page is there twice, the later one applies.
package struct PageSet: Sendable {
    package let pageSize: PageSize
    package private(set) var numbers: [PageNumber] = []
    /// The pages one after the other: `numbers.count * pageSize.bytes` bytes.
    package private(set) var bytes: [UInt8] = []

    package init(pageSize: PageSize, reservingPages count: Int = 0) {
        self.pageSize = pageSize
        numbers.reserveCapacity(count)
        bytes.reserveCapacity(count * pageSize.bytes)
    }

    package var count: Int { numbers.count }
    package var isEmpty: Bool { numbers.isEmpty }

    /// Adds a page. Content shorter than a page (the partial last page of a file) is padded with zeros.
    /// Longer content is a programming error.
    package mutating func append(_ number: PageNumber, _ content: RawSpan) {
        precondition(content.byteCount <= pageSize.bytes && number.rawValue > 0)
        numbers.append(number)
        bytes.append(contentsOf: content)
        if content.byteCount < pageSize.bytes { bytes.append(zeros: pageSize.bytes - content.byteCount) }
    }

    /// Replaces the content of the page at `index` of `numbers` by a whole page.
    package mutating func replace(at index: Int, _ content: RawSpan) {
        precondition(content.byteCount == pageSize.bytes && index < numbers.count)
        bytes.put(content, at: index * pageSize.bytes)
    }

    /// The content of the page at `index` of `numbers`: `pageSize.bytes` bytes.
    package subscript(index: Int) -> RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            unsafe bytes.span.bytes.extracting(index * pageSize.bytes..<(index + 1) * pageSize.bytes)
        }
    }
}
