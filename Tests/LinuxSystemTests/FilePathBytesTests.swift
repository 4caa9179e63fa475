import LinuxSystem
import SystemPackage
import Testing

@Suite("The bytes of a path")
struct FilePathBytesTests {
    @Test(
        "no component leads up, or stays: as the components themselves say",
        arguments: [
            "", "a", "a/b", "..", ".", "a/..", "../a", "a/../b", "./a", "a/.", "a/./b", "..a", "a..", "...",
            ".a/b.", "a/.../b", "/..", "/a", "a//b/", "\u{e9}/..", "é.",
        ]
    )
    func staysBelow(text: String) {
        let path = FilePath(text)
        let kinds = path.components.map(\.kind)
        #expect(path.staysBelow(refusingDots: true) == kinds.allSatisfy { $0 == .regular })
        #expect(path.staysBelow(refusingDots: false) == !kinds.contains(.parentDirectory))
    }
}
