import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("What transactions in rollback mode have done")
struct RollbackCaptureTests {
    private let start = MonotonicInstant.now
    private let folder: TemporaryDirectory
    private let pageBytes = 4096

    init() throws {
        folder = try TemporaryDirectory()
    }

    private var path: FilePath { FilePath(folder.file("a.db")) }

    private func after(_ milliseconds: Int) -> MonotonicInstant {
        start.advanced(by: .milliseconds(milliseconds))
    }

    private func rollback() -> RollbackCapture {
        RollbackCapture(JournalWatch(path.appending(suffix: "-journal")))
    }

    /// A window of a database with that change counter; `pages`: as many as the header says, and as the file
    /// has.
    private func window(
        counter: UInt32,
        pages: (said: UInt32, real: Int) = (2, 2)
    ) throws -> QuiescentWindow {
        var bytes = [UInt8](repeating: 0, count: pages.real * pageBytes)
        bytes.replaceSubrange(0..<16, with: DatabaseHeader.magic)
        (bytes[16], bytes[17]) = (0x10, 0)
        (bytes[18], bytes[19]) = (1, 1)
        (bytes[21], bytes[22], bytes[23]) = (64, 32, 32)
        for place in 0..<4 {
            let shift = UInt32(24 - 8 * place)
            bytes[24 + place] = UInt8(truncatingIfNeeded: counter >> shift)
            bytes[92 + place] = UInt8(truncatingIfNeeded: counter >> shift)
            bytes[28 + place] = UInt8(truncatingIfNeeded: pages.said >> shift)
        }
        try folder.write(bytes, to: "a.db")
        var scratch = [UInt8](repeating: 0, count: pageBytes)
        let journal = JournalWatch(path.appending(suffix: "-journal"))
        let window = try QuiescentWindow(OpenFile(path, .protected), journal: journal, &scratch)
        return try #require(window)
    }

    /// What is known when a state with that counter was captured, and that was written since.
    private func known(counter: UInt32?, writes: Int = 0) -> KnownState {
        var pending = PendingEvents()
        pending.rescanReason = nil
        for _ in 0..<writes {
            pending.contentModified()
            pending.journalWritten()
        }
        var image: ObservedImage?
        if let counter {
            image = ObservedImage(
                shape: ImageSize(pageSize: PageSize(bytes: pageBytes)!, pageCount: PageCount(2))
            )
            image?.changeCounter = counter
        }
        return KnownState(
            image: image,
            pending: pending,
            ledger: CommitLedger(firstEvent: .baseline, isNew: counter == nil, knownGoodUntil: .now),
            content: SeenContent(),
            bounds: ImageBounds(path: path, capturedBytes: 0),
            isScanning: false,
            scannedJournal: nil
        )
    }

    @Test("nothing is read while neither events nor the change counter tell of anything")
    func nothing() throws {
        let decision = try rollback().decide(window(counter: 7), known(counter: 7))
        #expect(decision.changed == .nothing && !decision.isUncounted)
    }

    @Test("writes without a journal are compared as a whole, and counted by the change counter")
    func withoutJournal() throws {
        let decision = try rollback().decide(window(counter: 9), known(counter: 7, writes: 2))
        #expect(decision.changed == .everything(transactions: 2, isExplained: false))
        #expect(!decision.isUncounted)
    }

    @Test("more writes than the change counter tells of are commits that nobody can count")
    func uncounted() throws {
        let decision = try rollback().decide(window(counter: 8), known(counter: 7, writes: 3))
        #expect(decision.changed == .everything(transactions: nil, isExplained: false))
        #expect(decision.isUncounted)
    }

    @Test("without an image everything is compared, and nothing of before is missed")
    func first() throws {
        var known = known(counter: nil)
        #expect(known.image == nil)
        let decision = try rollback().decide(window(counter: 8), known)
        #expect(decision.changed == .everything(transactions: nil, isExplained: false))
        #expect(!decision.isUncounted)
        known = self.known(counter: nil, writes: 1)
        #expect(try !rollback().decide(window(counter: 8), known).isUncounted)
    }

    @Test("content that no transaction explains has to be quiet, and longer when its size is odd")
    func quiet() throws {
        let (intact, odd) = (try window(counter: 1), try window(counter: 1, pages: (9, 2)))
        var pending = PendingEvents()
        #expect(RollbackCapture.pauseForQuiet(intact, pending, start) == nil, "nobody has written it")
        pending.contentModified()
        let touched = try #require(pending.lastTouch)
        let later = touched.advanced(by: .milliseconds(100))
        #expect(RollbackCapture.pauseForQuiet(intact, pending, later) == .milliseconds(150))
        #expect(RollbackCapture.pauseForQuiet(odd, pending, later) == .milliseconds(1900))
        pending.contentClosed()
        #expect(RollbackCapture.pauseForQuiet(intact, pending, later) == nil)
        #expect(RollbackCapture.pauseForQuiet(odd, pending, later) == .milliseconds(1900))
        #expect(RollbackCapture.pauseForQuiet(odd, pending, touched.advanced(by: .seconds(2))) == nil)
    }

    @Test("a lock is asked for at once, then the less often the longer nothing happens")
    func locked() {
        #expect(RollbackCapture.pauseWhileLocked(start, after(3)) == .microseconds(200))
        #expect(RollbackCapture.pauseWhileLocked(start, after(40)) == .milliseconds(10))
        #expect(RollbackCapture.pauseWhileLocked(start, after(1000)) == .milliseconds(50))
        #expect(RollbackCapture.pauseWhileLocked(start, after(60_000)) == .seconds(3))
        #expect(RollbackCapture.pauseWhileLocked(start, after(3_600_000)) == .seconds(30))
    }

    @Test("a journal is hot when it has looked so for a while")
    func hot() {
        var rollback = rollback()
        var isHot = rollback.isSurelyHot(start)
        #expect(!isHot)
        isHot = rollback.isSurelyHot(after(20))
        #expect(isHot)
        rollback.isNotHot()
        isHot = rollback.isSurelyHot(after(40))
        #expect(!isHot)
    }

    /// Catches what was seen of a file that is gone, and held against the next one of that name.
    @Test("nothing that was seen of a file concerns the next one of that name")
    func anotherFile() {
        var rollback = rollback()
        _ = rollback.sawLocked(7, writes: 1, start)
        _ = rollback.isSurelyHot(start)
        rollback.fileIsGone()
        let isUncounted = rollback.sawLocked(7, writes: 2, after(9999))
        #expect(!isUncounted)
        let isHot = rollback.isSurelyHot(after(9999))
        #expect(!isHot)
    }

    @Test("who writes much later under the same counter, and keeps the lock, has committed before")
    func writesLater() {
        var rollback = rollback()
        var isUncounted = rollback.sawLocked(7, writes: 1, start)
        #expect(!isUncounted)
        isUncounted = rollback.sawLocked(7, writes: 2, after(249))
        #expect(!isUncounted, "it may be one transaction")
        isUncounted = rollback.sawLocked(7, writes: 1, after(250))
        #expect(!isUncounted, "nothing was written since")
        isUncounted = rollback.sawLocked(7, writes: 2, after(250))
        #expect(isUncounted)
        isUncounted = rollback.sawLocked(8, writes: 9, after(999))
        #expect(!isUncounted, "another transaction")
    }
}
