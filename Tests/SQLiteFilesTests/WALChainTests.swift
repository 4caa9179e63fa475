import TestSupport
import Testing

@testable import SQLiteFiles

struct WALChainTests {
    /// Three transactions of 1, 2 and 1 frames.
    private func small(order: ByteOrder) -> [UInt8] {
        var random = SeededRandom(seed: 7)
        return WALBuilder(
            order: order,
            frames: [
                .init(page: 1, databasePages: 1, content: random.bytes(512)),
                .init(page: 2, content: random.bytes(512)),
                .init(page: 1, databasePages: 2, content: random.bytes(512)),
                .init(page: 2, databasePages: 2, content: random.bytes(512)),
            ]
        ).bytes
    }

    @Test("accepts a sound log in both byte orders", arguments: [ByteOrder.little, .big])
    func sound(order: ByteOrder) throws {
        let scan = try ScannedWAL(small(order: order))
        #expect(scan.chain.frameCount == 4)
        #expect(scan.commits == [PageCount(1), PageCount(2), PageCount(2)])
        #expect(scan.pages.map(\.page.rawValue) == [1, 2, 1, 2])
    }

    @Test("stops at a torn tail")
    func tornTail() throws {
        let log = small(order: .little)
        for length in 32...log.count {
            let scan = try ScannedWAL(Array(log[..<length]))
            #expect(scan.chain.frameCount == (length - 32) / 536)
            #expect(scan.committed.frameCount == [0, 1, 1, 3, 4][scan.chain.frameCount])
        }
    }

    @Test("never accepts a frame at or after a flipped byte", arguments: [ByteOrder.little, .big])
    func flips(order: ByteOrder) throws {
        let log = small(order: order)
        for offset in 32..<log.count {
            var flipped = log
            flipped[offset] ^= 1 << UInt8(offset % 8)
            #expect(
                try ScannedWAL(flipped).chain.frameCount == (offset - 32) / 536,
                "flipped byte \(offset)"
            )
        }
    }

    @Test("refuses wrong salts and page 0, and stays as it was")
    func unchanged() throws {
        let log = small(order: .big)
        var chain = WALChain(header: try WALHeader(log))
        let before = chain
        var stranger = WALBuilder(order: .big, salts: (1, 2))
        stranger.frames = [.init(page: 1, databasePages: 1, content: [UInt8](repeating: 1, count: 512))]
        #expect(chain.accept(frame: Array(stranger.bytes[32...])) == .end)
        #expect(WALFrameHeader(Array(stranger.bytes[32...]))?.salts != chain.salts)
        var pageZero = WALBuilder(order: .big)
        pageZero.frames = [.init(page: 0, databasePages: 1, content: [UInt8](repeating: 1, count: 512))]
        #expect(chain.accept(frame: Array(pageZero.bytes[32...])) == .end)
        #expect(chain.accept(frame: [UInt8]()) == .end)
        #expect(chain == before)
        #expect(chain.accept(frame: Array(log[32...])) == .commit(PageNumber(1), databasePages: PageCount(1)))
    }

    @Test("any frame index has an offset")
    func offsets() throws {
        let chain = WALChain(header: try WALHeader(small(order: .big)))
        #expect(chain.offset(ofFrame: 0) == 32)
        #expect(chain.offset(ofFrame: 3) == 32 + 3 * 536)
        _ = chain.offset(ofFrame: .max)
        _ = chain.offset(ofFrame: .min)
    }
}

struct RealWALTests {
    private let setup = "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(a, b);"
    private let insert = "INSERT INTO t VALUES(random(), randomblob(3000));"

