import Foundation
import TestSupport
import Testing

@testable import SQLiteFiles

/// Rollback journals as the real SQLite writes them, and its rollback as the judge of ours.
struct RealJournalTests {
    private let setup = """
        PRAGMA journal_mode=DELETE; CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE INDEX i ON t(b);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<300)
        INSERT INTO t SELECT i, randomblob(300) FROM n;
        """

    private struct HotPair {
        var original: [UInt8]
        var database: [UInt8]
        var journal: [UInt8]
    }

    /// Database and journal amid a transaction that has spilled into both more than once.
    private func hotPair(pageBytes: Int, before: String = "") throws -> HotPair {
        let directory = try TemporaryDirectory()
        let session = try SQLite3Session(directory.file("a.db"))
        try session.sql("PRAGMA page_size=\(pageBytes);" + setup + before)
        let original = try directory.bytes(of: "a.db")
        try session.sql(
            """
            PRAGMA cache_size=5; BEGIN;
            UPDATE t SET b=randomblob(310) WHERE a<150;
            DELETE FROM t WHERE a BETWEEN 160 AND 180;
            INSERT INTO t SELECT a+1000, randomblob(900) FROM t;
            """
        )
        return HotPair(
            original: original,
            database: try directory.bytes(of: "a.db"),
            journal: try directory.bytes(of: "a.db-journal")
        )
    }

    /// The database after the real SQLite has rolled the journal back.
    private func rolledBack(_ pair: HotPair, in directory: TemporaryDirectory) throws -> [UInt8] {
        try directory.write(pair.database, to: "hot.db")
        try directory.write(pair.journal, to: "hot.db-journal")
        _ = try? SQLite3.sql("SELECT count(*) FROM sqlite_schema;", on: directory.file("hot.db"))
        return try directory.bytes(of: "hot.db")
    }

    @Test("plays a hot journal with several headers back", arguments: [512, 4096, 65536])
    func hotJournal(pageBytes: Int) throws {
        let pair = try hotPair(pageBytes: pageBytes)
        let scan = ScannedJournal(pair.journal, .playback)
        #expect(scan.headers.count > 1)
        #expect(firstDifference(pair.database, pair.original) != nil)
        #expect(firstDifference(playedBack(pair.journal, over: pair.database), pair.original) == nil)
        #expect(try firstDifference(rolledBack(pair, in: TemporaryDirectory()), pair.original) == nil)
    }

    @Test("plays the journal of a session without fsync back")
    func withoutSync() throws {
        let pair = try hotPair(pageBytes: 1024, before: "PRAGMA synchronous=OFF;")
        let scan = ScannedJournal(pair.journal, .playback)
        #expect(scan.headers.map(\.recordCount) == [.max])
        #expect(firstDifference(playedBack(pair.journal, over: pair.database), pair.original) == nil)
    }

