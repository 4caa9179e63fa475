import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@Suite("Inotify")
struct InotifyTests {
    @Test("tells of names and writes, in order")
    func events() throws {
        let folder = try TemporaryDirectory()
        let inotify = try Inotify()
        let watch = try inotify.watch(FilePath(folder.path), for: [.created, .modified, .deleted])
        var seen: [InotifyEvent] = []
        #expect(try !inotify.read { seen.append($0) })

        let name = FilePath.Component("odd\nname")
        let path = FilePath(folder.path).appending(name)
        do {
            let file = try OpenFile(path, .createNew)
            let bytes: [UInt8] = [1]
            try unsafe file.write(bytes.span.bytes, at: 0)
        }
        try Directory.remove(path)

        var poller = Poller()
        let slot = poller.add(inotify)
        let (hasEvents, isReady) = (try poller.wait(.seconds(10)), poller.isReady(slot))
        #expect(hasEvents && isReady)
        while seen.count < 3 { _ = try inotify.read { seen.append($0) } }
        #expect(seen.map(\.mask) == [.created, .modified, .deleted])
        #expect(seen.allSatisfy { $0.watch == watch && $0.name == name })
    }
}
