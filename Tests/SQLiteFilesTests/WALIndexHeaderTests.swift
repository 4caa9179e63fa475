import TestSupport
import Testing

@testable import SQLiteFiles

struct WALIndexHeaderTests {
    /// The log and wal-index of an open session with some commits, the first of them checkpointed.
    private func realFiles(pageBytes: Int) throws -> (log: [UInt8], index: [UInt8]) {
        let directory = try TemporaryDirectory()
        let session = try SQLite3Session(directory.file("a.db"))
        try session.sql(
            """
            PRAGMA page_size=\(pageBytes); PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;
            CREATE TABLE t(a);
            """
        )
        // A reader holds the log open, so that the checkpoint cannot lead to a reset.
        let reader = try SQLite3Session(directory.file("a.db"))
        try reader.sql("BEGIN; SELECT * FROM t;")
        try session.sql("PRAGMA wal_checkpoint;")
        for _ in 0..<7 { try session.sql("INSERT INTO t VALUES(randomblob(900));") }
        return (try directory.bytes(of: "a.db-wal"), try directory.bytes(of: "a.db-shm"))
    }

    private func error(_ bytes: [UInt8]) -> WALIndexHeaderError? {
        do throws(WALIndexHeaderError) {
            _ = try WALIndexHeader(bytes)
            return nil
        } catch { return error }
    }

    @Test("agrees with the log it describes", arguments: [512, 4096, 65536])
    func agrees(pageBytes: Int) throws {
        let files = try realFiles(pageBytes: pageBytes)
        let scan = try ScannedWAL(files.log)
        let index = try WALIndexHeader(files.index)
        #expect(index.chain == scan.committed)
        #expect(index.hasSalts(of: scan.chain))
        #expect(Int(index.lastFrame) == scan.committed.frameCount)
        #expect(index.databasePages == scan.commits.last)
        #expect(index.pageSize?.bytes == pageBytes)
        #expect(index.backfilledFrames > 0)
        #expect(index.backfilledFrames < index.lastFrame)
    }

    @Test("reads that of a log without a frame")
    func empty() throws {
        let directory = try TemporaryDirectory()
        let session = try SQLite3Session(directory.file("a.db"))
        try session.sql("PRAGMA journal_mode=WAL; CREATE TABLE t(a);")
        try session.sql("PRAGMA journal_mode=DELETE; PRAGMA journal_mode=WAL; SELECT * FROM t;")
        let index = try WALIndexHeader(directory.bytes(of: "a.db-shm"))
        #expect(index.pageSize == nil)
        #expect(index.chain == nil)
        #expect(index.lastFrame == 0)
        #expect(index.changeCounter == 0)
    }

    @Test("refuses a byte flipped in one copy, or the same one in both")
    func flips() throws {
        let good = try realFiles(pageBytes: 4096).index
        #expect(error(good) == nil)
        for offset in 0..<48 {
            var bytes = good
            bytes[offset] ^= 0x40
            #expect(error(bytes) == .copiesDiffer)
            bytes[48 + offset] ^= 0x40
            #expect(error(bytes) == .checksumMismatch, "flipped byte \(offset)")
        }
    }

    @Test("refuses a new file and a short one")
    func newFile() throws {
        #expect(error([UInt8](repeating: 0, count: 32768)) == .notInitialised)
        let good = try realFiles(pageBytes: 4096).index
        #expect(error(Array(good[..<135])) == .tooShort(byteCount: 135))
        #expect(error(Array(good[..<136])) == nil)
        #expect(error([]) == .tooShort(byteCount: 0))
    }
}
