import RepositoryWriter
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

/// However long a log is, one call reads a chunk of it: other files wait meanwhile.
@Suite("WAL tail, in chunks")
struct WALTailChunkTests {
    /// What a call may read beyond its chunk, in bytes: one transaction that is held, and what is read ahead.
    private static let beyond = 3 << 20

    private func rows(_ megabytes: Int) -> String {
        """
        INSERT INTO t(b) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(megabytes * 250))
        SELECT randomblob(4000) FROM n;
        """
    }

    /// Whether some process uses a wal-index, which tells what is committed.
    @Test("a large transaction is found, proven and handed over chunk by chunk", arguments: [true, false])
    func large(hasIndex: Bool) throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;", hasIndex: hasIndex)
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        _ = try setup.session.sql(rows(20))
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 1 && setup.chunks >= (hasIndex ? 8 : 12), "\(setup.chunks)")
        #expect(setup.leastLeft > -Self.beyond, "\(setup.leastLeft)")
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image)
    }

    @Test(
        "a transaction that takes the place of a longer one amid the search for its end is found",
        arguments: [true, false]
    )
    func shorter(hasIndex: Bool) throws {
        let setup = try FollowedLog(
            "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=500; PRAGMA cache_spill=500;",
            hasIndex: hasIndex
        )
        _ = try setup.session.sql(rows(16))
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        _ = try setup.session.sql("BEGIN; UPDATE t SET b = randomblob(4000);")
        setup.tail.wasWritten()
        // It has passed the place where the next transaction will end.
        for _ in 0..<2 { #expect(try setup.tail.poll(&setup.scratch, into: setup.sink) == .unfinished) }
        _ = try setup.session.sql("ROLLBACK; UPDATE t SET b = randomblob(4000) WHERE i < 1000;")
        setup.tail.wasWritten()
        var outcome = try setup.poll()
        // As after a pause, without an event.
        while outcome == .unconfirmed { outcome = try setup.poll() }
        #expect(outcome == .current && setup.sink.commits == before + 1)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image)
    }

    @Test("an open transaction that grows is not read from its start again")
    func grows() throws {
        let setup = try FollowedLog(
            "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=500; PRAGMA cache_spill=500;"
        )
        _ = try setup.session.sql(rows(16))
        #expect(try setup.poll() == .current)
        _ = try setup.session.sql("BEGIN; UPDATE t SET b = randomblob(4000) WHERE i < 3500;")
        #expect(try setup.poll() == .current)
        #expect(setup.chunks > 2)
        _ = try setup.session.sql("UPDATE t SET b = randomblob(4000) WHERE i >= 3500;")
        setup.tail.wasWritten()
        #expect(try setup.poll() == .current)
        #expect(setup.chunks == 1)
    }

    @Test("the overlay goes through a long log, counts its commits and collects its pages chunk by chunk")
    func overlay() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        _ = try setup.session.sql("\(rows(4))")
        // The same pages again and again: there is nothing to hand over for a long time.
        for _ in 0..<4 { _ = try setup.session.sql("UPDATE t SET b = randomblob(4000);") }
        var covered = PageBitmap()
        var found = 0
        var result = try setup.tail.overlay(&covered, &setup.scratch) { pages, _ in found += pages.count }
        var chunks = 1
        while case .unfinished = result {
            #expect(setup.tail.reader.chunk > -Self.beyond)
            result = try setup.tail.collect(&covered, &setup.scratch, hasRoom: { true }) { pages, _ in
                found += pages.count
            }
            chunks += 1
        }
        guard case .commits(let count) = result else { return #expect(Bool(false), "\(result)") }
        #expect(found == Int(count.rawValue) && chunks >= 9)
        // The table, its rows, four changes of them, and the journal mode.
        #expect(setup.tail.overlay.commits == 6)
        let end = setup.tail.position.chain
        var again = PageBitmap()
        var first: Int? = 0
        var rounds = 0
        while let frame = first {
            first = try setup.tail.reader.addPages(of: end, from: frame, to: &again, &setup.scratch)
            rounds += 1
        }
        #expect(rounds >= 2)
        for page in 1...count.rawValue { #expect(again.contains(PageNumber(page))) }
    }

    @Test("a reset amid the way through the log is noticed before anything is handed over")
    func moved() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        _ = try setup.session.sql(rows(12))
        var covered = PageBitmap()
        var found = 0
        let first = try setup.tail.overlay(&covered, &setup.scratch) { pages, _ in found += pages.count }
        #expect(first == .unfinished && setup.tail.overlay.isSearching)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(RESTART); INSERT INTO t(b) VALUES(1);")
        let next = try setup.tail.collect(&covered, &setup.scratch, hasRoom: { true }) { pages, _ in
            found += pages.count
        }
        #expect(next == .moved && found == 0 && !setup.tail.overlay.isUnderWay)
    }

    @Test("the commits of a new generation are counted chunk by chunk, and none is lost")
    func counted() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=OFF;")
        try setup.insert(3)
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        _ = try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try setup.insert(5000)
        var rounds = 0
        var outcome = WALTail.Outcome.congested
        while outcome == .congested, rounds < 100 {
            outcome = try setup.poll()
            rounds += 1
        }
        #expect(outcome == .current && rounds >= 2)
        #expect(setup.sink.commits == before + 5000)
    }
}
