import Testing

@testable import SQLiteFiles

struct ByteOrderTests {
    private let bytes: [UInt8] = [0xff, 1, 2, 3, 4, 5, 6, 7, 8]

    @Test("loads integers in both orders from unaligned places")
    func loads() {
        let raw = bytes.raw
        #expect(raw.bigEndianUInt16(at: 1) == 0x0102)
        #expect(raw.bigEndianUInt32(at: 1) == 0x0102_0304)
        #expect(raw.bigEndianUInt64(at: 1) == 0x0102_0304_0506_0708)
        #expect(raw.littleEndianUInt16(at: 1) == 0x0201)
        #expect(raw.littleEndianUInt32(at: 1) == 0x0403_0201)
        #expect(raw.littleEndianUInt64(at: 1) == 0x0807_0605_0403_0201)
        #expect(raw.byte(at: 0) == 255)
    }

    @Test("native order is one of the two")
    func native() {
        let raw = bytes.raw
        let expected = ByteOrder.native == .big ? raw.bigEndianUInt32(at: 1) : raw.littleEndianUInt32(at: 1)
        #expect(raw.nativeUInt32(at: 1) == expected)
        let half = ByteOrder.native == .big ? raw.bigEndianUInt16(at: 1) : raw.littleEndianUInt16(at: 1)
        #expect(raw.nativeUInt16(at: 1) == half)
    }
}
