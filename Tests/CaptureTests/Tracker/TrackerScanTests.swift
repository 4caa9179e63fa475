import LinuxSystem
import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Comparisons")
struct TrackerScanTests {
    private static let pageBytes = 4096

    /// A tracker of a database of which an image of that shape is known, and its queue.
    private func tracker(
        _ folder: TemporaryDirectory,
        _ image: ObservedImage?
    ) throws -> (Tracker, CaptureQueue) {
        let queue = CaptureQueue()
        let tracker = Tracker(
            file: FileID(1),
            name: "a.db",
            path: FilePath(folder.file("a.db")),
            kind: .database,
            image: image,
            firstEvent: .baseline,
            knownGoodUntil: .now,
            context: CaptureContext(mirrors: FilePath(folder.path), queue: queue)
        )
        return (tracker, queue)
    }

    @Test("a fresh start that was given up in part has taken the former image's place: the next begins fresh")
    func freshStartGivenUp() throws {
        let folder = try TemporaryDirectory()
        try folder.write([UInt8](repeating: 1, count: Self.pageBytes), to: "a.db")
        let former = ImageSize(pageSize: PageSize(bytes: 512)!, pageCount: PageCount(8))
        let (tracker, queue) = try tracker(folder, ObservedImage(shape: former))
        func begin(_ shape: ImageSize) throws -> FileScan {
            let file = try OpenFile(tracker.path, .protected)
            try tracker.scanning.begin(shape, file: file, isOverLog: true, &tracker.state, tracker.journal)
            return try #require(tracker.scan)
        }
        let scan = try begin(shape(pages: 1))
        tracker.state.outbox.putPart(PageSet(pageSize: scan.pageSize), of: scan)
        tracker.dropScan()
        // Pages of the former size again.
        #expect(try begin(former).snapshot.isFreshStart)
        _ = queue.takeAll()
    }

    @Test("the deletion of a file without an image is handed over: an earlier one may be in the history")
    func deletedWithoutImage() throws {
        let folder = try TemporaryDirectory()
        let (tracker, queue) = try tracker(folder, nil)
        let now = MonotonicInstant.now
        tracker.processFully(now)
        tracker.processFully(now.advanced(by: .seconds(1)))
        let deletions = queue.takeAll().filter {
            if case .changes(let changes) = $0 { changes.event == .deleted && changes.isFinal } else { false }
        }
        #expect(deletions.count == 1)
        #expect(tracker.isGone)
    }

    @Test("a comparison that follows one that was given up cuts nothing off what that one handed over")
    func keepsWhatWasHandedOver() throws {
        let folder = try TemporaryDirectory()
        let file = FileID(1)
        let content = (1...7).flatMap { [UInt8](repeating: $0, count: Self.pageBytes) }
        // The mirror has seven pages, the last whole snapshot had two.
        try folder.write(content, to: file.description)
        try folder.write(content, to: "a.db")
        let (tracker, queue) = try tracker(folder, ObservedImage(shape: shape(pages: 2)))
        try tracker.scanning.begin(
            shape(pages: 7),
            file: OpenFile(tracker.path, .protected),
            isOverLog: true,
            &tracker.state,
            tracker.journal
        )
        let steps = queue.takeAll()
        guard steps.count == 1, case .changes(let opening) = steps[0] else {
            Issue.record("not one change: \(steps)")
            return
        }
        #expect(opening.shape == shape(pages: 7))
        #expect(opening.pages.isEmpty)
        #expect(!opening.isFinal)
    }

    @Test("what a base that is given up stands for counts for the next scan; an audit stands for nothing")
    func countGivenUp() throws {
        let folder = try TemporaryDirectory()
        try folder.write([UInt8](repeating: 1, count: Self.pageBytes), to: "a.db")
        let (tracker, queue) = try tracker(folder, nil)
        try tracker.scanning.begin(
            shape(pages: 2000),
            file: OpenFile(tracker.path, .protected),
            isOverLog: false,
            transactions: 3,
            &tracker.state,
            tracker.journal
        )
        let scan = try #require(tracker.scan)
        #expect(scan.purpose == .base)
        scan.snapshot.took(2)
        let hasEnded = tracker.scanning.drop(nil, &tracker.state)
        #expect(hasEnded && tracker.scan == nil)
        #expect(tracker.state.ledger.merged.count == 5)
        let steps = queue.takeAll()
        guard steps.count == 2, case .beginBase = steps[0], case .abandonBase = steps[1] else {
            Issue.record("not begun and given up: \(steps.count) steps")
            return
        }
        let hasEndedAgain = tracker.scanning.drop(nil, &tracker.state)
        #expect(!hasEndedAgain && queue.takeAll().isEmpty)
        #expect(tracker.state.ledger.merged.count == 5)
    }

    @Test("a scan that ends says how many commits its snapshot stands for, and what it is called")
    func ending() throws {
        let folder = try TemporaryDirectory()
        try folder.write([UInt8](repeating: 1, count: Self.pageBytes), to: "a.db")
        let (tracker, queue) = try tracker(folder, nil)
        tracker.state.ledger.add(4)
        try tracker.scanning.begin(
            shape(pages: 1),
            file: OpenFile(tracker.path, .protected),
            isOverLog: true,
            &tracker.state,
            tracker.journal
        )
        let scan = try #require(tracker.scan)
        scan.snapshot.begin(with: tracker.state.ledger.merged)
        let hasEnded = tracker.scanning.finish(&tracker.state)
        #expect(hasEnded && tracker.scan == nil)
        // It had handed over nothing yet, and takes the former image's place all the same.
        let steps = queue.takeAll()
        guard steps.count == 3, case .changes(let fresh) = steps[0],
            case .finish(_, let event, _, _, let coalesced) = steps[1], case .gapCleared = steps[2]
        else {
            Issue.record("not begun fresh, ended and cleared: \(steps.count) steps")
            return
        }
        #expect(event == .baseline && coalesced == 4)
        #expect(fresh.startsFresh && !fresh.isFinal)
        #expect(tracker.state.ledger.merged.count == 0 && !tracker.state.ledger.isNew)
        #expect(tracker.state.pending.rescanReason == nil)
        #expect(tracker.state.image?.shape == shape(pages: 1))
    }

    @Test("a transaction amid a scan that is too large to be held is compared, not read at once")
    func largeTransactionAmidScan() throws {
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)"
        let database = try TrackedDatabase(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); \(rows) INSERT INTO t SELECT i, randomblob(3500) FROM n;"
        )
        #expect(database.tracker.scan?.purpose == .base)
        try database.commit("UPDATE t SET b = randomblob(3500);")
        try database.processUntilAtRest()
        #expect(database.largestStepBytes < 20 << 20)
    }

    @Test("a file that has taken the name unseen is not compared over the log of the one before it")
    func replacedUnseen() throws {
        let schema = "CREATE TABLE t(i); INSERT INTO t VALUES(1);"
        let database = try TrackedDatabase("PRAGMA journal_mode=WAL; \(schema)")
        try database.processUntilAtRest()
        let before = database.snapshots.count
        let other = database.folder.file("other.db")
        try SQLite3.sql("CREATE TABLE u(x);", on: other)
        try Directory.rename(FilePath(other), to: database.tracker.path)
        database.tracker.requireRescan(.unexplained)
        try database.process()
        #expect(database.snapshots.count == before && database.tracker.state.pending.name)
        try database.processUntilAtRest()
        #expect(database.snapshots.count == before + 1)
    }

    private func shape(pages: UInt32) -> ImageSize {
        ImageSize(pageSize: PageSize(bytes: Self.pageBytes)!, pageCount: PageCount(pages))
    }
}
