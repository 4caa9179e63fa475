import SQLiteFiles
import TestSupport
import Testing

@testable import Capture

@Suite("Search for the last commit")
struct LastCommitSearchTests {
    @Test("finds the last two commits and counts all, chunk by chunk")
    func chunks() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(2, bytes: 3_000_000)
        let previous = try #require(try setup.tail.reader.index.read(&setup.scratch))
        try setup.insert(1)
        let last = try #require(try setup.tail.reader.index.read(&setup.scratch))
        let count = try setup.tail.reader.commitsSinceMade(&setup.scratch)
        var search = LastCommitSearch(try #require(try setup.tail.reader.header(&setup.scratch)))
        func isAtEnd() throws -> Bool {
            setup.tail.reader.beginChunk()
            return try search.reachEnd(&setup.tail.reader, &setup.scratch)
        }
        #expect(try !isAtEnd())
        #expect(try isAtEnd())
        #expect(search.last?.end == last.chain && search.previous?.end == previous.chain)
        #expect(search.last?.databasePages == last.databasePages)
        #expect(search.commits == count && search.start.frameCount == 0)
    }
}
