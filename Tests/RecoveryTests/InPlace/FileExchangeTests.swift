import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import Recovery

@Suite("The name of a previous file") struct FileExchangeTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        try folder.write([1], to: "a")
        try folder.write([2], to: "a.old")
    }

    private func exchange() throws -> FileExchange {
        FileExchange(
            place: try #require(try DirectoryEntry(following: FilePath(folder.file("a")))),
            attributes: nil,
            quarantineSuffix: ".old",
            keepsPrevious: true,
            wait: .zero,
            isForced: false
        )
    }

    @Test("has a number if the name is taken, also by a sidecar")
    func numbered() throws {
        try folder.write([3], to: "a.old-2-wal")
        #expect(try exchange().quarantine().map(\.string) == [folder.file("a.old-3")])
        #expect(try folder.bytes(of: "a.old-3") == [1] && folder.bytes(of: "a.old") == [2])
    }

    @Test("no file is replaced if all names are taken")
    func taken() throws {
        for number in 2...1000 { try folder.write([2], to: "a.old-\(number)") }
        let error = #expect(throws: SystemError.self) { try exchange().quarantine() }
        #expect(error?.code == .fileExists)
        #expect(try folder.bytes(of: "a") == [1] && folder.bytes(of: "a.old") == [2])

        // Nor by an image.
        let work = try #require(try DirectoryEntry(following: FilePath(folder.file("image"))))
        try folder.write([4], to: "image")
        var quarantined: [FilePath] = []
        let other = #expect(throws: SystemError.self) {
            _ = try exchange().run(work, quarantined: &quarantined, isUnchanged: { true })
        }
        #expect(other?.code == .fileExists && quarantined.isEmpty)
        #expect(try folder.bytes(of: "a") == [1] && folder.bytes(of: "a.old") == [2])
    }
}
