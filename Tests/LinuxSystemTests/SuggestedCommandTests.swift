import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import LinuxSystem

@Suite("Suggested commands")
struct SuggestedCommandTests {
    @Test(
        "a shell hands on the very bytes of each word",
        arguments: [
            Array("plain-1.2/x_y:z".utf8), Array("a b.db".utf8), Array("it's".utf8),
            Array("$HOME `id` \"x\" \\".utf8),
            Array("*?[a]{b,c}~;&|<>()#!".utf8), Array("größe \u{1F600}".utf8), [],
            Array("a\nb\tc\u{1B}[31m".utf8),
            [0x63, 0xE9, 0x27, 0x5C, 0xFF, 0x41], Array("~".utf8), Array("a\u{202E}b".utf8), Array("=x".utf8),
        ] as [[UInt8]],
        ["bash"]
    )
    func quoting(_ bytes: [UInt8], _ shell: String) throws {
        let word = ShellWord.quoted(bytes)
        #expect(word.unicodeScalars.allSatisfy { $0.isShown }, "\(word)")
        let result = try Command.run(shell, ["-c", "printf %s \(word) | od -An -v -tx1"])
        let seen = result.stdout.split { " \n".contains($0) }.compactMap { UInt8($0, radix: 16) }
        #expect(seen == bytes, "\(word)")
    }

    @Test("plain words are not quoted")
    func plain() {
        // What other tests of this process have named as repository may follow.
        let command = SuggestedCommand("restore", FilePath("/srv/a b.db"), "--at", "pre-1", "--in-place")
        #expect("\(command) ".hasPrefix("holdfast restore '/srv/a b.db' --at pre-1 --in-place "))
    }
}
