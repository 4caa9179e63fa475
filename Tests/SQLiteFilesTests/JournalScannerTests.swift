import Testing

@testable import SQLiteFiles

struct JournalScannerTests {
    private typealias Part = JournalBuilder.Part

    @Test("an empty, short or zeroed journal holds nothing")
    func nothing() {
        for purpose in [JournalPurpose.playback, .names] {
            #expect(ScannedJournal([], purpose).end == .endOfFile)
            #expect(!ScannedJournal([], purpose).isComplete)
            #expect(ScannedJournal([UInt8](repeating: 1, count: 511), purpose).end == .endOfFile)
            #expect(ScannedJournal([UInt8](repeating: 0, count: 5000), purpose).end == .finished)
            #expect(ScannedJournal([UInt8](repeating: 1, count: 5000), purpose).end == .noHeader(at: 0))
        }
    }

    @Test("reads several headers on sector boundaries", arguments: [32, 512, 4096])
    func severalHeaders(sector: Int) {
        let journal = JournalBuilder(
            sectorBytes: sector,
            parts: [
                Part(nonce: 1, records: [(5, 1), (6, 2)]), Part(nonce: 2, records: []),
                Part(nonce: 3, records: [(7, 3)]),
            ]
        ).bytes
        for purpose in [JournalPurpose.playback, .names] {
            let scan = ScannedJournal(journal, purpose)
            #expect(scan.pages == [5, 6, 7])
            #expect(scan.headers.map(\.nonce) == [1, 2, 3])
            #expect(scan.end == .endOfFile)
            #expect(scan.isComplete)
            #expect(scan.records.map { journal[$0.offset] } == [1, 2, 3])
        }
    }

    @Test("a count of 0xFFFFFFFF goes to the end of the file")
    func countToEnd() {
        let journal = JournalBuilder(parts: [Part(count: .max, records: [(5, 1), (6, 2), (7, 3)])]).bytes
        for purpose in [JournalPurpose.playback, .names] {
            let scan = ScannedJournal(journal + [1, 2, 3], purpose)
            #expect(scan.pages == [5, 6, 7])
            #expect(scan.end == .endOfFile)
            #expect(scan.isComplete)
        }
    }

    @Test("a count of 0 is nothing to roll back, but names pages")
    func countZero() {
        let part = Part(count: 0, records: [(5, 1), (6, 2)])
        let journal = JournalBuilder(parts: [part, Part(nonce: 8, records: [(9, 9)])]).bytes
        // A rollback looks for a header right behind the first, and finds the record of page 5.
        #expect(ScannedJournal(journal, .playback).records.isEmpty)
        #expect(ScannedJournal(journal, .playback).end == .noHeader(at: 512))
        let names = ScannedJournal(journal, .names)
        #expect(names.pages == [5, 6, 9])
        #expect(names.end == .endOfFile)
        #expect(names.isComplete)
    }

    @Test("a header before its sync names pages, and is nothing to roll back")
    func unsynced() {
        let parts = [
            Part(records: [(5, 1)]), Part(count: 0, nonce: 8, isSynced: false, records: [(9, 9), (10, 9)]),
        ]
        let journal = JournalBuilder(parts: parts).bytes
        #expect(ScannedJournal(journal, .playback).pages == [5])
        #expect(ScannedJournal(journal, .playback).end == .noHeader(at: 1536))
        #expect(ScannedJournal(journal, .names).pages == [5, 9, 10])
    }

    @Test("what an earlier journal left behind ends a run without a count")
    func leftovers() {
        let old = JournalBuilder(parts: [Part(nonce: 1000, records: [(5, 1), (6, 2), (7, 3), (8, 4)])]).bytes
        var journal = JournalBuilder(parts: [Part(count: .max, nonce: 5, records: [(20, 1)])]).bytes
        journal += old[journal.count...]
        let names = ScannedJournal(journal, .names)
        #expect(names.pages == [20])
        #expect(names.isComplete)
        #expect(ScannedJournal(journal, .playback).end == .checksumMismatch(at: 512 + 520))
    }

