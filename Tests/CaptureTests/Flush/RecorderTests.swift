import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("The recorder beside steps that break the writer's rules")
struct RecorderTests {
    private static let bad = FileID(1)
    private static let good = FileID(2)
    private static let pages = ImageSize(pageSize: PageSize(bytes: 1024)!, pageCount: PageCount(2))
    private static let otherPages = ImageSize(pageSize: .plain, pageCount: PageCount(2))

    /// Steps of one file, the last of which breaks a rule of the writer.
    enum Breach: CaseIterable {
        case pagesOfAnotherSize, anotherSizeWithoutFreshStart, anotherSizeIntoBase, anotherSizeAtItsEnd
        case secondBase, chunkOutOfOrder, chunkWithoutBase, endWithoutBase, otherNumber

        var steps: [CaptureStep] {
            let chunk = [UInt8](repeating: 7, count: 1024)
            return switch self {
            case .pagesOfAnotherSize: [changes(RecorderTests.pages, RecorderTests.otherPages)]
            case .anotherSizeWithoutFreshStart:
                [changes(RecorderTests.pages), changes(RecorderTests.otherPages)]
            case .anotherSizeIntoBase: [beginBase, changes(RecorderTests.otherPages)]
            case .anotherSizeAtItsEnd:
                [
                    beginBase,
                    .endBase(bad, event: .scan, time: .now, shape: RecorderTests.otherPages),
                ]
            case .secondBase: [beginBase, beginBase]
            case .chunkOutOfOrder: [beginBase, .baseChunk(bad, first: PageNumber(2), bytes: chunk)]
            case .chunkWithoutBase: [.baseChunk(bad, first: PageNumber(1), bytes: chunk)]
            case .endWithoutBase: [.endBase(bad, event: .scan, time: .now, shape: RecorderTests.pages)]
            case .otherNumber: [.declare(FileID(77), name: "a third", kind: .plain)]
            }
        }

        private var bad: FileID { RecorderTests.bad }
        private var beginBase: CaptureStep { .beginBase(bad, RecorderTests.pages) }

        private func changes(_ shape: ImageSize, _ of: ImageSize? = nil) -> CaptureStep {
            .changes(Changes(bad, shape, 1, pageSize: of?.pageSize))
        }
    }

    @Test(
        "an error that concerns one file voids its steps until it begins anew, and nothing else",
        arguments: Breach.allCases
    )
    func breach(_ breach: Breach) async throws {
        let recorded = try RecordedQueue()
        let queue = recorded.queue
        queue.put(.declare(Self.bad, name: "bad", kind: .database))
        queue.put(.declare(Self.good, name: "good", kind: .database))
        queue.put(.changes(Changes(Self.good, Self.pages, 1, startsFresh: true)))
        for step in breach.steps { queue.put(step) }
        // Void: the observer has not heard of it yet.
        queue.put(.changes(Changes(Self.bad, Self.pages, 66)))
        queue.put(.changes(Changes(Self.good, Self.pages, 2)))
        let failed = breach == .otherNumber ? FileID(77) : Self.bad
        // What the observer does when it hears of it.
        queue.put(.abandonBase(failed))
        queue.put(.gapSuspected(Self.bad, since: .now, reason: "an error"))
        queue.put(.changes(Changes(Self.bad, Self.otherPages, 3, startsFresh: true)))
        queue.close()
        try await recorded.run()

        let failure = try #require(queue.takeFailures()[failed])
        guard case .program = failure.cause else { return #expect(Bool(false), "\(failure)") }
        let last = recorded.meter.current.lastSequence
        #expect(try recorded.content(of: Self.bad, at: last) == 3)
        #expect(try recorded.content(of: Self.good, at: last) == 2)
        if breach != .otherNumber { #expect(recorded.meter.current.counters.gaps == 1) }
        let findings = try recorded.findings()
        #expect(findings.isEmpty, "\(findings)")
    }
}
