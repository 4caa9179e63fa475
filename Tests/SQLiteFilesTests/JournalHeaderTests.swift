import Testing

@testable import SQLiteFiles

struct JournalHeaderTests {
    private func journal(sector: Int = 512, page: Int = 512, synced: Bool = true) -> [UInt8] {
        JournalBuilder(
            pageBytes: page,
            sectorBytes: sector,
            parts: [.init(isSynced: synced, records: synced ? [(3, 9)] : [])]
        ).bytes
    }

    private func error(_ bytes: [UInt8], databasePageSize: PageSize? = nil) -> JournalHeaderError? {
        do throws(JournalHeaderError) {
            _ = try JournalHeader(bytes, databasePageSize: databasePageSize)
            return nil
        } catch { return error }
    }

    private func changed(_ offset: Int, _ value: UInt32) -> [UInt8] {
        var bytes = journal()
        bytes.replace(at: offset, with: bigEndian(value))
        return bytes
    }

    @Test("reads all fields")
    func fields() throws {
        let header = try JournalHeader(journal(sector: 4096, page: 65536))
        #expect(header.recordCount == 1)
        #expect(header.nonce == 77)
        #expect(header.originalPageCount == PageCount(100))
        #expect(header.sectorBytes == 4096)
        #expect(header.pageSize.bytes == 65536)
        #expect(header.recordBytes == 65544)
        #expect(header.isSynced)
    }

    @Test("accepts only the sizes that SQLite accepts")
    func sizes() {
        for sector: UInt32 in [32, 64, 65536] { #expect(error(changed(20, sector)) == nil) }
        for sector: UInt32 in [0, 16, 33, 131072, .max] {
            #expect(error(changed(20, sector)) == .invalidSectorSize(sector))
        }
        for page: UInt32 in [512, 65536] { #expect(error(changed(24, page)) == nil) }
        for page: UInt32 in [0, 1, 256, 513, 131072, .max] {
            #expect(error(changed(24, page)) == .invalidPageSize(page))
        }
    }

    @Test("takes the database's page size where an old SQLite wrote none")
    func oldPageSize() throws {
        let header = try JournalHeader(changed(24, 0), databasePageSize: .plain)
        #expect(header.pageSize == .plain)
        #expect(error(changed(24, 1), databasePageSize: .plain) == .invalidPageSize(1))
    }

    @Test("tells a header before its sync from a foreign one and a finished one")
    func states() throws {
        #expect(try !JournalHeader(journal(synced: false)).isSynced)
        #expect(error(changed(0, 0)) == .notAHeader(magic: 0x20a1_63d7))
        #expect(error([UInt8](repeating: 0, count: 28)) == .finished)
        #expect(error([UInt8](repeating: 0, count: 27)) == .tooShort(byteCount: 27))
        #expect(JournalHeader.isFinished([]))
        #expect(JournalHeader.isFinished([UInt8](repeating: 0, count: 28) + [1]))
        #expect(!JournalHeader.isFinished([UInt8](repeating: 0, count: 27) + [1]))
        #expect(!JournalHeader.isFinished(journal(synced: false)))
        #expect(JournalHeader.mayBeHot(journal()))
        #expect(!JournalHeader.mayBeHot(journal(synced: false)))
        #expect(!JournalHeader.mayBeHot([]))
    }

    @Test("later headers inherit both sizes from the first")
    func following() throws {
        let first = try JournalHeader(journal(sector: 4096, page: 1024))
        let later = try JournalHeader(changed(20, 3).raw, following: first)
        #expect(later.sectorBytes == 4096)
        #expect(later.pageSize.bytes == 1024)
        #expect(later.nonce == 77)
    }

    @Test("the checksum takes every 200th byte from the end, but not the first")
    func checksum() throws {
        let header = try JournalHeader(journal())
        for (bytes, summed) in [
            (512, [112, 312]), (1024, [24, 224, 424, 624, 824]), (800, [200, 400, 600]),
        ] {
            for index in 0..<bytes {
                var page = [UInt8](repeating: 0, count: bytes)
                page[index] = 255
                let sum = header.checksum(ofPage: page.raw)
                #expect(sum == (summed.contains(index) ? 77 + 255 : 77), "byte \(index) of \(bytes)")
            }
        }
    }
}
