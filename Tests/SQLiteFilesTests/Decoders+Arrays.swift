@testable import SQLiteFiles

// `#expect` cannot take a span apart, so tests hand arrays to the decoders.

extension DatabaseHeader {
    static func isDatabase(_ bytes: [UInt8]) -> Bool { isDatabase(bytes.raw) }

    init(_ bytes: [UInt8]) throws(DatabaseHeaderError) { try self.init(bytes.raw) }
}

extension FreelistTrunk {
    var leaves: [PageNumber] { (0..<leafCount).map { leaf(at: $0) } }
}

extension WALHeader {
    init(_ bytes: [UInt8]) throws(WALHeaderError) { try self.init(bytes.raw) }
}

extension WALFrameHeader {
    init?(_ bytes: [UInt8]) { self.init(bytes.raw) }
}

extension WALChain {
    mutating func accept(frame: [UInt8]) -> Verdict { accept(frame: frame.raw) }
}

extension WALIndexHeader {
    init(_ bytes: [UInt8]) throws(WALIndexHeaderError) { try self.init(bytes.raw) }
}

extension JournalHeader {
    static func isFinished(_ bytes: [UInt8]) -> Bool { isFinished(bytes.raw) }

    static func mayBeHot(_ bytes: [UInt8]) -> Bool { mayBeHot(bytes.raw) }

    init(_ bytes: [UInt8], databasePageSize: PageSize? = nil) throws(JournalHeaderError) {
        try self.init(bytes.raw, databasePageSize: databasePageSize)
    }
}

extension JournalScanner {
    mutating func feed(_ bytes: [UInt8]) -> JournalEvent { feed(bytes.raw) }
}

extension SuperJournalName {
    init?(journalTail: [UInt8]) { self.init(journalTail: journalTail.raw) }
}
