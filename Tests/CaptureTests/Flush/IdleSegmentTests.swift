import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Idle segments")
struct IdleSegmentTests {
    @Test("after a long quiet the last segment is ended and sealed, and capture goes on")
    func idle() async throws {
        let folder = try TemporaryDirectory()
        let data = FilePath(folder.file("data"))
        try Directory.make(data)
        let repository = FilePath(folder.file("repository"))
        let root = try RepositoryDirectory.openOrCreate(at: repository).addRoot(data, kind: .directory)
        var random = SeededRandom()
        try folder.write(random.bytes(400_000), to: "data/plain")

        var options = RootProtector.Options()
        options.idleDelay = .milliseconds(100)
        let protector = try RootProtector(root: root, repository: repository, options: options)
        async let run: Void = protector.run()
        _ = try await protector.ready()
        let segments = root.directory.appending("segments")
        let segment = try #require(try Directory.names(in: segments).first)
        let renames = try Inotify()
        _ = try renames.watch(segments, for: .movedTo)
        try folder.write(random.bytes(400_000), to: "data/plain")
        _ = try await protector.synchronise()
        var poller = Poller()
        _ = poller.add(renames)
        var isSealed = false
        while !isSealed {
            try #require(try poller.wait(.seconds(60)), "\(random)")
            _ = try renames.read { if $0.name == segment { isSealed = true } }
        }
        try folder.write(random.bytes(1000), to: "data/plain")
        let last = try await protector.synchronise()
        protector.stop(.done)
        try await run

        let path = segments.appending(segment)
        var header = [UInt8](repeating: 0, count: 64)
        _ = try OpenFile(path, .read).read(into: &header, count: 64, at: 0)
        #expect(header[12] == 1)
        #expect(last.sequence == SequenceNumber(3))
        var findings: [Finding] = []
        _ = try RootCheck(root).run(readingData: true) { findings.append($0) }
        #expect(findings.isEmpty, "\(findings)")
    }
}
