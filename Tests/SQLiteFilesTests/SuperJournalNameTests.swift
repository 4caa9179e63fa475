import Foundation
import TestSupport
import Testing

@testable import SQLiteFiles

struct SuperJournalNameTests {
    private func tail(_ name: [UInt8], length: UInt32? = nil, checksum: UInt32? = nil) -> [UInt8] {
        let sum = name.reduce(UInt32(0)) { $0 &+ UInt32($1) }
        return name + bigEndian(length ?? UInt32(name.count)) + bigEndian(checksum ?? sum)
            + [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]
    }

    private func name(_ tail: [UInt8]) -> String? {
        SuperJournalName(journalTail: tail).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test("finds the name that a transaction over two databases leaves", arguments: ["a.db", "ä-ö.db"])
    func real(file: String) throws {
        let directory = try TemporaryDirectory()
        let session = try SQLite3Session(directory.file(file))
        try session.sql("CREATE TABLE t(a); ATTACH '\(directory.file("b.db"))' AS b; CREATE TABLE b.u(a);")
        try session.sql("BEGIN; INSERT INTO t VALUES(1); INSERT INTO b.u VALUES(2);")
        let journal = try FileHandle(
            forReadingFrom: URL(fileURLWithPath: directory.file("\(file)-journal"))
        )
        try session.sql("COMMIT;")
        let bytes = try [UInt8](journal.readToEnd() ?? Data())
        let found = try #require(name(Array(bytes.suffix(SuperJournalName.tailBytes))))
        #expect(found.hasPrefix(directory.file("\(file)-mj")))

        let scan = ScannedJournal(bytes, .names)
        #expect(scan.isComplete)
        #expect(scan.end == .endOfFile)
        #expect(scan.pages.contains(1))
        try session.close()
    }

    @Test("sums bytes as signed or unsigned, as the writer's machine does")
    func signs() {
        let bytes = Array("/ä".utf8)
        let signed = bytes.reduce(UInt32(0)) { $0 &+ UInt32(bitPattern: Int32(Int8(bitPattern: $1))) }
        #expect(name(tail(bytes)) == "/ä")
        #expect(name(tail(bytes, checksum: signed)) == "/ä")
    }

    @Test("no name unless length, checksum and magic are right")
    func wrong() {
        let good = Array("/tmp/x-mj1".utf8)
        #expect(name([1, 2, 3] + tail(good)) == "/tmp/x-mj1")
        #expect(name(tail(good, checksum: 1)) == nil)
        #expect(name(tail(good, length: 11)) == nil)
        #expect(name(tail(good, length: 0, checksum: 0)) == nil)
        #expect(name(tail(good, length: .max)) == nil)
        #expect(name(Array(tail(good).dropLast())) == nil)
        #expect(name([]) == nil)
        #expect(name(tail([])) == nil)
        #expect(name(tail([0])) == nil)
        #expect(name(tail(Array("/a".utf8) + [0, 66])) == "/a")
        #expect(name(tail([UInt8](repeating: 65, count: 512)))?.count == 512)
        #expect(name(tail([UInt8](repeating: 65, count: 513))) == nil)
    }
}
