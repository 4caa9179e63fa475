import LinuxSystem
import SQLiteFiles
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

@Suite("Beside a writer")
struct BesideWriterTests {
    /// What the writer's thread tells the reader's.
    private final class Progress: Sendable {
        let flushed = Atomic<UInt64>(0)
        let isDone = Atomic<Bool>(false)
        /// The reader has looked once: the writer may write the second half.
        let hasLooked = Semaphore()
    }

    @Test(
        "readers never see damage, and always all that was flushed before, while segments are sealed as well"
    )
    func readers() throws {
        let test = try TestRoot()
        let progress = Progress()
        let root = test.root
        let writing = try StartedThread("writer") {
            defer { progress.isDone.store(true, ordering: .releasing) }
            try Self.write(root, progress)
        }
        let sealing = try StartedThread("sealer") {
            var sealed = 0
            while !progress.isDone.load(ordering: .acquiring) { sealed += try RootCompaction(root).run() }
            return try sealed + RootCompaction(root).run()
        }
        var rounds = 0
        repeat {
            let flushed = progress.flushed.load(ordering: .acquiring)
            let findings = try test.findings(readingData: rounds % 4 == 0)
            #expect(findings.isEmpty)
            let snapshots = try test.snapshots()
            #expect(UInt64(snapshots.count) >= flushed)
            if let last = snapshots.last {
                let (state, bytes) = try test.rebuild(last.file, at: last.state.sequence)
                #expect(state.sequence == last.state.sequence)
                // The writer writes the number of the snapshot all over the image.
                #expect(bytes.allSatisfy { $0 == UInt8(truncatingIfNeeded: state.sequence.rawValue) })
            }
            if rounds == 0 { progress.hasLooked.signal() }
            rounds += 1
        } while !progress.isDone.load(ordering: .acquiring)
        try writing.value()
        #expect(try sealing.value() > 1)
        let snapshots = try test.snapshots().count
        #expect(snapshots == 900)
    }

    @Test("readers never see damage, and always all that stays, while segments are sealed and pruned")
    func pruning() throws {
        let test = try TestRoot()
        let progress = Progress()
        let root = test.root
        let writing = try StartedThread("writer") {
            defer { progress.isDone.store(true, ordering: .releasing) }
            try Self.write(root, progress)
        }
        let pruning = try StartedThread("thinner") {
            var removed = 0
            while !progress.isDone.load(ordering: .acquiring) {
                let last = progress.flushed.load(ordering: .acquiring)
                let stays = (0...last).filter { Self.stays($0) || $0 > last - min(last, 50) }
                let kept = KeptSnapshots(
                    stays.lazy.map { (sequence: SequenceNumber($0), isConsistentPoint: true) },
                    upTo: SequenceNumber(last)
                )
                _ = try RootCompaction(root).run()
                removed += try RootPruning(root).run(kept).removedSnapshots
            }
            return removed
        }
        var rounds = 0
        repeat {
            let flushed = progress.flushed.load(ordering: .acquiring)
            let findings = try test.findings(readingData: rounds % 4 == 0)
            #expect(findings.isEmpty)
            let present = try ReplacedSegmentError.retrying {
                try test.snapshots().map(\.state.sequence.rawValue)
            }
            #expect(Set((0...flushed).filter(Self.stays)).isSubset(of: present))
            for number in [present.first { Self.stays($0) }, present.last].compactMap(\.self) {
                let (state, bytes) = try test.rebuild(FileID(1), at: SequenceNumber(number))
                #expect(state.sequence.rawValue == number)
                #expect(bytes.allSatisfy { $0 == UInt8(truncatingIfNeeded: number) })
            }
            if rounds == 0 { progress.hasLooked.signal() }
            rounds += 1
        } while !progress.isDone.load(ordering: .acquiring)
        try writing.value()
        #expect(try pruning.value() > 100)
    }

    @Test("a segment in which a file begins and that becomes part of an earlier one is no damage")
    func mergedBeforeTheStart() throws {
        let history = try Self.twoFiles()
        let (test, count) = (history.test, SequenceNumber(UInt64(history.expected.count)))
        let two = history.files[1].id
        let plans = try RebuildPlans(test.root, wanted: [two], upTo: count, keepingEverything: true)
        let start = try #require(plans.plan(two, at: count).start).segment
        #expect(try test.root.segments().contains(start))
        #expect(try RootPruning.runAlone(test.root, history.keeping { $0 > 2 }).removedSnapshots == 2)
        try #require(!test.root.segments().contains(start))

        let pass = try RebuildPass(test.root, plans)
        let output = FilePath(test.directory.file("output"))
        _ = try OpenFile(output, .createNew)
        pass.add(two, try plans.plan(two, at: count), output: output)
        #expect(throws: ReplacedSegmentError.self) { try pass.run() }
        #expect(try test.rebuild(two, at: count).bytes == history.expected.last?.bytes)
        #expect(try test.findings().isEmpty)
    }

    @Test("a replay goes on behind the last snapshot that it gave, whatever was forgotten meanwhile")
    func replay() throws {
        let history = try Self.twoFiles()
        let directory = FilePath(history.test.directory.path)
        var sequences: [UInt64] = []
        try HistoryReplay(history.test.root).run(history.files[0].id, in: directory) { step in
            if sequences.isEmpty {
                let kept = history.keeping { $0 != 2 }
                #expect(try RootPruning.runAlone(history.test.root, kept).removedSnapshots == 1)
            }
            let sequence = step.state.sequence.rawValue
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            let count = try step.image().read(into: &bytes, count: bytes.count, at: 0)
            #expect(Array(bytes[..<count]) == history.expected[Int(sequence) - 1].bytes)
            sequences.append(sequence)
        }
        #expect(sequences == [1, 3])
    }

    /// Some segments of one file, then some of another.
    private static func twoFiles() throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom(seed: 7))
        history.options.segmentLimit = 400
        let writer = try history.open()
        for (index, name) in ["one.db", "two.db"].enumerated() {
            history.declare(writer, FilePath(name))
            for _ in 0..<3 {
                try history.base(writer, index, byteCount: 2500)
                _ = try writer.flush()
            }
        }
        return history
    }

    private static func stays(_ number: UInt64) -> Bool { number > 0 && number % 20 == 0 }

    private static func write(_ root: RootDescription, _ progress: Progress) throws {
        var options = RootWriter.Options()
        options.segmentLimit = 20_000
        let writer = try RootWriter(root: root, options: options)
        let file = writer.declare(name: "a.db", kind: .database)
        for number in 1...900 as ClosedRange<UInt64> {
            var pages = PageSet(pageSize: .plain)
            let content = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 4096)
            for page in 1...3 as ClosedRange<UInt32> {
                pages.append(PageNumber(page), unsafe content.span.bytes)
            }
            let shape = ImageSize(pageSize: .plain, pageCount: PageCount(3))
            let changes = Changes(file: file, time: .now, event: .commit, shape: shape, pages: pages)
            let sequence = try writer.stage(changes)
            precondition(sequence?.rawValue == number)
            if number == 450 { progress.hasLooked.wait() }
            guard number % 3 == 0 else { continue }
            _ = try writer.flush()
            progress.flushed.store(number, ordering: .releasing)
        }
    }
}