    @Test("does with a damaged journal what SQLite does", arguments: 0..<24)
    func damagedJournal(round: UInt64) throws {
        var random = SeededRandom(seed: round)
        var pair = try hotPair(
            pageBytes: [512, 1024, 4096][Int(round % 3)],
            before: round % 4 == 0 ? "PRAGMA synchronous=OFF;" : ""
        )
        let originalSize = Array(pair.journal[16..<20])
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            let focus = sensitiveRange(of: pair.journal, &random)
            pair.journal.mutate(with: &random, within: focus)
        }
        // A larger original size would make SQLite extend the file without bounds.
        if pair.journal.count >= 20 { pair.journal.replace(at: 16, with: originalSize) }
        let expected = try rolledBack(pair, in: TemporaryDirectory())
        let ours = playedBack(pair.journal, over: pair.database)
        #expect(firstDifference(ours, expected) == nil, "\(random)")
    }

    /// A part of a journal on which its meaning hangs: a header, a record's page number, a byte that its
    /// checksum counts, or the checksum.
    private func sensitiveRange(of journal: [UInt8], _ random: inout SeededRandom) -> Range<Int> {
        let scan = ScannedJournal(journal, .playback)
        guard let header = scan.headers.first, let record = scan.records.randomElement(using: &random),
            let headerOffset = scan.headerOffsets.randomElement(using: &random)
        else { return 0..<journal.count }
        let end = record.offset + header.pageSize.bytes
        switch Int.random(in: 0...3, using: &random) {
        case 0: return headerOffset..<headerOffset + JournalLayout.headerBytes
        case 1: return record.offset - 4..<record.offset
        case 2: return end - 200..<end - 199
        default: return end..<end + 4
        }
    }

    @Test("a journal kept open names every page that its commit changed", arguments: [512, 4096])
    func namesOfCommits(pageBytes: Int) throws {
        var random = SeededRandom()
        let directory = try TemporaryDirectory()
        let session = try SQLite3Session(directory.file("a.db"))
        try session.sql("PRAGMA page_size=\(pageBytes);" + setup + "PRAGMA cache_size=10;")
        for _ in 0..<40 {
            let before = try directory.bytes(of: "a.db")
            try session.sql("BEGIN IMMEDIATE;" + randomChanges(&random))
            let journal = try FileHandle(forReadingFrom: URL(fileURLWithPath: directory.file("a.db-journal")))
            try session.sql("COMMIT;")
            let bytes = try [UInt8](journal.readToEnd() ?? Data())
            let after = try directory.bytes(of: "a.db")
            let scan = ScannedJournal(bytes, .names)
            #expect(scan.isComplete, "\(random)")
            #expect(
                unnamedChanges(scan, journal: bytes, before: before, after: after) == [],
                "\(random)"
            )
        }
        try session.close()
    }

    private func randomChanges(_ random: inout SeededRandom) -> String {
        var sql = ""
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let from = Int.random(in: 1...600, using: &random)
            let to = from + Int.random(in: 0...120, using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0: sql += "UPDATE t SET b=randomblob(\(from)) WHERE a BETWEEN \(from) AND \(to);"
            case 1: sql += "DELETE FROM t WHERE a BETWEEN \(from) AND \(to);"
            case 2: sql += "INSERT OR REPLACE INTO t VALUES(\(to), randomblob(\(from * 20)));"
            default: sql += "CREATE TABLE IF NOT EXISTS x\(from)(a); DROP TABLE IF EXISTS x\(to);"
            }
        }
        return sql + "INSERT OR REPLACE INTO t VALUES(1, randomblob(9));"
    }

    /// Pages that changed though neither the journal named them, nor were they leaves of a trunk among its
    /// pre-images, nor new.
    private func unnamedChanges(
        _ scan: ScannedJournal,
        journal: [UInt8],
        before: [UInt8],
        after: [UInt8]
    ) -> [UInt32] {
        guard let header = scan.headers.first else { return [0] }
        let size = header.pageSize
        var named = Set(scan.pages)
        for (_, offset) in scan.records {
            let preimage = journal.raw.extracting(offset..<offset + size.bytes)
            guard
                let trunk = FreelistTrunk(
                    page: preimage,
                    usableBytes: size.bytes,
                    pageCount: header.originalPageCount
                )
            else { continue }
            named.formUnion(trunk.leaves.map(\.rawValue))
        }
        let last = UInt32(min(before.count, after.count) / size.bytes)
        return (1...last).filter { number in
            let page = PageNumber(number)
            return !named.contains(number) && before.page(page, size: size) != after.page(page, size: size)
        }
    }

    @Test("PERSIST zeroes the header, TRUNCATE the length")
    func otherModes() throws {
        let directory = try TemporaryDirectory()
        let session = try SQLite3Session(directory.file("a.db"))
        try session.sql(setup + "PRAGMA journal_mode=PERSIST; UPDATE t SET b=1;")
        try session.sql("BEGIN; UPDATE t SET b=randomblob(40) WHERE a=7;")
        let amid = try directory.bytes(of: "a.db-journal")
        #expect(try !JournalHeader(amid).isSynced)
        #expect(!JournalHeader.isFinished(amid))
        #expect(ScannedJournal(amid, .playback).headers.isEmpty)
        try session.sql("COMMIT;")
        let done = try directory.bytes(of: "a.db-journal")
        #expect(JournalHeader.isFinished(done))
        #expect(ScannedJournal(done, .names).end == .finished)

        try session.sql("PRAGMA journal_mode=TRUNCATE; UPDATE t SET b=2;")
        let empty = try directory.bytes(of: "a.db-journal")
        #expect(empty.isEmpty)
        #expect(JournalHeader.isFinished(empty))
        try session.close()
    }
}