    @Test("reads every frame that SQLite counts, and ends in its database", arguments: [512, 4096, 65536])
    func openSession(pageBytes: Int) throws {
        let directory = try TemporaryDirectory()
        let session = try SQLite3Session(directory.file("a.db"))
        try session.sql("PRAGMA page_size=\(pageBytes);" + setup)
        for _ in 0..<20 { try session.sql(insert) }
        let log = try directory.bytes(of: "a.db-wal")
        var image = try directory.bytes(of: "a.db")

        let scan = try ScannedWAL(log)
        #expect(scan.commits.count == 21)
        let counted = try session.sql("PRAGMA wal_checkpoint;").split(separator: "|").map { String($0) }
        #expect(counted[1] == "\(scan.committed.frameCount)")
        #expect(scan.committed == scan.chain)

        for (page, offset) in scan.pages {
            let start = Int(page.byteOffset(pageSize: scan.chain.pageSize))
            let content = log[offset..<offset + pageBytes]
            image += [UInt8](repeating: 0, count: max(0, start + pageBytes - image.count))
            image.replace(at: start, with: Array(content))
        }
        #expect(try firstDifference(directory.bytes(of: "a.db"), image) == nil)
        #expect(scan.commits.last?.byteCount(pageSize: scan.chain.pageSize) == UInt64(image.count))
        try session.close()
    }

    @Test("reads the log of a killed session up to its last commit")
    func killedSession() throws {
        let directory = try TemporaryDirectory()
        let session = try SQLite3Session(directory.file("a.db"))
        try session.sql(setup + "PRAGMA cache_size=5;")
        for _ in 0..<5 { try session.sql(insert) }
        let committed = try ScannedWAL(directory.bytes(of: "a.db-wal"))
        // A transaction that spills writes frames which no commit follows.
        try session.sql("BEGIN;" + String(repeating: insert, count: 50))
        session.kill()
        let scan = try ScannedWAL(directory.bytes(of: "a.db-wal"))
        #expect(scan.commits.count == 6)
        #expect(scan.committed == committed.committed)
        #expect(scan.chain.frameCount > scan.committed.frameCount)
        #expect(try SQLite3.sql("SELECT count(*) FROM t;", on: directory.file("a.db")) == "5\n")
    }

    @Test("goes on with the old generation beyond the end of the new one")
    func generations() throws {
        let directory = try TemporaryDirectory()
        let session = try SQLite3Session(directory.file("a.db"))
        try session.sql(setup)
        try session.sql(insert)
        try session.sql(insert)
        try session.sql(insert)
        let early = try ScannedWAL(directory.bytes(of: "a.db-wal"))
        for _ in 0..<10 { try session.sql(insert) }
        let before = try ScannedWAL(directory.bytes(of: "a.db-wal"))
        try session.sql("PRAGMA wal_checkpoint;")
        try session.sql("PRAGMA user_version=3;")

        let log = try directory.bytes(of: "a.db-wal")
        let header = try WALHeader(log)
        #expect(!header.hasSalts(of: early.chain))
        #expect(header.salts.mayFollow(early.chain.salts))
        #expect(header.checkpointSequence == 1)
        let new = try ScannedWAL(log)
        #expect(new.commits.count == 1)
        #expect(new.chain.frameCount < early.chain.frameCount)
        #expect(WALFrameHeader(Array(log[32...]))?.salts == new.chain.salts)
        let old = ScannedWAL(log, from: early.committed)
        #expect(old.commits.count == 10)
        #expect(old.committed == before.committed)
        try session.close()
    }

    @Test(
        "a frame with a page, or a size of the database, that no database can have is none",
        arguments: [0, 1]
    )
    func impossible(_ below: UInt32) throws {
        let (page, most) = ([UInt8](repeating: 7, count: 512), PageCount.maximum.rawValue)
        for (number, size) in [(most + 1 - below, UInt32(0)), (1, most + 1 - below)] {
            let log = WALBuilder(frames: [WALBuilder.Frame(page: number, databasePages: size, content: page)])
                .bytes
            let header = try WALHeader(unsafe log.span.bytes.extracting(0..<32))
            var chain = WALChain(header: header)
            let verdict = unsafe chain.accept(frame: log.span.bytes.extracting(32..<log.count))
            #expect((verdict == .end) == (below == 0), "page \(number), \(size) pages")
        }
    }
}
