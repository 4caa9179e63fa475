import LinuxSystem
import SystemPackage
import TestSupport
import Testing

@Suite("File locks")
struct FileLocksTests {
    private static let pending: Range<UInt64> = 0x4000_0000..<0x4000_0001
    private static let reserved: Range<UInt64> = 0x4000_0001..<0x4000_0002
    private static let shared: Range<UInt64> = 0x4000_0002..<0x4000_0200

    @Test("sees SQLite's locks and takes none")
    func sqliteLocks() throws {
        let folder = try TemporaryDirectory()
        let session = try SQLite3Session(folder.file("a.db"))
        try session.sql("CREATE TABLE t(i);")
        let file = try OpenFile(FilePath(folder.file("a.db")), .protected)
        var locked: [Bool] = []
        func look() throws {
            locked = try [Self.pending, Self.reserved, Self.shared].map { try file.isWriteLocked(in: $0) }
        }
        try look()
        #expect(locked == [false, false, false])

        try session.sql("BEGIN IMMEDIATE;")
        try look()
        #expect(locked == [false, true, false])

        try session.sql("COMMIT; BEGIN EXCLUSIVE;")
        try look()
        #expect(locked[2])
        try session.sql("COMMIT;")
        // Another writer without a busy timeout is not disturbed by the open file and its questions.
        try SQLite3.sql("INSERT INTO t VALUES(1)", on: folder.file("a.db"))
        try look()
        #expect(locked == [false, false, false])
    }

    @Test("gives the lock of a file of our own to one at a time")
    func exclusive() throws {
        let folder = try TemporaryDirectory()
        let path = FilePath(folder.file("lock"))
        do {
            let first = try OpenFile(path, .updateOrCreate)
            let second = try OpenFile(path, .updateOrCreate)
            let taken = [try first.takeWriteLock(), try second.takeWriteLock()]
            #expect(taken == [true, false])
        }
        let isFree = try OpenFile(path, .updateOrCreate).takeWriteLock()
        #expect(isFree)
    }

    @Test("gives the lock of a byte to one at a time, and other bytes to others")
    func bytes() throws {
        let folder = try TemporaryDirectory()
        let path = FilePath(folder.file("lock"))
        let first = try OpenFile(path, .updateOrCreate)
        let second = try OpenFile(path, .updateOrCreate)
        let last = UInt64.max >> 2
        let taken = try [
            first.takeWriteLock(ofByte: 0), first.takeWriteLock(ofByte: last),
            second.takeWriteLock(ofByte: 0), second.takeWriteLock(ofByte: last),
            second.takeWriteLock(ofByte: 1),
        ]
        #expect(taken == [true, true, false, false, true])
        first.releaseWriteLock(ofByte: last)
        let later = try [second.takeWriteLock(ofByte: 0), second.takeWriteLock(ofByte: last)]
        #expect(later == [false, true])
    }

    @Test("gives a shared lock to several, and an exclusive one to nobody beside them")
    func shared() throws {
        let folder = try TemporaryDirectory()
        let path = FilePath(folder.file("lock"))
        let other = try OpenFile(path, .updateOrCreate)
        do {
            let first = try OpenFile(path, .updateOrCreate)
            let second = try OpenFile(path, .updateOrCreate)
            try first.waitForSharedLock()
            try second.waitForSharedLock()
            let isTaken = try other.takeExclusiveLock()
            #expect(!isTaken)
            extendLifetime(first)
            extendLifetime(second)
        }
        let isTaken = try other.takeExclusiveLock()
        #expect(isTaken)
    }
}
