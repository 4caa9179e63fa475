import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import Testing

@testable import RepositoryWriter

@Suite("What changes make of an image")
struct StagingPlanTests {
    private static let old = ImageSize(pageSize: .plain, byteCount: 8192)!
    private static let other = PageSize(bytes: 1024)!

    private func changes(
        _ event: SnapshotEvent = .commit,
        shape: ImageSize = old,
        startsFresh: Bool = false,
        isFinal: Bool = true,
        closesUnfinished: Bool = false
    ) -> Changes {
        Changes(
            file: FileID(1),
            time: Instant(nanoseconds: 0),
            event: event,
            shape: shape,
            startsFresh: startsFresh,
            pages: PageSet(pageSize: shape.pageSize),
            isFinal: isFinal,
            closesUnfinished: closesUnfinished
        )
    }

    private func plan(
        _ changes: Changes,
        current: ImageSize? = old,
        isPresent: Bool = true,
        isUnfinished: Bool = false
    ) throws -> StagingPlan {
        try StagingPlan(changes, current: current, isPresent: isPresent, isUnfinished: isUnfinished)
    }

    @Test("changes of nothing need no entry; a page, another size, or open parts do")
    func entries() throws {
        let same = try plan(changes())
        #expect(!same.startsFresh && same.closes)
        #expect(!same.needsEntry(hasChanges: false, hasOpenParts: false))
        #expect(same.needsEntry(hasChanges: true, hasOpenParts: false))
        #expect(same.needsEntry(hasChanges: false, hasOpenParts: true))
        let longer = try plan(changes(shape: ImageSize(pageSize: .plain, byteCount: 12288)!))
        #expect(longer.needsEntry(hasChanges: false, hasOpenParts: false))
    }

    @Test("final changes add to an unfinished snapshot, unless they close it or need nothing of it")
    func unfinished() throws {
        #expect(try !plan(changes(), isUnfinished: true).closes)
        #expect(try !plan(changes(isFinal: false)).closes)
        #expect(try plan(changes(closesUnfinished: true), isUnfinished: true).closes)
        #expect(try plan(changes(startsFresh: true), isUnfinished: true).closes)
        #expect(try plan(changes(.deleted), isUnfinished: true).closes)
        // Open parts alone stage nothing as long as the snapshot is not closed.
        let added = try plan(changes(), isUnfinished: true)
        #expect(!added.needsEntry(hasChanges: false, hasOpenParts: true))
    }

    @Test("a deleted file has an empty image made anew; a second deletion is vain")
    func deletion() throws {
        let first = try plan(changes(.deleted))
        #expect(first.shape == .empty(.plain) && first.startsFresh && !first.isVain)
        #expect(try plan(changes(.deleted), isPresent: false).isVain)
        #expect(try !plan(changes(.deleted), isPresent: false, isUnfinished: true).isVain)
        // Not final: the file may still be written.
        #expect(try plan(changes(.deleted, isFinal: false)).shape == Self.old)
    }

    @Test("a file that appears again is a snapshot even when its image is the same")
    func appearance() throws {
        let empty = ImageSize.empty(.plain)
        let again = try plan(changes(.created, shape: empty), current: empty, isPresent: false)
        #expect(!again.startsFresh && again.needsEntry(hasChanges: false, hasOpenParts: false))
    }

    @Test("another page size needs a fresh start, unless the image is empty or unknown")
    func pageSize() throws {
        let shape = ImageSize(pageSize: Self.other, byteCount: 8192)!
        #expect(throws: RepositoryError.self) { try plan(changes(shape: shape)) }
        #expect(try plan(changes(shape: shape, startsFresh: true)).startsFresh)
        #expect(try plan(changes(shape: shape), current: .empty(.plain)).startsFresh)
        #expect(try plan(changes(shape: shape), current: nil).startsFresh)
        #expect(try plan(changes()).before == Self.old)
    }
}
