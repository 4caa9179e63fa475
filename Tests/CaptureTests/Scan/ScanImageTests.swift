import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import TestSupport
import Testing

@testable import Capture

@Suite("Image of a scan")
struct ScanImageTests {
    private let size = PageSize(bytes: 4096)!

    private func shape(_ pages: UInt32) -> ImageSize {
        ImageSize(pageSize: size, pageCount: PageCount(pages))
    }

    /// Page 1 of a database, under that number.
    private func pages(_ number: UInt32) throws -> PageSet {
        let folder = try TemporaryDirectory()
        let session = try SQLite3Session(folder.file("a.db"))
        try session.sql("PRAGMA page_size=4096; CREATE TABLE t(i);")
        try session.close()
        let content = try folder.bytes(of: "a.db")
        var pages = PageSet(pageSize: size)
        unsafe pages.append(PageNumber(number), content.span.bytes.extracting(0..<4096))
        return pages
    }

    @Test("a transaction's size is newer than that of what was in the log before")
    func sizes() throws {
        var image = ScanImage(shape(3))
        image.learn(fromOverlay: shape(4))
        #expect(image.shape == shape(4))
        image.took(try pages(2), shape: shape(5))
        image.learn(fromOverlay: shape(4))
        #expect(image.shape == shape(5))
    }

    @Test("its header is that of page 1 as it came last")
    func headers() throws {
        var image = ScanImage(shape(3))
        image.learn(try pages(2))
        #expect(image.header == nil)
        image.learn(try pages(1))
        #expect(image.header?.pageSize == size)
        image.missTransaction(shape(2), nil)
        #expect(image.header == nil && image.shape == shape(2))
    }
}
