import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader
@testable import RepositoryWriter

/// What long work counts, against what it has done.
@Suite("Progress of work on a repository") struct WorkProgressTests {
    /// Two files, the first on a base, in several segments.
    private static func history() throws -> SmallHistory {
        var history = try SmallHistory(SeededRandom())
        history.options.segmentLimit = 10_000
        let writer = try history.open()
        history.declare(writer, "one.db")
        history.declare(writer, "two.db")
        try history.base(writer, 0, byteCount: 9000)
        for number in 0..<100 {
            try history.commit(writer, number % 3 == 0 ? 1 : 0, byteCount: 9000 - number % 7 * 300)
            _ = try writer.flush()
        }
        return history
    }

    private func expectDone(_ progress: WorkProgress, _ stage: String, of total: UInt64? = nil) {
        let reading = progress.reading
        #expect(reading?.stage == stage)
        #expect(
            reading?.bytes == reading?.totalBytes && (reading?.bytes ?? 0) > 0,
            "\(String(describing: reading))"
        )
        if let total { #expect(reading?.totalBytes == total) }
    }

    @Test("a check counts all bytes of the segments, then those of the bases' images")
    func check() throws {
        let history = try Self.history()
        defer { withExtendedLifetime(history) {} }
        let root = history.test.root
        let progress = WorkProgress()
        let check = try HistoryCheck(root, progress: progress) { _ in }
        expectDone(progress, "reading", of: try RootHistory(root).segmentBytes())
        #expect(!check.bases.isEmpty)
        _ = try RootCheck(root, progress: progress).run(readingData: false) { _ in }
        expectDone(
            progress,
            "reading base images",
            of: check.bases.reduce(0) { $0 + $1.reference.shape.byteCount }
        )
    }

    @Test("a check of the data counts the segments that it applies")
    func data() throws {
        let history = try Self.history()
        let progress = WorkProgress()
        _ = try RootCheck(history.test.root, progress: progress).run(readingData: true) { _ in }
        let reading = try #require(progress.reading)
        #expect(reading.stage == "rebuilding all")
        #expect(reading.totalBytes == (try RootHistory(history.test.root).segmentBytes()))
        #expect(reading.bytes > reading.totalBytes / 2, "\(reading)")
    }

    @Test("a rebuild counts the bytes of the images, from a base or without one")
    func rebuild() throws {
        let history = try Self.history()
        let folder = try TemporaryDirectory()
        let progress = WorkProgress()
        let outputs = history.files.map { ($0.id, FilePath(folder.file("\($0.id)"))) }
        let states = try ImageRebuilder(history.test.root, progress: progress)
            .rebuildAll(
                Dictionary(uniqueKeysWithValues: outputs),
                at: SequenceNumber(UInt64(history.expected.count))
            )
        let sizes = try states.values.map { try $0.get().shape.byteCount }
        #expect(sizes.count == 2)
        expectDone(progress, "rebuilding", of: sizes.reduce(0, +))
    }

    @Test("pruning counts the segments that it rewrites, and so does its dry run")
    func pruning() throws {
        let history = try Self.history()
        let kept = history.keeping { $0 % 20 == 0 }
        let progress = WorkProgress()
        _ = try PruningDryRun(history.test.root).run(kept, progress: progress)
        expectDone(progress, "rewriting")
        let other = WorkProgress()
        _ = try RootPruning(history.test.root).run(kept, progress: other)
        expectDone(other, "rewriting")
    }
}
