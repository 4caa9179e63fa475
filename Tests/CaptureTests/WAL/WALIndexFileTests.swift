import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Wal-index file")
struct WALIndexFileTests {
    private func index(_ setup: FollowedLog) -> WALIndexFile {
        WALIndexFile(FilePath(setup.folder.file("a.db-shm")), beside: setup.tail.log)
    }

    @Test("is used as long as a process has it open, and can be read afterwards")
    func used() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try setup.insert(1)
        var index = index(setup)
        #expect(!index.isHeld)
        let (isUsed, header) = (index.isUsed, try index.read(&setup.scratch))
        #expect(isUsed && index.isHeld && header != nil)
        setup.session.kill()
        let (isUsedLater, later) = (index.isUsed, try index.read(&setup.scratch))
        #expect(!isUsedLater && later == header)
    }

    @Test("is none while a process keeps the database to itself")
    func none() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;", hasIndex: false)
        try setup.insert(1)
        var index = index(setup)
        try index.require()
        let (isUsed, header) = (index.isUsed, try index.read(&setup.scratch))
        #expect(!isUsed && !index.isHeld && header == nil)
    }

    @Test("is not that of another log, once its own has lost its name")
    func other() throws {
        let setup = try FollowedLog()
        let header = try setup.tail.reader.index.read(&setup.scratch)
        try setup.session.close()
        let next = try SQLite3Session(setup.folder.file("a.db"))
        try next.sql("INSERT INTO t(b) VALUES(1);")
        var index = index(setup)
        let (isUsed, other) = (index.isUsed, try index.read(&setup.scratch))
        #expect(header != nil && !isUsed && other == nil && !index.isHeld)
        try next.close()
    }
}
