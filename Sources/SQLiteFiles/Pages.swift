/// The number of a page. The first page of a file is page 1; a zero read from a file names no page.
package struct PageNumber: Hashable, Comparable, Sendable {
    package let rawValue: UInt32

    package init(_ rawValue: UInt32) { self.rawValue = rawValue }

    package static func < (left: PageNumber, right: PageNumber) -> Bool { left.rawValue < right.rawValue }

    /// The page that holds the `LockBytes`. It is never used for content, and its number marks the
    /// super-journal name in a rollback journal (sqlite.org/fileformat2, section 1.4).
    package static func lockPage(for pageSize: PageSize) -> PageNumber {
        PageNumber(UInt32(LockBytes.pending.lowerBound) / UInt32(pageSize.bytes) + 1)
    }

    /// The page behind this one; nil behind the last that has a number.
    package var next: PageNumber? { advanced(by: 1) }

    /// The page that many pages further on; nil where numbers end.
    package func advanced(by pages: Int) -> PageNumber? {
        guard let step = UInt32(exactly: pages) else { return nil }
        let (sum, overflow) = rawValue.addingReportingOverflow(step)
        return overflow ? nil : PageNumber(sum)
    }

    /// Where the page starts in its file, in bytes. Meaningless for page 0.
    package func byteOffset(pageSize: PageSize) -> UInt64 {
        (UInt64(rawValue) &- 1) &* UInt64(pageSize.bytes)
    }
}

extension PageNumber: CustomStringConvertible {
    package var description: String { "page \(rawValue)" }
}

/// How many pages a file has.
package struct PageCount: Hashable, Comparable, Sendable {
    package let rawValue: UInt32

    package init(_ rawValue: UInt32) { self.rawValue = rawValue }

    package static func < (left: PageCount, right: PageCount) -> Bool { left.rawValue < right.rawValue }

    /// The most pages that a file can have, as in SQLite (sqlite.org/limits, SQLITE_MAX_PAGE_COUNT): the
    /// number behind the last page still fits 32 bits.
    package static let maximum = PageCount(0xffff_fffe)

    /// The page behind the last. Nil above `maximum`.
    package var end: PageNumber? { PageNumber(rawValue).next }

    /// The pages behind the first `count`; none if there are no more.
    package func pages(behind count: PageCount) -> Range<UInt32> {
        let (first, end) = (count.end?.rawValue ?? .max, end?.rawValue ?? .max)
        return min(first, end)..<end
    }

    /// Whether a file with this page count has the page.
    package func contains(_ page: PageNumber) -> Bool {
        page.rawValue != 0 && page.rawValue <= rawValue
    }

    /// The length of this many pages, in bytes.
    package func byteCount(pageSize: PageSize) -> UInt64 {
        UInt64(rawValue) * UInt64(pageSize.bytes)
    }
}

extension PageCount: CustomStringConvertible {
    package var description: String { rawValue == 1 ? "1 page" : "\(rawValue) pages" }
}

/// The size of a page: a power of two from 512 to 65536 bytes.
package struct PageSize: Hashable, Sendable {
    package let bytes: Int

    /// The page size of files that are not databases: 4096 bytes.
    package static let plain = PageSize(unchecked: 4096)

    /// Nil unless `bytes` is a power of two from 512 to 65536.
    package init?(bytes: Int) {
        guard bytes >= 512, bytes <= 65536, bytes & (bytes &- 1) == 0 else { return nil }
        self.bytes = bytes
    }

    /// The two-byte form that database headers and the wal-index use, in which 1 means 65536.
    package init?(encoded: UInt16) {
        self.init(bytes: encoded == 1 ? 65536 : Int(encoded))
    }

    private init(unchecked bytes: Int) { self.bytes = bytes }
}

extension PageSize: CustomStringConvertible {
    package var description: String { "\(bytes) bytes" }
}
