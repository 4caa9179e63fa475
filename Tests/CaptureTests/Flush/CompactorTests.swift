import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// The compactor as it runs in a protector, on segments of a real writer. The tests wait only for its answers
/// and its end.
@Suite("The compactor")
struct CompactorTests {
    /// A decision that fails: nothing is removed.
    private struct Refusal: Error {}

    /// What the compactor reported, and how often it asked for the rules.
    private final class Reported: Sendable {
        let notices = Notices()
        private let decisions = Mutex(0)

        var decisionCount: Int { decisions.withLock { $0 } }

        func decided() { decisions.withLock { $0 += 1 } }
    }

    private func compactor(
        _ written: SegmentedRoot,
        _ reported: Reported = Reported(),
        retention: (@Sendable (RootDescription) throws -> KeptSnapshots)? = nil
    ) -> Compactor {
        Compactor(written.root, meter: StatusMeter { reported.notices.add($0) }, retention: retention)
    }

    /// Starts it, and ends it after `body`, whatever comes.
    private func run(
        _ compactor: Compactor,
        finishing: Bool = false,
        _ body: () async throws -> Void = {}
    ) async throws {
        let threads = try ProtectorThreads()
        async let ended: Void = compactor.run(on: threads.compactors)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        compactor.end(finishing: finishing)
        await ended
        try result.get()
    }

    /// Returns when a pass that began after the call is complete. The first request may be processed in an
    /// earlier pass, and the second one before the retention of the next pass.
    private func wholePass(_ compactor: Compactor) async {
        for _ in 0..<3 {
            await #expect(throws: Refusal.self) { try await compactor.prune { throw Refusal() } }
        }
    }

    /// Catches an end that does not finish, and compaction of the segment that is being written.
    @Test("ended in good order, it first compacts the segments of earlier writers, all but the last")
    func finishing() async throws {
        let written = try SegmentedRoot(segments: 3)
        let reported = Reported()
        try await run(compactor(written, reported), finishing: true)
        let segments = try written.fullSegments()
        #expect(segments == [1, 6, 11].map { SequenceNumber($0) })
        #expect(try written.compacted() == segments)
        let last = try #require(try written.root.segments().last)
        #expect(try !StreamReader(root: written.root).header(of: last).isSealed)
        #expect(try written.sequences().count == 3 * SegmentedRoot.snapshots)
        #expect(reported.notices.all.isEmpty, "\(reported.notices.all)")
        #expect(try written.findings().isEmpty, "\(written.random)")
    }

    /// Catches a pause that is not obeyed, one that holds requests up, and a resumption that wakes nobody.
    @Test("while it is paused it only processes requests; resumed, it goes on by itself")
    func paused() async throws {
        let written = try SegmentedRoot(segments: 2)
        let reported = Reported()
        let (decisions, decision) = AsyncStream.makeStream(of: Void.self)
        let compactor = compactor(written, reported) { _ in
            reported.decided()
            decision.yield()
            throw Refusal()
        }
        compactor.pause(true)
        try await run(compactor) {
            await wholePass(compactor)
            let early = try written.compacted()
            #expect(early == [])
            #expect(reported.decisionCount == 0)
            compactor.pause(false)
            // Retention follows compaction.
            for await _ in decisions { break }
            let compacted = try written.compacted()
            #expect(try compacted == written.fullSegments())
        }
    }

    /// Catches an end that compacts after `giveUp`, and requests that nobody resumes.
    @Test("given up, it leaves the segments for later, and fails the requests that wait and all later ones")
    func givenUp() async throws {
        let written = try SegmentedRoot(segments: 2)
        let compactor = compactor(written)
        compactor.giveUp()
        let waiting = Task { try await compactor.prune { throw Refusal() } }
        try await run(compactor, finishing: true)
        await #expect(throws: CancellationError.self) { try await waiting.value }
        await #expect(throws: CancellationError.self) { try await compactor.prune { throw Refusal() } }
        #expect(try written.compacted() == [])
    }

    /// Catches a retention that runs at each compaction, or at the end once more, or reports nothing.
    @Test("retention follows the first compaction, reports what it removed, and does not follow the next one")
    func retention() async throws {
        let written = try SegmentedRoot(segments: 2)
        let reported = Reported()
        let newest = SequenceNumber(10)
        let compactor = compactor(written, reported) { _ in
            reported.decided()
            return KeptSnapshots([(sequence: newest, isConsistentPoint: true)], upTo: newest)
        }
        try await run(compactor, finishing: true) {
            await wholePass(compactor)
            #expect(reported.decisionCount == 1)
            #expect(try written.sequences() == [newest])
            try written.addSegment()
            compactor.wake()
            await wholePass(compactor)
            #expect(try written.compacted() == written.fullSegments())
        }
        #expect(reported.decisionCount == 1)
        let removed = reported.notices.all.compactMap { notice in
            if case .removed(let outcome) = notice { outcome.removedSnapshots } else { nil }
        }
        #expect(removed == [9], "\(reported.notices.all)")
        #expect(try written.sequences().count == 1 + SegmentedRoot.snapshots)
        #expect(try written.findings().isEmpty, "\(written.random)")
    }

    /// Catches a request whose error ends the thread, or whose removal does not happen.
    @Test("a request that fails hands its error to the one who asked, and the next one is processed")
    func requests() async throws {
        let written = try SegmentedRoot(segments: 2)
        let newest = SequenceNumber(10)
        let compactor = compactor(written)
        try await run(compactor) {
            await #expect(throws: Refusal.self) { try await compactor.prune { throw Refusal() } }
            let outcome = try await compactor.prune {
                KeptSnapshots([(sequence: newest, isConsistentPoint: true)], upTo: newest)
            }
            #expect(outcome.removedSnapshots == 9)
        }
        #expect(try written.sequences() == [newest])
    }

    /// Catches damage that is not reported, reported at each pass, or written anew under a right checksum.
    @Test("a damaged segment is reported once, and stays as it is")
    func damaged() async throws {
        let written = try SegmentedRoot(segments: 2)
        let reported = Reported()
        let segment = written.root.segmentPath(SequenceNumber(6))
        let bytes = try Self.flipByte(in: segment)
        let compactor = compactor(written, reported)
        try await run(compactor) {
            await wholePass(compactor)
            compactor.wake()
            await wholePass(compactor)
        }
        let findings = reported.notices.all.compactMap { notice in
            if case .finding(let finding) = notice { finding } else { nil }
        }
        #expect(findings.map(\.file) == [segment], "\(reported.notices.all)")
        #expect(try Self.content(of: segment) == bytes)
        #expect(try written.compacted() == [SequenceNumber(1)])
    }

    /// Changes the byte in the middle, where only page content is, and returns the new content.
    private static func flipByte(in path: FilePath) throws -> [UInt8] {
        var bytes = try content(of: path)
        let middle = bytes.count / 2
        bytes[middle] ^= 0x40
        let changed = [bytes[middle]]
        try OpenFile(path, .update).write(unsafe changed.span.bytes, at: UInt64(middle))
        return bytes
    }

    private static func content(of path: FilePath) throws -> [UInt8] {
        let file = try OpenFile(path, .read)
        var bytes = [UInt8](repeating: 0, count: Int(clamping: try file.status().sizeBytes))
        let count = try file.read(into: &bytes, count: bytes.count, at: 0)
        return Array(bytes[..<count])
    }
}
