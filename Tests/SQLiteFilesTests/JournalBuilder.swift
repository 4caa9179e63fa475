@testable import SQLiteFiles

/// A rollback journal from its parts, written as the format says.
struct JournalBuilder {
    struct Part {
        var count: UInt32?
        var nonce: UInt32 = 77
        var isSynced = true
        var records: [(page: UInt32, fill: UInt8)]
    }

    var pageBytes = 512
    var sectorBytes = 512
    var originalPages: UInt32 = 100
    var parts: [Part]

    var bytes: [UInt8] {
        var journal: [UInt8] = []
        for part in parts {
            pad(&journal)
            let count = part.count ?? UInt32(part.records.count)
            journal +=
                part.isSynced
                ? [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7] : [UInt8](repeating: 0, count: 8)
            journal += bigEndian(count) + bigEndian(part.nonce) + bigEndian(originalPages)
            journal += bigEndian(UInt32(sectorBytes)) + bigEndian(UInt32(pageBytes))
            pad(&journal)
            for record in part.records {
                let summands = UInt32((pageBytes - 1) / 200)
                journal += bigEndian(record.page) + [UInt8](repeating: record.fill, count: pageBytes)
                journal += bigEndian(part.nonce &+ summands * UInt32(record.fill))
            }
        }
        return journal
    }

    private func pad(_ journal: inout [UInt8]) {
        let rest = journal.count % sectorBytes
        if rest > 0 { journal += [UInt8](repeating: 0, count: sectorBytes - rest) }
    }
}

/// A whole journal read through the scanner.
struct ScannedJournal {
    var headers: [JournalHeader] = []
    var headerOffsets: [Int] = []
    var records: [(page: PageNumber, offset: Int)] = []
    var skipped: [(page: PageNumber, reason: JournalSkipReason)] = []
    var end: JournalEnd?
    var isComplete = false
    var feeds = 0

    var pages: [UInt32] { records.map(\.page.rawValue) }

    init(_ journal: [UInt8], _ purpose: JournalPurpose, databasePageSize: PageSize? = nil) {
        var scanner = JournalScanner(
            fileBytes: UInt64(journal.count),
            purpose: purpose,
            databasePageSize: databasePageSize
        )
        while let range = scanner.wanted {
            feeds += 1
            switch scanner.feed(journal.raw.extracting(Int(range.lowerBound)..<Int(range.upperBound))) {
            case .header(let header):
                headers.append(header)
                headerOffsets.append(Int(range.lowerBound))
            case .record(let page, let offset): records.append((page, Int(offset)))
            case .skipped(let page, let reason): skipped.append((page, reason))
            case .nothing, .end: break
            }
        }
        end = scanner.end
        isComplete = scanner.isComplete
    }
}

/// The database after a playback of the journal, done with the scanner's records.
func playedBack(_ journal: [UInt8], over database: [UInt8]) -> [UInt8] {
    guard JournalHeader.mayBeHot(journal) else { return database }
    let databasePageSize = try? DatabaseHeader(database).pageSize
    let scan = ScannedJournal(journal, .playback, databasePageSize: databasePageSize)
    guard let header = scan.headers.first else { return database }
    let length = Int(header.originalPageCount.byteCount(pageSize: header.pageSize))
    var result = Array(database.prefix(length))
    result += [UInt8](repeating: 0, count: length - result.count)
    for (page, offset) in scan.records {
        let content = Array(journal[offset..<offset + header.pageSize.bytes])
        result.replace(at: Int(page.byteOffset(pageSize: header.pageSize)), with: content)
    }
    return result
}
