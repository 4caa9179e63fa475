import Testing

@testable import RepositoryFormat

@Suite("XXH64")
struct XXH64Tests {
    /// The sanity buffer of the xxHash repository (tests/sanity_test.c).
    static let buffer: [UInt8] = {
        var bytes: [UInt8] = []
        var generator: UInt64 = 2_654_435_761
        for _ in 0..<4096 {
            bytes.append(UInt8(generator >> 56))
            generator = generator &* 11_400_714_785_074_694_797
        }
        return bytes
    }()

    @Test(
        "matches the reference implementation",
        arguments: [
            (0, 0, 0xEF46_DB37_51D8_E999), (0, 2_654_435_761, 0xAC75_FDA2_929B_17EF),
            (1, 0, 0xE934_A84A_DB05_2768), (1, 2_654_435_761, 0x5014_607643_A9_B4C3),
            (4, 0, 0x9136_A0DC_A574_57EE), (14, 0, 0x8282_DCC4_994E_35C8),
            (14, 2_654_435_761, 0xC3BD_6BF6_3DEB_6DF0),
            (222, 0, 0xB641_AE8C_B691_C174), (222, 2_654_435_761, 0x20CB_8AB7_AE10_C14A),
        ] as [(Int, UInt64, UInt64)]
    )
    func vectors(length: Int, seed: UInt64, expected: UInt64) {
        let bytes = Array(Self.buffer[..<length])
        #expect(unsafe XXH64.hash(bytes.span.bytes, seed: seed) == expected)
    }

    @Test("matches what is known of short texts")
    func texts() {
        let abc = Array("abc".utf8)
        #expect(unsafe XXH64.hash(abc.span.bytes, seed: 0) == 0x44BC_2CF5_AD77_0999)
        let long = Array("Nobody inspects the spammish repetition".utf8)
        #expect(unsafe XXH64.hash(long.span.bytes, seed: 0) == 0xFBCE_A83C_8A37_8BF1)
    }

    @Test("does not care where the bytes lie")
    func alignment() {
        let bytes = Array(Self.buffer[..<1000])
        let expected = unsafe XXH64.hash(bytes.span.bytes, seed: 7)
        for shift in 1...9 {
            let moved = [UInt8](repeating: 0xAA, count: shift) + bytes + [1, 2, 3]
            #expect(unsafe XXH64.hash(moved.span.bytes.extracting(shift..<shift + 1000), seed: 7) == expected)
        }
    }
}
