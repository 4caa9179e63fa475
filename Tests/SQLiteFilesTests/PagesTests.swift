import Testing

@testable import SQLiteFiles

struct PagesTests {
    @Test("accepts powers of two from 512 to 65536 and nothing else")
    func pageSizes() {
        let accepted = (-5...70000).filter { PageSize(bytes: $0) != nil }
        #expect(accepted == allPageSizes)
        #expect(PageSize(bytes: .min) == nil)
        #expect(PageSize(bytes: .max) == nil)
    }

    @Test("reads an encoded 1 as 65536")
    func encodedPageSizes() {
        let accepted = (0...UInt16.max).compactMap { PageSize(encoded: $0)?.bytes }
        #expect(accepted.sorted() == allPageSizes)
        #expect(PageSize(encoded: 1)?.bytes == 65536)
        #expect(PageSize.plain.bytes == 4096)
    }

    @Test("the lock page holds byte 0x40000000", arguments: allPageSizes)
    func lockPage(bytes: Int) throws {
        let size = try #require(PageSize(bytes: bytes))
        let page = PageNumber.lockPage(for: size)
        let start = page.byteOffset(pageSize: size)
        #expect(start <= 0x4000_0000)
        #expect(0x4000_0000 < start + UInt64(bytes))
    }

    @Test("a file has the pages from 1 to its count")
    func contains() {
        #expect(!PageCount(3).contains(PageNumber(0)))
        #expect(PageCount(3).contains(PageNumber(1)))
        #expect(PageCount(3).contains(PageNumber(3)))
        #expect(!PageCount(3).contains(PageNumber(4)))
        #expect(!PageCount(0).contains(PageNumber(1)))
        #expect(PageCount(.max).contains(PageNumber(.max)))
    }

    @Test("what comes behind the last number is nothing, not the end of the program")
    func ends() {
        #expect(PageNumber(7).next == PageNumber(8))
        #expect(PageNumber(.max).next == nil)
        #expect(PageNumber(.max - 2).advanced(by: 2) == PageNumber(.max))
        #expect(PageNumber(.max - 2).advanced(by: 3) == nil)
        #expect(PageNumber(1).advanced(by: -1) == nil)
        #expect(PageNumber(1).advanced(by: 1 << 40) == nil)
        #expect(PageCount.maximum.end == PageNumber(.max))
        #expect(PageCount(5).pages(behind: PageCount(2)) == 3..<6)
        #expect(PageCount(2).pages(behind: PageCount(5)).isEmpty)
        #expect(PageCount(.max).pages(behind: PageCount(.max)).isEmpty)
    }

    @Test("the largest database does not overflow")
    func largest() throws {
        let size = try #require(PageSize(bytes: 65536))
        #expect(PageCount(.max).byteCount(pageSize: size) == UInt64(UInt32.max) * 65536)
        #expect(PageNumber(.max).byteOffset(pageSize: size) == UInt64(UInt32.max - 1) * 65536)
        _ = PageNumber(0).byteOffset(pageSize: size)
    }
}
