import Testing

@testable import SQLiteFiles

struct WALHeaderTests {
    private func error(_ bytes: [UInt8]) -> WALHeaderError? {
        do throws(WALHeaderError) {
            _ = try WALHeader(bytes)
            return nil
        } catch { return error }
    }

    @Test("reads both byte orders", arguments: [ByteOrder.little, .big])
    func bothOrders(order: ByteOrder) throws {
        let header = try WALHeader(WALBuilder(order: order, pageBytes: 65536).bytes)
        #expect(header.order == order)
        #expect(header.pageSize.bytes == 65536)
        #expect(header.checkpointSequence == 3)
        #expect(header.salts == WALSalts(salt1: 0x1234_5678, salt2: 0x9abc_def0))
    }

    @Test("names what is wrong")
    func errors() {
        let good = WALBuilder().bytes
        #expect(error([]) == .tooShort(byteCount: 0))
        #expect(error(Array(good.dropLast())) == .tooShort(byteCount: 31))
        #expect(error([0] + good) == .notALog(magic: 0x0037_7f06))
        #expect(error(WALBuilder(pageBytes: 0).bytes) == .invalidPageSize(0))
        #expect(error(WALBuilder(pageBytes: 131072).bytes) == .invalidPageSize(131072))
        #expect(error(WALBuilder(version: 3_007_001).bytes) == .unsupportedVersion(3_007_001))
    }

    @Test("refuses a byte flipped anywhere")
    func flips() {
        for order in [ByteOrder.little, .big] {
            let good = WALBuilder(order: order).bytes
            for offset in good.indices {
                var bytes = good
                bytes[offset] ^= 0x10
                #expect(error(bytes) != nil, "flipped byte \(offset)")
            }
        }
    }

    @Test("knows salts that may come next")
    func salts() {
        let salts = WALSalts(salt1: .max, salt2: 5)
        #expect(WALSalts(salt1: 0, salt2: 99).mayFollow(salts))
        #expect(!WALSalts(salt1: 7, salt2: 5).mayFollow(salts))
        #expect(!salts.mayFollow(salts))
    }

    @Test("knows salts that came some resets before")
    func olderSalts() {
        let salts = WALSalts(salt1: 1, salt2: 5)
        #expect(salts.mayComeAfter(WALSalts(salt1: .max, salt2: 99)))
        #expect(!salts.mayComeAfter(salts))
        #expect(!salts.mayComeAfter(WALSalts(salt1: 2, salt2: 99)))
        #expect(!salts.mayComeAfter(WALSalts(salt1: 0x8000_0000, salt2: 99)))
        #expect(!salts.mayComeAfter(WALSalts(salt1: 0, salt2: 0)))
    }
}
