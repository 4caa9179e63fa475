import SystemPackage
import Testing

@testable import Capture

@Suite("Trackers by name and by directory")
struct TrackerTableTests {
    private let files: TrackedFiles

    init() throws {
        files = try TrackedFiles()
    }

    private func names(_ trackers: [Tracker]) -> Set<String> { Set(trackers.map(\.name.string)) }

    @Test("each is found in its directory and in those above, until it is removed")
    func found() {
        var table = TrackerTable()
        let trackers = ["x", "a/x", "a/b/c/x", "a/b/c/y", "ab/x"].map { files.tracker(FilePath($0)) }
        for tracker in trackers { table.insert(tracker) }
        #expect(names(table.files(below: "a")) == ["a/x", "a/b/c/x", "a/b/c/y"])
        #expect(names(table.files(below: "")).count == 5)
        table.remove(trackers[2])
        #expect(table["a/b/c/x"] == nil && table["a/b/c/y"] === trackers[3])
        #expect(names(table.files(below: "a")) == ["a/x", "a/b/c/y"])
    }

    @Test("a directory that was emptied and comes back is found again from above")
    func again() {
        var table = TrackerTable()
        let (deep, other) = (files.tracker("a/b/c/x"), files.tracker("a/b/y"))
        for removed in [[deep], [deep, other]] {
            table.insert(deep)
            table.insert(other)
            for tracker in removed { table.remove(tracker) }
            #expect(names(table.files(below: "a")) == (removed.count == 1 ? ["a/b/y"] : []))
            table.insert(deep)
            #expect(table.files(below: "").contains { $0 === deep })
            for tracker in [deep, other] { table.remove(tracker) }
        }
        #expect(table.values.isEmpty && table.files(below: "").isEmpty)
    }
}
