import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SystemPackage
import TestSupport

@testable import Capture

/// A database in rollback mode with an open connection, and its tracker. The test tells the events when it
/// likes.
final class TrackedDatabase {
    let folder: TemporaryDirectory
    let session: SQLite3Session
    let tracker: Tracker
    private let queue: CaptureQueue
    /// What was handed over, laid over each other, and whether a snapshot is whole then.
    private let image = AppliedCommits()
    /// Contents of the snapshots that were handed over whole.
    private(set) var snapshots: [[UInt8]] = []
    /// Commits that were handed over, and whether there may be others.
    private(set) var counted = 0
    private(set) var mayMissCommits = false
    /// The most memory of one step, in bytes.
    private(set) var largestStepBytes = 0

    /// `firstEvent`: what it is to the tracker; `created`: it was made while somebody watched. `kind`: a
    /// plain file is one that nobody has looked at yet.
    init(_ sql: String, firstEvent: SnapshotEvent = .baseline, kind: FileKind = .database) throws {
        folder = try TemporaryDirectory()
        session = try SQLite3Session(folder.file("a.db"))
        try session.sql(sql)
        queue = CaptureQueue()
        tracker = Tracker(
            file: FileID(1),
            name: "a.db",
            path: FilePath(folder.file("a.db")),
            kind: kind,
            image: nil,
            firstEvent: firstEvent,
            knownGoodUntil: .now,
            context: CaptureContext(mirrors: FilePath(folder.file("mirror")), queue: queue)
        )
        try Directory.make(FilePath(folder.file("mirror")))
        if firstEvent == .baseline, kind == .database { try process() }
    }

    /// Another connection, whose journals keep their names for a while after they are done with.
    func slowSession() throws -> SQLite3Session {
        let delay = "inject=unlink:delay_enter=100000"
        return try SQLite3Session(
            folder.file("a.db"),
            under: ["strace", "-D", "-qq", "-o", "/dev/null", "-e", "trace=unlink", "-e", delay]
        )
    }

    /// A transaction whose journal is pinned as it appears, and whose end is told.
    func commit(_ sql: String) throws {
        try session.sql("BEGIN IMMEDIATE; \(sql)")
        tracker.note(.journalAppeared(try PinnedFile(tracker.journal.path)))
        try session.sql("COMMIT;")
        tracker.note(.journalDeleted)
        tracker.note(.contentModified)
    }

    /// A transaction of a slow session, whose journal is pinned, and whose end is told.
    func commit(_ sql: String, by slow: SQLite3Session) throws {
        try slow.start(sql)
        var pinned: PinnedFile?
        while pinned == nil { pinned = try? PinnedFile(tracker.journal.path) }
        tracker.note(.journalAppeared(pinned))
        try slow.finish()
        tracker.note(.journalDeleted)
        tracker.note(.contentModified)
    }

    /// What events tell whenever the tracker asks for them.
    var onEvents: () -> Void = {}

    /// Lets the tracker act on what it was told, and takes what it hands over as durable.
    func process() throws {
        tracker.processFully(.now, onEvents: onEvents)
        try take()
    }

    /// Looks until the tracker has nothing left to do.
    func processUntilAtRest() throws {
        while !tracker.isAtRest { try process() }
    }

    /// Takes what was handed over; the mirror shows it then.
    func take() throws {
        let steps = queue.takeAll()
        for step in steps {
            largestStepBytes = max(largestStepBytes, step.byteCount)
            switch step {
            case .changes(let changes):
                if changes.isFinal { counted += changes.transactions }
                if changes.startsFresh { image.image = [] }
                image.committed(changes.pages, databasePages: changes.shape.pageCount)
                if changes.isFinal, changes.closesUnfinished || !isUnfinished {
                    whole()
                } else {
                    isUnfinished = true
                }
            case .finish(_, let event, _, let shape, let coalesced):
                counted += event == .commit ? 1 : coalesced
                image.committed(PageSet(pageSize: shape.pageSize), databasePages: shape.pageCount)
                whole()
            case .gapSuspected: mayMissCommits = true
            default: break
            }
        }
        try folder.write(image.image, to: "mirror/1")
        queue.settled([FileID(1): steps.count], byteCount: steps.reduce(0) { $0 + $1.byteCount })
    }

    private var isUnfinished = false

    private func whole() {
        isUnfinished = false
        snapshots.append(image.image)
    }
}

extension Tracker {
    /// Processes the file as the observer does. `onEvents`: reads the events that wait. `hasAllParts`: the
    /// other databases have captured what belongs together.
    func processFully(_ now: MonotonicInstant, hasAllParts: Bool = true, onEvents: () -> Void = {}) {
        var step = process(now)
        while step != .done {
            if step == .needsEvents { onEvents() }
            step = resume(hasAllParts: hasAllParts)
        }
    }
}
