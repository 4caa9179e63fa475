import LinuxSystem
import RepositoryFormat
import SQLiteFiles
import SystemPackage
import Testing

@testable import RepositoryWriter

@Suite("Staged records")
struct StagedRecordsTests {
    private static let time = Instant(nanoseconds: 1_000_000_000)

    private func image(_ number: UInt32) -> FileImage {
        FileImage(FileID(number), mirrorPath: FilePath("/nowhere/\(number)"), PageHashes(in: "/nowhere"))
    }

    /// Stages a snapshot without pages, of its own batch.
    @discardableResult
    private func stage(
        _ staged: inout StagedRecords,
        _ image: FileImage,
        event: SnapshotEvent?
    ) -> ChangeBatch {
        let entry = ChangesFormat.Entry(
            time: Self.time,
            event: event,
            startsFresh: true,
            shape: .empty(.plain)
        )
        let batch = staged.batch(for: image, entry, rawBytes: 0, alone: true)
        _ = staged.end(batch, entry, [], image)
        return batch
    }

    @Test("snapshots get numbers one after the other; parts of one get none")
    func numbers() {
        var staged = StagedRecords(after: SequenceNumber(7), Self.time)
        let image = image(1)
        stage(&staged, image, event: nil)
        #expect(staged.lastSequence == SequenceNumber(7) && image.hasOpenParts)
        let batch = stage(&staged, image, event: .commit)
        #expect(staged.lastSequence == SequenceNumber(8) && !image.hasOpenParts)
        #expect(batch.firstSequence == SequenceNumber(8) && staged.records.count == 2)
    }

    @Test("a database and a plain file that change in one flush have only its end as a moment")
    func moments() {
        var staged = StagedRecords(after: .none, Self.time)
        let first = stage(&staged, image(1), event: .commit)
        staged.noteChange(of: .database)
        let last = stage(&staged, image(2), event: .scan)
        let before = (first: first.table, last: last.table)
        staged.joinMoments()
        #expect(first.table == before.first, "one kind alone")
        staged.noteChange(of: .plain)
        staged.joinMoments()
        #expect(first.table != before.first)
        #expect(last.table == before.last, "the last snapshot of the flush")
    }

    @Test("after a flush nothing is staged; numbers go on, and kinds begin anew")
    func taken() {
        var staged = StagedRecords(after: .none, Self.time)
        stage(&staged, image(1), event: .commit)
        staged.noteChange(of: .database)
        staged.count(pageBytes: 4096)
        #expect(staged.pageBytes == 4096)
        let written = staged.takeAll()
        #expect(written.count == 1)
        #expect(staged.records.isEmpty && staged.pageBytes == 0)
        #expect(staged.lastSequence == SequenceNumber(1))
        let first = stage(&staged, image(1), event: .commit)
        stage(&staged, image(2), event: .scan)
        let before = first.table
        staged.noteChange(of: .plain)
        staged.joinMoments()
        #expect(first.table == before)
    }

    @Test("only the memory of batches that no image needs is used again")
    func recycled() {
        var staged = StagedRecords(after: .none, Self.time)
        let used = stage(&staged, image(1), event: .commit)
        let unused = stage(&staged, image(2), event: .commit)
        let written = staged.takeAll()
        staged.recycle(written) { $0 !== used }
        let first = stage(&staged, image(3), event: .commit)
        #expect(first === unused)
        let next = stage(&staged, image(3), event: .commit)
        #expect(next !== unused && next !== used)
    }

    @Test("records have the time of the last one, unless they have their own")
    func times() {
        var staged = StagedRecords(after: .none, Self.time)
        staged.append(.void(FileID(1)))
        let later = Instant(nanoseconds: 5_000_000_000)
        let noted = staged.noting(later)
        #expect(noted == later)
        staged.append(.void(FileID(2)))
        staged.append(.void(FileID(3)), time: Self.time)
        #expect(staged.records.map(\.time) == [Self.time, later, Self.time])
    }
}
