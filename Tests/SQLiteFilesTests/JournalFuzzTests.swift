import TestSupport
import Testing

@testable import SQLiteFiles

@Suite("Rollback journals: whatever is in them")
struct JournalFuzzTests {
    private static func journal(_ random: inout SeededRandom) -> JournalBuilder {
        let counts: [UInt32?] = [nil, 0, .max, 1, 1000]
        var parts: [JournalBuilder.Part] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let records = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                (
                    page: UInt32.random(in: 1...120, using: &random),
                    fill: UInt8.random(in: 0...255, using: &random)
                )
            }
            var part = JournalBuilder.Part(records: records)
            part.count = counts.randomElement(using: &random)!
            part.nonce = UInt32(truncatingIfNeeded: random.next())
            part.isSynced = Int.random(in: 0..<4, using: &random) > 0
            parts.append(part)
        }
        return JournalBuilder(sectorBytes: [32, 512].randomElement(using: &random)!, parts: parts)
    }

    @Test("no trap, an end in bounded work, records within the file")
    func scans() {
        var run = FuzzRun("rollback journal", rounds: 80_000)
        var records = 0
        while var random = run.next() {
            var bytes = Self.journal(&random).bytes
            if Bool.random(using: &random) { bytes += Self.superJournal("/x/super-mj0123") }
            let isFocused = Bool.random(using: &random)
            bytes.mutate(with: &random, within: isFocused ? 0..<28 : nil)
            if Bool.random(using: &random) { bytes.sealRecords() }
            for scan in Self.scans(of: bytes) {
                #expect(scan.end != nil, "\(random)")
                #expect(scan.feeds <= bytes.count / 32 + 2, "\(random)")
                let size = scan.headers.first?.pageSize.bytes ?? 512
                for record in scan.records {
                    #expect(record.page.rawValue != 0 && record.offset + size <= bytes.count, "\(random)")
                }
                records += scan.records.count
            }
            if let name = SuperJournalName(journalTail: Array(bytes.suffix(SuperJournalName.tailBytes))) {
                #expect((1...512).contains(name.bytes.count) && !name.bytes.contains(0), "\(random)")
            }
        }
        #expect(records > 1000)
    }

    /// The journal for either purpose.
    private static func scans(of bytes: [UInt8]) -> [ScannedJournal] {
        [JournalPurpose.names, .playback].map { ScannedJournal(bytes, $0, databasePageSize: .plain) }
    }

    private static func superJournal(_ name: String) -> [UInt8] {
        let sum = name.utf8.reduce(UInt32(0)) { $0 + UInt32($1) }
        return Array(name.utf8) + bigEndian(UInt32(name.utf8.count)) + bigEndian(sum)
            + [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]
    }
}

extension [UInt8] {
    /// Makes the checksum right of every record that the journal's headers lead to.
    fileprivate mutating func sealRecords() {
        guard let first = try? JournalHeader(self, databasePageSize: .plain) else { return }
        var header = first
        var offset = first.sectorBytes
        while offset + header.recordBytes <= count {
            let end = offset + 4 + header.pageSize.bytes
            let sum = header.checksum(ofPage: raw.extracting(offset + 4..<end))
            replace(at: end, with: bigEndian(sum))
            offset += header.recordBytes
            let sector = (offset + first.sectorBytes - 1) / first.sectorBytes * first.sectorBytes
            guard sector + 28 <= count else { continue }
            if let next = try? JournalHeader(raw.extracting(sector..<sector + 28), following: first),
                next.isSynced
            {
                header = next
                offset = sector + first.sectorBytes
            }
        }
    }
}
