import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// The recorder with a real repository; what the observer would put is put by the test.
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
            .changes(RecorderTests.changes(RecorderTests.bad, shape, 1, pageSize: of?.pageSize))
        }
    }

    private static func changes(
        _ file: FileID,
        _ shape: ImageSize,
        _ content: UInt8,
        pageSize: PageSize? = nil,
        startsFresh: Bool = false
    ) -> Changes {
        var pages = PageSet(pageSize: pageSize ?? shape.pageSize)
        let bytes = [UInt8](repeating: content, count: pages.pageSize.bytes)
        unsafe pages.append(PageNumber(1), bytes.span.bytes)
        return Changes(
            file: file,
            time: .now,
            event: .scan,
            shape: shape,
            startsFresh: startsFresh,
            pages: pages,
            closesUnfinished: true
        )
    }

    @Test(
        "an error that concerns one file voids its steps until it begins anew, and nothing else",
        arguments: Breach.allCases
    )
    func breach(_ breach: Breach) async throws {
        let folder = try TemporaryDirectory()
        let data = FilePath(folder.file("data"))
        try Directory.make(data)
        let repository = try RepositoryDirectory.openOrCreate(at: FilePath(folder.file("repository")))
        let root = try repository.addRoot(data, kind: .directory)
        let queue = CaptureQueue()
        let threads = try ProtectorThreads()
        let meter = StatusMeter { _ in }
        let recorder = Recorder(
            writer: try RootWriter(root: root),
            compactor: Compactor(root, meter: meter, retention: nil),
            queue: queue,
            loop: threads.recorders,
            meter: meter,
            answers: DurabilityWaiters(),
            debounce: Debounce(quiet: .zero, maximumDelay: .zero),
            isPatient: true,
            idleDelay: .seconds(600),
            onDurable: nil
        )
        queue.put(.declare(Self.bad, name: "bad", kind: .database))
        queue.put(.declare(Self.good, name: "good", kind: .database))
        queue.put(.changes(Self.changes(Self.good, Self.pages, 1, startsFresh: true)))
        for step in breach.steps { queue.put(step) }
        // Void: the observer has not heard of it yet.
        queue.put(.changes(Self.changes(Self.bad, Self.pages, 66)))
        queue.put(.changes(Self.changes(Self.good, Self.pages, 2)))
        let failed = breach == .otherNumber ? FileID(77) : Self.bad
        // What the observer does when it hears of it.
        queue.put(.abandonBase(failed))
        queue.put(.gapSuspected(Self.bad, since: .now, reason: "an error"))
        queue.put(.changes(Self.changes(Self.bad, Self.otherPages, 3, startsFresh: true)))
        queue.close()
        try await recorder.run()

        let failure = try #require(queue.takeFailures()[failed])
        guard case .program = failure.cause else { return #expect(Bool(false), "\(failure)") }
        var last: [FileID: UInt8] = [:]
        for file in [Self.bad, Self.good] {
            let output = FilePath(folder.file("restored-\(file)"))
            let states = try ImageRebuilder(root).rebuildAll([file: output], at: meter.current.lastSequence)
            _ = try #require(states[file]).get()
            let copy = try OpenFile(output, .read)
            var byte: [UInt8] = [0]
            _ = try copy.read(into: &byte, count: 1, at: 0)
            last[file] = byte[0]
        }
        #expect(last == [Self.bad: 3, Self.good: 2])
        if breach != .otherNumber { #expect(meter.current.counters.gaps == 1) }
        var findings: [Finding] = []
        _ = try RootCheck(root).run(readingData: true) { findings.append($0) }
        #expect(findings.isEmpty, "\(findings)")
    }
}
