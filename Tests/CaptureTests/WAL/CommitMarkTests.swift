import SQLiteFiles
import Testing

@testable import Capture

@Suite("Commit mark")
struct CommitMarkTests {
    /// What an index leaves uncounted that counts so many commits since the mark.
    private func uncounted(
        _ commits: UInt32,
        of generation: UInt32,
        mark: CommitMark? = nil,
        checkpointSequence: UInt32 = 1,
        lastMayBeUnindexed: Bool = false
    ) throws -> UInt32 {
        let mark = try mark ?? CommitMark(WALParts.index(5, commits: 3))
        return mark.uncounted(
            by: try WALParts.index(9, commits: mark.expected &+ commits),
            before: try WALParts.header(checkpointSequence: checkpointSequence),
            commits: generation,
            lastMayBeUnindexed: lastMayBeUnindexed
        )
    }

    @Test("what the index counts beyond the new generation was not consumed")
    func beyond() throws {
        #expect(try uncounted(4, of: 4) == 0)
        #expect(try uncounted(6, of: 4) == 2)
        var mark = CommitMark(try WALParts.index(5, commits: .max))
        mark.commitsSince = 2
        #expect(mark.expected == 1, "the counter wraps around")
        #expect(try uncounted(3, of: 1, mark: mark) == 2)
    }

    @Test("a last commit may be in the log, and not in the index")
    func notIndexed() throws {
        #expect(try uncounted(3, of: 4, lastMayBeUnindexed: true) == 0)
        #expect(try uncounted(4, of: 4, lastMayBeUnindexed: true) == 0)
        #expect(try uncounted(3, of: 4) != 0)
    }

    @Test("a new log that was recovered has an index that counts from zero")
    func recovered() throws {
        #expect(CommitMark.initial.isInitial)
        #expect(try uncounted(0, of: 4, mark: .initial, checkpointSequence: 0) == 0)
        #expect(try uncounted(0, of: 4, mark: .initial) != 0)
        #expect(try uncounted(6, of: 4, mark: .initial, checkpointSequence: 0) == 2)
    }
}
