import RepositoryWriter
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("WAL tail, without room")
struct WALTailRoomTests {
    /// A log whose last transaction is 12 MB long.
    private func largeCommit(_ setup: FollowedLog) throws {
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
        _ = try setup.session.sql("INSERT INTO t(b) \(rows) SELECT randomblob(4000) FROM n;")
    }

    @Test("a large transaction pauses between its parts, and goes on where it was")
    func pauses() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        try largeCommit(setup)
        setup.sink.roomForParts = 0
        #expect(try setup.poll() == .congested)
        #expect(setup.sink.parts == 0)
        for parts in 1...3 {
            setup.sink.roomForParts = parts
            #expect(try setup.poll() == .congested)
            #expect(setup.sink.parts == parts && setup.sink.commits == before)
        }
        setup.sink.roomForParts = nil
        try setup.insert(2)
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 3)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image)
    }

    @Test("what a reset overwrites in the pause is a loss, not a state that never was")
    func reset() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        try largeCommit(setup)
        setup.sink.roomForParts = 2
        #expect(try setup.poll() == .congested)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try largeCommit(setup)
        setup.sink.roomForParts = nil
        #expect(try setup.poll() == .lost)
        #expect(setup.sink.commits == before)
    }

    @Test("a transaction of which parts are missing is read to its end after a reset that leaves it")
    func resetAndShort() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        #expect(try setup.poll() == .current)
        let before = setup.sink.commits
        try largeCommit(setup)
        setup.sink.roomForParts = 2
        #expect(try setup.poll() == .congested)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try setup.insert(1)
        setup.sink.roomForParts = nil
        #expect(try setup.poll() == .current)
        #expect(setup.sink.commits == before + 2)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        #expect(try setup.folder.bytes(of: "a.db") == setup.sink.image)
    }

    @Test("the newest pages of a long log are collected as there is room, each once")
    func overlay() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try largeCommit(setup)
        _ = try setup.session.sql("UPDATE t SET b = randomblob(4000) WHERE i % 2 = 0;")
        var covered = PageBitmap()
        var found: [PageNumber: [UInt8]] = [:]
        var count = PageCount(0)
        func take(_ pages: PageSet, _ databasePages: PageCount) {
            count = databasePages
            for (index, number) in pages.numbers.enumerated() {
                #expect(found[number] == nil)
                found[number] = Array(pages.bytes[index * 4096..<(index + 1) * 4096])
            }
        }
        var result = try setup.tail.overlay(&covered, &setup.scratch, hasRoom: { false }, take)
        var rounds = 0
        while case .unfinished = result {
            rounds += 1
            result = try setup.tail.collect(&covered, &setup.scratch, hasRoom: { false }, take)
        }
        #expect(result == .commits(databasePages: count) && rounds >= 3)
        _ = try setup.session.sql("PRAGMA wal_checkpoint(TRUNCATE);")
        let file = try setup.folder.bytes(of: "a.db")
        #expect(file.count == found.count * 4096 && Int(count.rawValue) == found.count)
        for (number, page) in found {
            let start = Int(number.rawValue - 1) * 4096
            #expect(file[start..<start + 4096].elementsEqual(page), "\(number)")
        }
    }

    @Test("a reset between two parts of that is noticed")
    func moved() throws {
        let setup = try FollowedLog("PRAGMA wal_autocheckpoint=0;")
        try largeCommit(setup)
        var covered = PageBitmap()
        let first = try setup.tail.overlay(&covered, &setup.scratch, hasRoom: { false }) { _, _ in }
        guard case .unfinished = first else { return #expect(Bool(false), "\(first)") }
        _ = try setup.session.sql("PRAGMA wal_checkpoint(RESTART);")
        try setup.insert(1)
        let next = try setup.tail.collect(&covered, &setup.scratch, hasRoom: { true }) { _, _ in }
        #expect(next == .moved)
        #expect(!setup.tail.overlay.isUnderWay)
    }
}
