import Testing

@testable import SQLiteFiles

struct WALChecksumTests {
    @Test("adds pairs of words in the order asked for")
    func orders() {
        let bytes: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4]
        var big = WALChecksum()
        big.update(over: bytes.raw, order: .big)
        // 1+0=1, 2+1=3; then 1+3+3=7, 3+4+7=14.
        #expect(big == WALChecksum(s0: 7, s1: 14))
        var little = WALChecksum()
        little.update(over: bytes.raw, order: .little)
        #expect(little == WALChecksum(s0: 0x0700_0000, s1: 0x0e00_0000))
    }

    @Test("runs on from where it was, and wraps")
    func running() {
        let bytes = [UInt8](repeating: 0xff, count: 64)
        var whole = WALChecksum(s0: 5, s1: 6)
        whole.update(over: bytes.raw, order: .big)
        var parts = WALChecksum(s0: 5, s1: 6)
        parts.update(over: Array(bytes[..<24]).raw, order: .big)
        parts.update(over: Array(bytes[24...]).raw, order: .big)
        #expect(whole == parts)
    }

    @Test("leaves out what makes no pair")
    func rest() {
        for count in 0..<8 {
            var sum = WALChecksum(s0: 1, s1: 2)
            sum.update(over: [UInt8](repeating: 9, count: count).raw, order: .native)
            #expect(sum == WALChecksum(s0: 1, s1: 2))
        }
    }
}
