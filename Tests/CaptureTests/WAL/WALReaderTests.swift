import RepositoryWriter
import SQLiteFiles
import TestSupport
import Testing

@testable import Capture

@Suite("WAL reader")
struct WALReaderTests {
    @Test("counts the commits of a log that was never reset")
    func commitsSinceMade() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        let before = try #require(try setup.tail.reader.commitsSinceMade(&setup.scratch))
        try setup.insert(3)
        let after = try setup.tail.reader.commitsSinceMade(&setup.scratch)
        #expect(after == before + 3)
        try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try setup.insert(1)
        let reset = try setup.tail.reader.commitsSinceMade(&setup.scratch)
        #expect(reset == nil)
    }

    @Test("its page size decides when it has a commit, or when no other is known")
    func pageSize() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        func decisive(_ bytes: Int?) throws -> Int? {
            try setup.tail.reader.pageSize(unless: bytes.flatMap(PageSize.init(bytes:)), &setup.scratch)?
                .bytes
        }
        #expect(try decisive(nil) == 4096)
        #expect(try decisive(4096) == nil)
        #expect(try decisive(512) == 4096)
        try setup.truncate()
        #expect(try decisive(512) == nil)
    }

    @Test("knows the last consumed frame until a reset overwrites it")
    func lastFrame() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        #expect(try setup.poll() == .current)
        let position = setup.tail.position
        let end = try #require(position.chain)
        func isThere() throws -> Bool { try setup.tail.reader.has(end, position, &setup.scratch) }
        #expect(try isThere())
        try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        #expect(try isThere())
        try setup.insert(1, bytes: 200_000)
        #expect(try !isThere())
        #expect(try !setup.tail.reader.isInGeneration(end, &setup.scratch))
    }

    @Test("reads commits without regard to checksums, up to a frame that is missing")
    func unchained() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        #expect(try setup.poll() == .current)
        let start = try #require(setup.tail.position.chain)
        try setup.insert(3, bytes: 9000)
        let reader = setup.tail.reader
        let beyond = try #require(try setup.tail.reader.indexBeyond(start, &setup.scratch))
        let count = Int(beyond.lastFrame) - start.frameCount
        let all = try #require(try reader.unchained(behind: start, frames: count, &setup.scratch))
        #expect(all.count == 3 && all.last?.end == Int(beyond.lastFrame))
        #expect(all.last?.databasePages == beyond.databasePages)
        #expect(all.reduce(0) { $0 + $1.pages.count } == count)
        let first = try reader.unchained(behind: start, frames: count, commits: 1, &setup.scratch)
        #expect(first?.count == 1)
        #expect(try reader.unchained(behind: start, frames: count + 1, &setup.scratch) == nil)
        #expect(try setup.poll() == .current)
        let end = try #require(setup.tail.position.chain)
        let nothing = try setup.tail.reader.indexBeyond(end, &setup.scratch)
        #expect(nothing == nil)
    }
}
