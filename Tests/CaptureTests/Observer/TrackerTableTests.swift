import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Trackers by name and by directory")
struct TrackerTableTests {
    private let context: CaptureContext

    init() throws {
        let mirror = FilePath(try TemporaryDirectory().file("mirror"))
        context = CaptureContext(
            queue: CaptureQueue(),
            meter: StatusMeter { _ in },
            mirrorDirectory: mirror,
            hashes: PageHashes(in: mirror),
            budget: OpenFileBudget(openFiles: 1000),
            links: LinkSurvey()
        )
    }

    private func tracker(_ name: FilePath) -> Tracker {
        Tracker(
            file: FileID(1),
            name: name,
            path: name,
            kind: .plain,
            image: nil,
            firstEvent: .baseline,
            knownGoodUntil: .now,
            context: context
        )
    }

    private func names(_ trackers: [Tracker]) -> Set<String> { Set(trackers.map(\.name.string)) }

    @Test("each is found in its directory and in those above, until it is removed")
    func found() {
        var table = TrackerTable()
        let trackers = ["x", "a/x", "a/b/c/x", "a/b/c/y", "ab/x"].map { tracker(FilePath($0)) }
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
        let (deep, other) = (tracker("a/b/c/x"), tracker("a/b/y"))
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
