import Testing

@testable import LinuxSystem

@Suite("Bytes in hexadecimal digits") struct HexadecimalTests {
    @Test("every byte is two lower-case digits, which are read again")
    func roundTrip() {
        let bytes = [UInt8](0...255)
        let text = bytes.hexadecimal
        #expect(text.hasPrefix("000102") && text.hasSuffix("fdfeff") && text.utf8.count == 512)
        #expect([UInt8](hexadecimal: text) == bytes)
        #expect([UInt8](hexadecimal: "") == [])
    }

    @Test("anything else is refused", arguments: ["0", "0A", "+1", "-0", "0x", " 1", "1g", "00z0", "é"])
    func refused(text: String) {
        #expect([UInt8](hexadecimal: text) == nil)
    }
}
