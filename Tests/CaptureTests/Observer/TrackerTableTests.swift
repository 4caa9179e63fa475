import LinuxSystem
import SystemPackage
import TestSupport
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

    /// Catches a stop that loses a commit of just before it, and one that waits for what cannot be read.
    @Test("a stop waits for the files of which not all is captured that was committed before it")
    func behind() throws {
        let start = MonotonicInstant.now
        let trackers = ["done", "early", "never", "unreadable"].map { files.tracker($0) }
        var table = TrackerTable()
        for tracker in trackers { table.insert(tracker) }
        trackers[0].state.ledger.captured(through: start)
        trackers[1].state.ledger.captured(through: start.advanced(by: .nanoseconds(-1)))
        let error = SystemError(.open, trackers[3].path, code: .permissionDenied)
        trackers[3].state.presence.obstacles.leaveOut(error, trackers[3].state.report)
        var places = try RootPlaces(at: files.folder.path)
        #expect(names(table.behind(start, places)) == ["early", "never"])
        // The root is gone for now.
        try Directory.rename(places.path, to: places.path.appending(suffix: ".away"))
        let finding = places.checkRoot(nil, start)
        try Directory.rename(places.path.appending(suffix: ".away"), to: places.path)
        #expect(finding == .missing && table.behind(start, places).isEmpty)
    }

    /// Catches files that stay left out after somebody has given back the permissions of their directory.
    @Test("it is known in which directory a file cannot be read")
    func leftOut() {
        let tracker = files.tracker("a/x")
        var table = TrackerTable()
        table.insert(tracker)
        #expect(!table.hasLeftOut(in: "a"))
        let error = SystemError(.open, tracker.path, code: .permissionDenied)
        tracker.state.presence.obstacles.leaveOut(error, tracker.state.report)
        #expect(table.hasLeftOut(in: "a") && !table.hasLeftOut(in: "") && !table.hasLeftOut(in: "b"))
    }
}
