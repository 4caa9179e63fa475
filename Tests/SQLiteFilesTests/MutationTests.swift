import TestSupport
import Testing

@testable import SQLiteFiles

/// Every decoder on damaged and on random bytes: no trap, and an end in bounded work.
struct MutationTests {
    private func decodeEverything(_ bytes: [UInt8], _ random: SeededRandom) {
        _ = try? DatabaseHeader(bytes)
        _ = try? WALIndexHeader(bytes)
        _ = SuperJournalName(journalTail: bytes)
        let pages = PageCount(UInt32(truncatingIfNeeded: bytes.count))
        for usable in [-1, 0, 512, 65536, Int.max] {
            if let trunk = FreelistTrunk(page: bytes.raw, usableBytes: usable, pageCount: pages) {
                trunk.forEachLeaf { leaf in #expect(pages.contains(leaf), "\(random)") }
            }
        }
        if let wal = try? ScannedWAL(bytes) {
            #expect(wal.chain.frameCount <= bytes.count / 536, "\(random)")
        }
        for purpose in [JournalPurpose.names, .playback] {
            let scan = ScannedJournal(bytes, purpose, databasePageSize: .plain)
            #expect(scan.end != nil, "\(random)")
            #expect(scan.feeds <= bytes.count / 32 + 2, "\(random)")
            for record in scan.records { #expect(record.offset + 512 <= bytes.count, "\(random)") }
        }
    }

    @Test("survives random bytes")
    func randomBytes() {
        for _ in 0..<300 {
            var random = SeededRandom()
            decodeEverything(random.bytes(Int.random(in: 0...3000, using: &random)), random)
        }
    }

    @Test("survives mutations of sound files")
    func mutations() throws {
        let directory = try TemporaryDirectory()
        let session = try SQLite3Session(directory.file("a.db"))
        try session.sql("PRAGMA page_size=512; PRAGMA journal_mode=WAL; CREATE TABLE t(a);")
        try session.sql("INSERT INTO t VALUES(randomblob(2000)); DELETE FROM t;")
        let journal = JournalBuilder(
            sectorBytes: 32,
            parts: [
                .init(nonce: 1, records: [(5, 1), (6, 2)]), .init(count: 0, nonce: 2, records: [(9, 9)]),
                .init(count: .max, nonce: 3, records: [(7, 3)]),
            ]
        ).bytes
        let sound = [
            try directory.bytes(of: "a.db"), try directory.bytes(of: "a.db-wal"),
            try Array(directory.bytes(of: "a.db-shm").prefix(200)), journal,
            trunkPage(next: 7, leaves: [1, 2, 3]),
        ]
        for original in sound {
            for _ in 0..<100 {
                var random = SeededRandom()
                var bytes = original
                // Heads hold the lengths and counts, so damage goes there as often as anywhere.
                let focus = Bool.random(using: &random) ? 0..<min(136, bytes.count) : 0..<bytes.count
                bytes.mutate(with: &random, within: focus)
                decodeEverything(bytes, random)
            }
        }
    }
}
