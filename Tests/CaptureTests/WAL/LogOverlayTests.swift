import RepositoryWriter
import SQLiteFiles
import TestSupport
import Testing

@testable import Capture

@Suite("Overlay of a log")
struct LogOverlayTests {
    private let setup: FollowedLog

    init() throws {
        setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
    }

    private func begin(
        _ overlay: inout LogOverlay,
        _ position: inout LogPosition
    ) throws -> OverlayOutcome? {
        setup.tail.reader.beginChunk()
        return try overlay.begin(&position, &setup.tail.reader, &setup.scratch)
            ?? overlay.findLastCommit(&position, &setup.tail.reader, &setup.scratch)
    }

    @Test("is empty of a log without a header, whose index counts the commits in the file")
    func empty() throws {
        try setup.truncate()
        var (overlay, position) = (LogOverlay(), LogPosition())
        let result = try begin(&overlay, &position)
        let index = try #require(try setup.tail.reader.index.read(&setup.scratch))
        #expect(result == .empty && !overlay.isUnderWay && overlay.commits == 0)
        #expect(position.chain == nil && position.mark?.expected == index.changeCounter)
    }

    @Test("goes to the last commit, and counts those before it")
    func found() throws {
        try setup.insert(3)
        let count = try setup.tail.reader.commitsSinceMade(&setup.scratch)
        var (overlay, position) = (LogOverlay(), LogPosition())
        let result = try begin(&overlay, &position)
        let index = try #require(try setup.tail.reader.index.read(&setup.scratch))
        #expect(result == nil && !overlay.isSearching && overlay.isUnderWay)
        #expect(position.chain == index.chain && position.mark?.expected == index.changeCounter)
        #expect(overlay.commits == count)
        var covered = PageBitmap()
        let collected =
            try overlay
            .collect(&covered, &setup.tail.reader, &setup.scratch, { true }) { _, _ in }
        #expect(collected == .commits(databasePages: index.databasePages) && !overlay.isUnderWay)
    }

    @Test("has moved when the log was reset amid it")
    func moved() throws {
        try setup.insert(3)
        var (overlay, position) = (LogOverlay(), LogPosition())
        #expect(try begin(&overlay, &position) == nil)
        try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try setup.insert(1)
        var covered = PageBitmap()
        let collected =
            try overlay
            .collect(&covered, &setup.tail.reader, &setup.scratch, { true }) { _, _ in }
        #expect(collected == .moved)
        overlay.forget()
        #expect(!overlay.isUnderWay)
    }
}
