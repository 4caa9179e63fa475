import Foundation
import LinuxSystem
import RepositoryFormat
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Which log is followed")
struct LogCaptureTests {
    private let folder: TemporaryDirectory
    private let tracker: Tracker

    init() throws {
        folder = try TemporaryDirectory()
        try folder.write([], to: "a.db")
        tracker = Tracker(
            file: FileID(1),
            name: "a.db",
            path: FilePath(folder.file("a.db")),
            kind: .database,
            image: nil,
            firstEvent: .baseline,
            knownGoodUntil: .now,
            context: CaptureContext(mirrors: FilePath(folder.path))
        )
        tracker.state.pending = PendingEvents()
        tracker.state.pending.log = false
        tracker.state.pending.rescanReason = nil
    }

    private func replaceLog() throws {
        // The other one is made before the first one goes, so that it is another file.
        try folder.write([], to: "other")
        try FileManager.default.removeItem(atPath: folder.file("a.db-wal"))
        try FileManager.default.moveItem(atPath: folder.file("other"), toPath: folder.file("a.db-wal"))
    }

    private var openLogs: Int { tracker.context.openLogs }

    @Test("logs that are open are counted, whatever closes them")
    func openLogsAreCounted() throws {
        try tracker.logs.open(&tracker.state)
        #expect(tracker.logs.isAbsent && openLogs == 0)
        #expect(!tracker.state.pending.log)
        try folder.write([], to: "a.db-wal")
        try tracker.logs.open(&tracker.state)
        #expect(tracker.logs.isNamed && openLogs == 1)
        #expect(tracker.state.pending.log, "it is to be read")
        try tracker.logs.open(&tracker.state)
        #expect(openLogs == 1, "the other one was closed")
        tracker.logs.suspend(tracker.context)
        #expect(tracker.logs.isSuspended && openLogs == 0)
        tracker.logs.forget(tracker.context)
        #expect(tracker.logs.isAbsent && openLogs == 0)
    }

    @Test("a suspended log goes on when it is opened again; another one in its place does not")
    func reopened() throws {
        try folder.write([], to: "a.db-wal")
        try tracker.logs.open(&tracker.state)
        let identity = try #require(tracker.logs.identity)
        tracker.logs.suspend(tracker.context)
        #expect(tracker.logs.identity == identity, "it is followed all the same")
        var isReopened = try tracker.logs.reopen(tracker.state, nil)
        #expect(isReopened && openLogs == 1)

        tracker.logs.suspend(tracker.context)
        try replaceLog()
        isReopened = try tracker.logs.reopen(tracker.state, nil)
        #expect(!isReopened && !tracker.logs.isSuspended && openLogs == 1)

        tracker.logs.suspend(tracker.context)
        tracker.state.pending.rescanReason = .unexplained
        try replaceLog()
        isReopened = try tracker.logs.reopen(tracker.state, nil)
        #expect(isReopened, "everything is compared anyway")
    }

    @Test("a suspended log that somebody opens and deletes at once goes on, if it was held with its index")
    func heldWithIndex() throws {
        try folder.write([], to: "a.db-wal")
        try tracker.logs.open(&tracker.state)
        let identity = try #require(tracker.logs.identity)
        tracker.logs.suspend(tracker.context)
        let held = try PinnedFile(FilePath(folder.file("a.db-wal")))
        try replaceLog()
        tracker.note(.indexAppeared(nil, log: held))
        #expect(tracker.logs.identity == identity && openLogs == 1)
        #expect(tracker.state.pending.rescanReason == nil && tracker.state.pending.log)
    }

    @Test("a log that appeared unseen is found once, or was deleted")
    func unseen() throws {
        tracker.logs.appearedUnseen()
        #expect(try tracker.logs.findUnseen(tracker.state.presence) == nil)
        #expect(!tracker.logs.isUnseen)
        try folder.write([], to: "a.db-wal")
        #expect(try tracker.logs.findUnseen(tracker.state.presence) == nil, "nothing appeared")
        tracker.logs.appearedUnseen()
        let found = try #require(try tracker.logs.findUnseen(tracker.state.presence))
        tracker.logs.follow(found, isNew: true, tracker.state)
        #expect(tracker.logs.isNamed && openLogs == 1)
    }

    @Test("a log that was drained is closed, and where the next one is has to be checked")
    func drained() throws {
        try folder.write([], to: "a.db-wal")
        try tracker.logs.open(&tracker.state)
        tracker.logs.sight.isInSight()
        tracker.logs.isDrainingLater = true
        #expect(tracker.logs.isDrainingLater)
        tracker.logs.endDraining(tracker.context)
        #expect(tracker.logs.isAbsent && !tracker.logs.isDrainingLater && openLogs == 0)
        #expect(tracker.logs.sight.isUnsure)
    }
}
