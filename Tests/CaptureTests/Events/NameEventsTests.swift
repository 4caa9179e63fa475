import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Name events")
struct NameEventsTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func events(_ instance: SharedInotify, informed: Signal = Signal()) throws -> NameEvents {
        var events = NameEvents(RootScope(), instance) { informed.raise() }
        try events.watch("", OpenDirectory(FilePath(folder.path)))
        return events
    }

    private func content(_ file: PinnedFile) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 100)
        let got = try file.file.read(into: &bytes, count: 100, at: 0)
        return Array(bytes[..<got])
    }

    @Test("journals, logs and their indexes are opened when their events are read, other files are not")
    func opens() throws {
        var events = try events(SharedInotify())
        for name in ["a.db", "a.db-journal", "a.db-wal", "a.db-shm"] {
            try folder.write([1, 2, 3], to: name)
        }
        let entries = try events.takeAll()
        let created = entries.filter { $0.event.mask.contains(.created) }
        #expect(created.map { $0.event.name?.string } == ["a.db", "a.db-journal", "a.db-wal", "a.db-shm"])
        #expect(created.map { $0.pinned != nil } == [false, true, true, true])
        for entry in created { if let pinned = entry.pinned { #expect(pinned.isNamed) } }
        try Directory.remove(FilePath(folder.file("a.db-journal")))
        let journal = try #require(created[1].pinned)
        #expect(!journal.isNamed)
        #expect(try content(journal) == [1, 2, 3])
        let masks = try events.takeAll().map(\.event.mask)
        #expect(masks == [.deleted])
    }

    @Test("the log beside a wal-index that appears is opened as well, and can be read when it is gone")
    func logOfIndex() throws {
        try folder.write([4, 5], to: "a.db-wal")
        var events = try events(SharedInotify())
        try folder.write([1], to: "a.db-shm")
        try folder.write([1], to: "b.db-shm")
        let created = try events.takeAll().filter { $0.event.mask.contains(.created) }
        try Directory.remove(FilePath(folder.file("a.db-wal")))
        let log = try #require(created[0].log)
        #expect(try !log.isNamed && content(log) == [4, 5])
        #expect(created[1].pinned != nil && created[1].log == nil)
    }

    @Test("a file that was moved away, or that has only another name left, has lost its name")
    func otherNames() throws {
        let path = FilePath(folder.file("a.db-wal"))
        try folder.write([1], to: "a.db-wal")
        let linked = try PinnedFile(path)
        try Directory.addName(FilePath(folder.file("other")), to: path)
        #expect(isNamed(linked))
        try Directory.remove(path)
        #expect(!isNamed(linked))
        try folder.write([2], to: "a.db-wal")
        #expect(!isNamed(linked), "another file has its name")
        let moved = try PinnedFile(path)
        try Directory.rename(path, to: FilePath(folder.file("away")))
        #expect(!isNamed(moved))
        try Directory.rename(FilePath(folder.file("away")), to: path)
        #expect(isNamed(moved))
    }

    /// After an event of its name.
    private func isNamed(_ pinned: PinnedFile) -> Bool {
        pinned.checkName()
        return pinned.isNamed
    }

    @Test("a file whose directory was moved has its name until it is removed")
    func movedDirectory() throws {
        try Directory.make(FilePath(folder.file("sub")))
        try folder.write([1], to: "sub/a.db-wal")
        let pinned = try PinnedFile(FilePath(folder.file("sub/a.db-wal")))
        try Directory.rename(FilePath(folder.file("sub")), to: FilePath(folder.file("away")))
        #expect(isNamed(pinned))
        try Directory.remove(FilePath(folder.file("away/a.db-wal")))
        #expect(!isNamed(pinned))
    }

    @Test("only so many files are held open for an observer that is busy, and again when it has taken them")
    func bound() throws {
        var events = try events(SharedInotify())
        for _ in 1...2 {
            for number in 0..<100 { try folder.write([1], to: "\(number).db-journal") }
            let created = try events.takeAll().filter { $0.event.mask.contains(.created) }
            #expect(created.count == 100)
            #expect(created.prefix(NameEvents.mostHeld).allSatisfy { $0.pinned != nil })
            #expect(created.dropFirst(NameEvents.mostHeld).allSatisfy { $0.pinned == nil })
            for number in 0..<100 { try Directory.remove(FilePath(folder.file("\(number).db-journal"))) }
            _ = try events.takeAll()
        }
    }

    @Test("a file that loses its name after the event came can be read all the same")
    func catches() async throws {
        let instance = try SharedInotify()
        let (informed, threads) = (Signal(), try ProtectorThreads())
        var events = try events(instance, informed: informed)
        let standby = try StandbyThreads(reading: instance)
        defer { standby.stop() }
        try folder.write([7], to: "a.db-journal")
        let deadline = MonotonicInstant.now.advanced(by: .seconds(60))
        #expect(await informed.wait(until: deadline, on: threads.observers) == .any)
        try Directory.remove(FilePath(folder.file("a.db-journal")))
        var entries: [NameEvents.Entry] = []
        while entries.last?.event.mask != .deleted { entries += try events.takeAll() }
        #expect(entries.first?.event.mask == .created)
        let pinned = try #require(entries.first?.pinned)
        #expect(!pinned.isNamed)
        #expect(try content(pinned) == [7])
    }
}
