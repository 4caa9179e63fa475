import SQLiteFiles
import TestSupport
import Testing

@testable import Capture

@Suite("Large transaction")
struct LargeTransactionTests {
    private static let spilling = "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=5; PRAGMA cache_spill=5;"

    private func begun(_ setup: FollowedLog, isOpen: Bool = true) throws -> LargeTransaction {
        let start = try #require(setup.tail.position.chain)
        setup.tail.reader.beginChunk()
        return try LargeTransaction(behind: start, isOpen: isOpen, &setup.tail.reader, &setup.scratch)
    }

    @Test("its commit frame is found chunk by chunk, and its frames are then read from the start")
    func found() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        #expect(try setup.poll() == .current)
        try setup.insert(1, bytes: 6_000_000)
        var large = try begun(setup)
        let first = try large.search(&setup.tail.reader, &setup.scratch)
        guard case .paused = first else { return #expect(Bool(false), "\(first)") }
        #expect(large.isSearching(behind: large.start) && large.reached != large.start)
        setup.tail.reader.beginChunk()
        let second = try large.search(&setup.tail.reader, &setup.scratch)
        guard case .found(let commit) = second else { return #expect(Bool(false), "\(second)") }
        let index = try #require(try setup.tail.reader.index.read(&setup.scratch))
        #expect(commit.end == index.chain && commit.databasePages == index.databasePages)
        #expect(!commit.isProven && large.reached == large.start && !large.isSearching(behind: large.start))
        // It is that, whatever becomes of the generation.
        #expect(large.continues(large.start, isOpen: false))
        large.isProven()
        large.delivered(to: commit.end)
        #expect(large.commit?.isProven == true && large.reached == commit.end)
    }

    @Test("an open one is searched on when the log was written, as long as an index is used")
    func open() throws {
        let setup = try FollowedLog(Self.spilling)
        #expect(try setup.poll() == .current)
        try setup.session.sql("BEGIN;")
        try setup.insert(50, bytes: 9000)
        var large = try begun(setup)
        let search = try large.search(&setup.tail.reader, &setup.scratch)
        guard case .waits = search else { return #expect(Bool(false), "\(search)") }
        #expect(setup.tail.reader.unfinishedBytes > 100_000)
        #expect(large.continues(large.start, isOpen: true) && !large.continues(large.start, isOpen: false))
        let before = try #require(try setup.tail.reader.index.read(&setup.scratch))
        #expect(!large.mayHavePassedOver(before))
        try setup.session.sql("COMMIT;")
        let after = try #require(try setup.tail.reader.index.read(&setup.scratch))
        #expect(large.mayHavePassedOver(after))
    }

    @Test("without an index the search ends, and is not certain if the log was written during it")
    func withoutIndex() throws {
        let setup = try FollowedLog(Self.spilling, hasIndex: false)
        #expect(try setup.poll() == .current)
        try setup.session.sql("BEGIN;")
        try setup.insert(50, bytes: 9000)
        for (isOpen, wasWritten) in [(true, false), (true, true), (false, true)] {
            var large = try begun(setup, isOpen: isOpen)
            if wasWritten { large.logWasWritten() }
            let search = try large.search(&setup.tail.reader, &setup.scratch)
            guard case .ended(let isOld) = search else { return #expect(Bool(false), "\(search)") }
            #expect(isOld == (isOpen && wasWritten))
        }
    }
}
