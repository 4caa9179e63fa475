import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SQLiteFiles
import SystemPackage
import Testing

@testable import Capture

@Suite("When the recorder makes durable what it has")
struct RecorderBarrierTests {
    private static let file = FileID(1)
    private static let shape = ImageSize(pageSize: .plain, pageCount: PageCount(1))
    /// Nothing but a hurry ends it within a test.
    private static let longPause = Duration.seconds(600)
    private static let patience = Duration.seconds(60)

    private let recorded: RecordedQueue

    /// Puts the first snapshot of a file, which no pause precedes.
    init() throws {
        recorded = try RecordedQueue()
        recorded.queue.put(.declare(Self.file, name: "a", kind: .plain))
        put(1, startsFresh: true)
    }

    private func put(_ content: UInt8, startsFresh: Bool = false) {
        recorded.queue.put(.changes(Changes(Self.file, Self.shape, content, startsFresh: startsFresh)))
    }

    /// Records with long pauses, puts what `body` puts after the first flush, and returns whether it became
    /// durable before the end.
    private func isSettled(after body: () -> Void) async throws -> Bool {
        async let run: Void = recorded.run(pause: Self.longPause)
        let isFirstSettled = await recorded.isSettled(Self.file, within: Self.patience)
        body()
        let isSettled = await recorded.isSettled(Self.file, within: Self.patience)
        recorded.queue.close()
        try await run
        return isFirstSettled && isSettled
    }

    /// Catches a `sync` that lasts as long as others write.
    @Test("a barrier waits for no pause")
    func barrier() async throws {
        let isSettled = try await isSettled {
            put(2)
            recorded.queue.put(.barrier(7))
        }
        #expect(isSettled)
        #expect(try await recorded.answers.wait(for: 7).sequence == SequenceNumber(2))
    }

    /// Catches commits that go by uncounted, since the comparison that makes up for a loss waits for a pause.
    @Test("what a comparison waits for waits for no pause")
    func gap() async throws {
        let isSettled = try await isSettled {
            put(2)
            recorded.queue.put(.gapSuspected(Self.file, since: .now, reason: "events were lost"))
        }
        #expect(isSettled)
    }

    /// Catches memory that grows with what is written in a pause.
    @Test("more than 2 MiB wait for no pause")
    func full() async throws {
        let isSettled = try await isSettled {
            let pages = PendingFlush.fullBytes / PageSize.plain.bytes
            let shape = ImageSize(pageSize: .plain, pageCount: PageCount(UInt32(pages)))
            var all = PageSet(pageSize: .plain)
            let bytes = [UInt8](repeating: 2, count: PageSize.plain.bytes)
            for page in 1...UInt32(pages) { unsafe all.append(PageNumber(page), bytes.span.bytes) }
            recorded.queue.put(
                .changes(Changes(file: Self.file, time: .now, event: .scan, shape: shape, pages: all))
            )
        }
        #expect(isSettled)
    }

    /// Catches the last commits before a stop, which are lost with it.
    @Test("what waits for a pause is durable when the queue is closed")
    func end() async throws {
        async let run: Void = recorded.run(pause: Self.longPause)
        let isFirstSettled = await recorded.isSettled(Self.file, within: Self.patience)
        #expect(isFirstSettled)
        put(2)
        recorded.queue.close()
        try await run
        #expect(try recorded.content(of: Self.file, at: SequenceNumber(2)) == 2)
    }

    /// Catches a tag that names what was committed after it.
    @Test("annotations are of the newest snapshot before them, though others follow in the same flush")
    func annotations() async throws {
        recorded.queue.put(.annotate([.tag("one")], barrier: 1))
        put(2)
        recorded.queue.put(.annotate([.tag("two"), .tag("first", at: SequenceNumber(1))], barrier: 2))
        put(3)
        recorded.queue.close()
        try await recorded.run()
        var tags: [String: SequenceNumber] = [:]
        try RootHistory(recorded.root).visit {
            guard case .annotation(let annotation) = $0, let name = annotation.fields["name"] else { return }
            tags[name] = annotation.target
        }
        #expect(tags == ["one": SequenceNumber(1), "two": SequenceNumber(2), "first": SequenceNumber(1)])
        for barrier: UInt64 in 1...2 { _ = try await recorded.answers.wait(for: barrier) }
    }

    /// Catches a pruning that spares what was just committed: it touches no segment that is being written.
    @Test("a segment that is to end has all of before, and nothing of after")
    func segment() async throws {
        async let run: Void = recorded.run()
        recorded.queue.put(.endSegment(barrier: 1))
        _ = try await recorded.answers.wait(for: 1)
        #expect(try recorded.root.segments().count == 2)
        put(2)
        recorded.queue.close()
        try await run
        #expect(try recorded.root.segments() == [SequenceNumber(1), SequenceNumber(2)])
        #expect(try recorded.findings().isEmpty)
    }

    /// Catches a `sync` that succeeds although a file could not be captured.
    @Test("what hinders a file is said with the barrier")
    func incomplete() async throws {
        recorded.meter.hindered("/data/b", Hindrance(reason: "b is unseen", isBlind: true))
        recorded.queue.put(.barrier(1))
        recorded.queue.close()
        try await recorded.run()
        let point = try await recorded.answers.wait(for: 1)
        #expect(point.incomplete == "b is unseen" && point.unseen == ["/data/b": "b is unseen"])
    }
}
