import RepositoryFormat
import RepositoryWriter
import SQLiteFiles
import Testing

@testable import Capture

@Suite("What is handed over of a file, in order")
struct CaptureOutboxTests {
    private let queue: CaptureQueue
    private let size = PageSize(bytes: 512)!

    init() throws {
        queue = CaptureQueue()
    }

    private func pages(_ number: UInt32) -> PageSet {
        var set = PageSet(pageSize: size)
        let page = [UInt8](repeating: UInt8(number), count: 512)
        unsafe set.append(PageNumber(number), page.span.bytes)
        return set
    }

    private var shape: ImageSize { ImageSize(pageSize: size, pageCount: PageCount(9)) }

    /// More than there is room for.
    private func fill() {
        let bytes = [UInt8](repeating: 0, count: CaptureQueue.comfortableBytes)
        queue.put(.baseChunk(FileID(9), first: PageNumber(1), bytes: bytes))
        #expect(!queue.hasRoom)
    }

    private func changes() -> [Changes] {
        queue.takeAll().compactMap { if case .changes(let changes) = $0 { changes } else { nil } }
    }

    @Test("commits without room are taken together, and come before whatever follows")
    func backlog() {
        var outbox = CaptureOutbox(FileID(1), queue)
        outbox.putCommit(pages(1), shape, isFinal: true)
        fill()
        outbox.putCommit(pages(2), shape, isFinal: true)
        outbox.putCommit(pages(3), shape, isFinal: true)
        #expect(outbox.hasBacklog)
        outbox.put(.gapCleared(FileID(1)))
        #expect(!outbox.hasBacklog)
        let steps = queue.takeAll()
        guard case .changes(let first) = steps.first, case .gapCleared = steps.last else {
            Issue.record("not in order: \(steps.count) steps")
            return
        }
        #expect(first.event == .commit && first.pages.numbers == [PageNumber(1)])
        guard case .changes(let kept) = steps[2] else {
            Issue.record("what was kept back is missing")
            return
        }
        #expect(kept.event == .scan && kept.coalesced == 2 && kept.closesUnfinished)
        #expect(kept.pages.numbers == [PageNumber(2), PageNumber(3)])
    }

    @Test("a commit of which parts were handed over is not kept back")
    func parts() {
        var outbox = CaptureOutbox(FileID(1), queue)
        fill()
        outbox.commitBegins()
        outbox.putCommit(pages(1), shape, isFinal: false)
        outbox.putCommit(pages(2), shape, isFinal: true)
        #expect(!outbox.hasBacklog)
        outbox.putCommit(pages(3), shape, isFinal: true)
        #expect(outbox.hasBacklog, "the next one is whole")
        let handedOver = changes()
        #expect(handedOver.map(\.isFinal) == [false, true])
        #expect(handedOver.map(\.closesUnfinished) == [false, true])
    }

    @Test("what comes amid a scan does not close its snapshot")
    func amidScan() {
        var outbox = CaptureOutbox(FileID(1), queue)
        outbox.scanBegins()
        outbox.openSnapshot(shape)
        outbox.putCommit(pages(1), shape, isFinal: true)
        outbox.scanEnds()
        outbox.putCommit(pages(2), shape, isFinal: true)
        let handedOver = changes()
        #expect(handedOver.map(\.isFinal) == [false, true, true])
        #expect(handedOver.map(\.closesUnfinished) == [false, false, true])
    }
}
