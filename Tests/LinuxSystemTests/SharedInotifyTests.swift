import LinuxSystem
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite("Shared inotify instance")
struct SharedInotifyTests {
    private let folder: TemporaryDirectory
    private let instance: SharedInotify
    private var path: FilePath { FilePath(folder.path) }

    init() throws {
        folder = try TemporaryDirectory()
        instance = try SharedInotify()
    }

    /// A subscriber that notes the masks of its events, and how often it was told of some.
    private final class Subscriber {
        private final class Notes: Sendable {
            let state = Mutex((masks: [InotifyMask](), informed: 0))

            func put(_ event: InotifyEvent) { state.withLock { $0.masks.append(event.mask) } }
        }

        private let notes = Notes()
        let subscription: SharedInotify.Subscription

        init(_ instance: SharedInotify) {
            subscription = instance.subscribe(overflowed: notes.put) { [notes] in
                notes.state.withLock { $0.informed += 1 }
            }
        }

        var masks: [InotifyMask] { notes.state.withLock { $0.masks } }
        var informed: Int { notes.state.withLock { $0.informed } }

        func watch(_ path: FilePath, for mask: InotifyMask) throws -> InotifyWatch {
            try subscription.watch(path, for: mask, notes.put)
        }
    }

    /// Catches a mask that replaces another subscriber's, and events that reach everybody.
    @Test("each subscriber of a directory gets the events that it asked for, and is told once for each read")
    func masks() throws {
        let (first, second, idle) = (Subscriber(instance), Subscriber(instance), Subscriber(instance))
        _ = try first.watch(path, for: [.created, .deleted])
        _ = try second.watch(path, for: .deleted)
        for _ in 1...2 {
            try folder.write([1], to: "file")
            try Directory.remove(path.appending("file"))
        }
        try instance.read()
        #expect(first.masks == [.created, .deleted, .created, .deleted])
        #expect(second.masks == [.deleted, .deleted])
        #expect([first, second, idle].map(\.informed) == [1, 1, 0])
    }

    /// Catches a subscriber that takes a watch away that others need, and one that is called after its end.
    @Test("one that leaves takes only its own watches away")
    func leaves() throws {
        let stays = Subscriber(instance)
        var leaves: Subscriber? = Subscriber(instance)
        _ = try stays.watch(path, for: .created)
        _ = try leaves?.watch(path, for: .created)
        try folder.write([1], to: "file-1")
        try instance.read()
        #expect(leaves?.masks == [.created])
        leaves = nil
        try folder.write([1], to: "file-2")
        try instance.read()
        #expect(stays.masks == [.created, .created])
    }

    /// Catches a second call for the same directory that doubles its events.
    @Test("a second watch of the same directory replaces the handler")
    func replaced() throws {
        let subscriber = Subscriber(instance)
        let first = try subscriber.watch(path, for: .created)
        let second = try subscriber.watch(path, for: .deleted)
        #expect(first == second)
        try folder.write([1], to: "file")
        try Directory.remove(path.appending("file"))
        try instance.read()
        #expect(subscriber.masks == [.deleted])
        subscriber.subscription.remove(second)
        try folder.write([1], to: "file")
        try Directory.remove(path.appending("file"))
        try instance.read()
        #expect(subscriber.masks == [.deleted])
    }

    /// Catches events that the kernel still makes, and those of somebody else that it makes no more.
    @Test("a watch that is made narrower leaves others theirs, and can be made wider again")
    func narrowed() throws {
        let (first, other) = (Subscriber(instance), Subscriber(instance))
        let directory = try OpenDirectory(path)
        let watch = try first.watch(path, for: [.created, .modified])
        try first.subscription.narrow(watch, of: directory, to: .created)
        try folder.write([1], to: "file-1")
        try instance.read()
        #expect(first.masks == [.created])
        #expect(first.informed == 1)
        _ = try other.watch(path, for: .modified)
        try first.subscription.narrow(watch, of: directory, to: .created)
        try folder.write([1], to: "file-2")
        try instance.read()
        #expect(first.masks == [.created, .created])
        #expect(other.masks.contains(.modified))
        _ = try first.watch(path, for: [.created, .modified])
        try folder.write([1], to: "file-3")
        try instance.read()
        #expect(first.masks.contains(.modified))
    }

    /// Catches an end that is not told, and a watch that is not made anew.
    @Test("the end of a directory is told; one that has its name later is watched like any other")
    func ended() throws {
        let subscriber = Subscriber(instance)
        let inner = path.appending("inner")
        for _ in 1...2 {
            try Directory.make(inner)
            _ = try subscriber.watch(inner, for: .deletedSelf)
            try Directory.removeEmpty(inner)
            try instance.read()
        }
        #expect(subscriber.masks == [.deletedSelf, .ignored, .deletedSelf, .ignored])
    }

    /// Catches a loss of which only some are told.
    @Test("when the kernel's queue overflows, each subscriber is told, whatever it watches")
    func overflow() throws {
        let (writer, other) = (Subscriber(instance), Subscriber(instance))
        _ = try writer.watch(path, for: [.created, .deleted])
        // More than `max_queued_events` (inotify(7)), which is 16384 by default.
        let limit = try Self.queueLimit()
        for _ in 0...limit / 2 {
            try folder.write([], to: "file")
            try Directory.remove(path.appending("file"))
        }
        try instance.read()
        #expect(writer.masks.last == .overflow)
        #expect(other.masks == [.overflow])
        #expect(other.informed == 1)
    }

    private static func queueLimit() throws -> Int {
        var bytes = [UInt8](repeating: 0, count: 100)
        let file = try OpenFile("/proc/sys/fs/inotify/max_queued_events", .read)
        let count = try file.read(into: &bytes, count: 100, at: 0)
        return try #require(Int(String(decoding: bytes[..<count].dropLast(), as: UTF8.self)))
    }
}
