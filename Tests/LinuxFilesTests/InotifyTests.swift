import LinuxFiles
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

    @Test("merges what is told again and again of names in turn, and keeps the order of what differs")
    func merges() throws {
        let folder = try TemporaryDirectory()
        for name in ["a", "b"] { try folder.write([], to: name) }
        let inotify = try Inotify()
        _ = try inotify.watch(FilePath(folder.path), for: [.modified, .closedAfterWrite])
        let bytes: [UInt8] = [1]
        for _ in 0..<2 {
            let first = try OpenFile(FilePath(folder.file("a")), .update)
            let second = try OpenFile(FilePath(folder.file("b")), .update)
            for _ in 0..<100 {
                try unsafe first.write(bytes.span.bytes, at: 0)
                try unsafe second.write(bytes.span.bytes, at: 0)
            }
        }
        var seen: [InotifyEvent] = []
        while try inotify.read(merging: true, { seen.append($0) }) {}
        for name in ["a", "b"] {
            let masks = seen.filter { $0.name?.string == name }.map(\.mask)
            #expect(masks == [.modified, .closedAfterWrite, .modified, .closedAfterWrite], "\(masks)")
        }
    }

    @Test("keeps quiet about a slot that is muted")
    func muted() throws {
        let folder = try TemporaryDirectory()
        let inotify = try Inotify()
        _ = try inotify.watch(FilePath(folder.path), for: .created)
        var poller = Poller()
        let slot = poller.add(inotify)
        try folder.write([], to: "x")
        poller.mute(slot, true)
        let whileMuted = try poller.wait(.zero)
        poller.mute(slot, false)
        let afterwards = try poller.wait(.zero)
        #expect(!whileMuted && afterwards)
    }
}