    @Test("a bad checksum ends a playback; names go on and say so")
    func badChecksum() {
        var journal = JournalBuilder(parts: [Part(records: [(5, 1), (6, 2), (7, 3)])]).bytes
        journal[512 + 520 + 4 + 112] ^= 1
        let playback = ScannedJournal(journal, .playback)
        #expect(playback.pages == [5])
        #expect(playback.end == .checksumMismatch(at: 512 + 520))
        let names = ScannedJournal(journal, .names)
        #expect(names.pages == [5, 7])
        #expect(names.skipped.map(\.page) == [PageNumber(6)])
        #expect(!names.isComplete)
    }

    @Test("a rollback skips pages beyond the original size, whatever their checksum")
    func beyondOriginalSize() {
        var journal = JournalBuilder(originalPages: 6, parts: [Part(records: [(5, 1), (7, 2), (6, 3)])]).bytes
        journal[512 + 520 + 4 + 112] ^= 1
        let scan = ScannedJournal(journal, .playback)
        #expect(scan.pages == [5, 6])
        #expect(scan.skipped.map(\.reason) == [.beyondOriginalSize])
    }

    @Test("page 0 and the lock page end the journal")
    func endingPages() throws {
        let size = try #require(PageSize(bytes: 512))
        let lockPage = PageNumber.lockPage(for: size).rawValue
        for (page, end) in [(0, JournalEnd.noPage(at: 1032)), (lockPage, .superJournal(at: 1032))] {
            let part = Part(records: [(5, 1), (page, 2), (6, 3)])
            let journal = JournalBuilder(originalPages: PageCount.maximum.rawValue, parts: [part]).bytes
            for purpose in [JournalPurpose.playback, .names] {
                let scan = ScannedJournal(journal, purpose)
                #expect(scan.pages == [5])
                #expect(scan.end == end)
                #expect(!scan.isComplete)
            }
        }
    }

    @Test("stops at a torn tail, and says that names are missing")
    func tornTail() {
        let journal = JournalBuilder(parts: [Part(records: [(5, 1), (6, 2)])]).bytes
        for length in 512..<journal.count {
            for purpose in [JournalPurpose.playback, .names] {
                let scan = ScannedJournal(Array(journal[..<length]), purpose)
                #expect(scan.records.count == (length - 512) / 520)
                #expect(!scan.isComplete)
                #expect(scan.end == .cutShort(at: UInt64(512 + 520 * scan.records.count)))
            }
        }
    }

    @Test("a file that shrinks while it is read ends the scan")
    func shrinking() {
        let journal = JournalBuilder(parts: [Part(count: .max, records: [(5, 1), (6, 2)])]).bytes
        var scanner = JournalScanner(fileBytes: UInt64(journal.count), purpose: .names)
        _ = scanner.feed(Array(journal[..<28]))
        #expect(scanner.wanted == 512..<1032)
        #expect(scanner.feed(Array(journal[512..<900])) == .end(.cutShort(at: 512)))
        #expect(scanner.wanted == nil)
        #expect(!scanner.isComplete)
        #expect(scanner.feed(journal) == .end(.cutShort(at: 512)))
    }

    @Test("a header that a commit zeroed ends the scan")
    func zeroed() {
        var journal = JournalBuilder(parts: [Part(records: [(5, 1), (6, 2)])]).bytes
        journal.replace(at: 0, with: [UInt8](repeating: 0, count: 28))
        #expect(ScannedJournal(journal, .names).end == .finished)
    }

    @Test("lengths near the largest integer do no harm")
    func hugeLengths() {
        let journal = JournalBuilder(parts: [Part(count: .max, records: [(5, 1)])]).bytes
        for purpose in [JournalPurpose.playback, .names] {
            var scanner = JournalScanner(fileBytes: .max, purpose: purpose)
            _ = scanner.feed(Array(journal[..<28]))
            _ = scanner.feed(Array(journal[512...]))
            #expect(scanner.wanted == 1032..<1552)
        }
    }
}
