import SystemPackage
import Testing

@testable import LinuxSystem

@Suite("Arguments")
struct ArgumentsTests {
    @Test(
        "any bytes come back from the text that stands for them",
        arguments: [
            [], [0x61], Array("café/\u{F7E9}\u{1FF}".utf8), [0x63, 0xE9, 0x2E], [0xFF, 0xFE],
            [0xC3, 0x28, 0xA9],
            [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]]
    )
    func roundTrip(_ bytes: [UInt8]) {
        #expect(Arguments.bytes(Arguments.escaped(bytes)) == bytes)
    }

    @Test("text stays as it is")
    func text() {
        #expect(Arguments.escaped(Array("--at=größe \u{1F600}".utf8)) == "--at=größe \u{1F600}")
        #expect(FilePath(argument: "a/ü") == FilePath("a/ü"))
    }
}
