import LinuxSystem
import RepositoryFormat
import RepositoryReader
import RepositoryWriter
import SQLiteFiles
import SystemPackage
import TestSupport

/// A root whose writer is the test: one file with random content, in full segments and an empty last one.
final class SegmentedRoot {
    /// Snapshots in each segment.
    static let snapshots = 5

    let folder: TemporaryDirectory
    let root: RootDescription
    private(set) var random = SeededRandom()
    /// It has the root's lock.
    private let writer: RootWriter
    private let file: FileID

    init(segments: Int) throws {
        folder = try TemporaryDirectory()
        let repository = try RepositoryDirectory.openOrCreate(at: FilePath(folder.file("repository")))
        root = try repository.addRoot(FilePath(folder.file("data")), kind: .directory)
        writer = try RootWriter(root: root)
        file = writer.declare(name: "plain", kind: .plain)
        for _ in 0..<segments { try addSegment() }
    }

    /// Fills the last segment and begins a new one.
    func addSegment() throws {
        let size = ImageSize(pageSize: .plain, pageCount: PageCount(2))
        for number in 0..<Self.snapshots {
            let isFirst = number == 0 && writer.lastSequence == .none
            var pages = PageSet(pageSize: .plain)
            for page: UInt32 in 1...2 {
                let content = random.bytes(size.pageSize.bytes)
                unsafe pages.append(PageNumber(page), content.span.bytes)
            }
            let changes = Changes(
                file: file,
                time: .now,
                event: .scan,
                shape: size,
                startsFresh: isFirst,
                pages: pages
            )
            _ = try writer.stage(changes)
            _ = try writer.flush()
        }
        try writer.endSegment()
    }

    /// The full segments, oldest first.
    func fullSegments() throws -> [SequenceNumber] { try root.segments().dropLast() }

    /// Those of them that are compacted.
    func compacted() throws -> [SequenceNumber] {
        try fullSegments().filter { try StreamReader(root: root).header(of: $0).isSealed }
    }

    /// The snapshots that are still there.
    func sequences() throws -> [SequenceNumber] {
        var sequences: [SequenceNumber] = []
        try RootHistory(root).visit {
            if case .snapshot(let record) = $0 { sequences.append(record.state.sequence) }
        }
        return sequences
    }

    /// What a check that reads everything finds.
    func findings() throws -> [Finding] {
        var findings: [Finding] = []
        _ = try RootCheck(root).run(readingData: true) { findings.append($0) }
        return findings
    }
}
