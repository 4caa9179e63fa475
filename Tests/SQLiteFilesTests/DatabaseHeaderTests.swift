import TestSupport
import Testing

@testable import SQLiteFiles

struct DatabaseHeaderTests {
    private func database(_ sql: String) throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        try SQLite3.sql(sql, on: directory.file("a.db"))
        return try directory.bytes(of: "a.db")
    }

    @Test("reads the header of a real database in every page size", arguments: allPageSizes)
    func realDatabases(pageBytes: Int) throws {
        let bytes = try database(
            """
            PRAGMA page_size=\(pageBytes); PRAGMA user_version=-7; PRAGMA application_id=123456;
            CREATE TABLE t(a); CREATE TABLE u(a); INSERT INTO t VALUES(zeroblob(200000)); DELETE FROM t;
            """
        )
        let header = try DatabaseHeader(bytes)
        #expect(DatabaseHeader.isDatabase(bytes))
        #expect(header.pageSize.bytes == pageBytes)
        #expect(Int(header.pageCount.rawValue) == bytes.count / pageBytes)
        #expect(header.trustedPageCount == header.pageCount)
        #expect(header.usablePageBytes == pageBytes)
        #expect(header.changeCounter == 6)
        #expect(header.versionValidFor == 6)
        #expect(!header.usesWAL)
    }

    @Test("recognises WAL mode")
    func walMode() throws {
        let header = try DatabaseHeader(database("PRAGMA journal_mode=WAL; CREATE TABLE t(a);"))
        #expect(header.usesWAL)
    }

    @Test("does not trust a page count that another version left behind")
    func untrustedPageCount() throws {
        var bytes = try database("CREATE TABLE t(a);")
        bytes[DatabaseLayout.changeCounter + 3] &+= 1
        #expect(try DatabaseHeader(bytes).trustedPageCount == nil)
    }

    @Test("names what is wrong")
    func errors() throws {
        let bytes = try database("CREATE TABLE t(a);")
        func error(_ change: (inout [UInt8]) -> Void) -> DatabaseHeaderError? {
            var changed = bytes
            change(&changed)
            do throws(DatabaseHeaderError) {
                _ = try DatabaseHeader(changed)
                return nil
            } catch { return error }
        }
        #expect(error { $0.removeSubrange(99...) } == .tooShort(byteCount: 99))
        #expect(error { $0[15] = 1 } == .notADatabase)
        #expect(error { $0[16] = 3 } == .invalidPageSize(0x0300))
        #expect(error { $0.replace(at: 16, with: [2, 0, 1, 1, 33]) } == .tooManyReservedBytes(33))
        #expect(error { $0.replace(at: 16, with: [2, 0, 1, 1, 32]) } == nil)
    }

    @Test("the magic alone makes a database, and it must be whole")
    func magic() {
        #expect(DatabaseHeader.isDatabase(DatabaseHeader.magic))
        #expect(!DatabaseHeader.isDatabase(Array(DatabaseHeader.magic.dropLast())))
        for index in DatabaseHeader.magic.indices {
            var bytes = DatabaseHeader.magic
            bytes[index] ^= 0x20
            #expect(!DatabaseHeader.isDatabase(bytes))
        }
        #expect(!DatabaseHeader.isDatabase([UInt8]()))
    }
}
