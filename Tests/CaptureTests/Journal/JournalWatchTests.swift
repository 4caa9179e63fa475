import LinuxSystem
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Capture

@Suite("Journal watch")
struct JournalWatchTests {
    private let folder: TemporaryDirectory
    private let path: FilePath
    private let watch: JournalWatch
    private var scratch = [UInt8](repeating: 0, count: 1 << 20)

    init() throws {
        folder = try TemporaryDirectory()
        path = FilePath(folder.file("b.db-journal"))
        watch = JournalWatch(path)
        // Journals of real transactions, which keep a second name: `journal-1` to `journal-3`.
        let database = folder.file("a.db")
        try SQLite3.sql("CREATE TABLE t(a); INSERT INTO t VALUES(1);", on: database)
        let session = try SQLite3Session(database)
        for number in 1...3 {
            try session.sql("BEGIN; INSERT INTO t VALUES(2);")
            let journal = FilePath(folder.file("a.db-journal"))
            try Directory.addName(FilePath(folder.file("journal-\(number)")), to: journal)
            try session.sql("COMMIT;")
        }
        try session.close()
    }

    /// Lets a journal appear, as its creator would.
    private func appear(_ number: Int) throws -> PinnedFile {
        try folder.copy("journal-\(number)", to: "b.db-journal")
        return try PinnedFile(path)
    }

    private func vanish() throws { try Directory.remove(path) }

    @Test("a journal that is found without its name counts as ended, and its event counts no second one")
    mutating func endsBeforeItsEvent() throws {
        watch.appeared(try appear(1), &scratch)
        #expect(try watch.state(&scratch) == .live && !watch.hasNews)
        try vanish()
        #expect(try watch.state(&scratch) == .absent)
        #expect(watch.transactionsSeen == 1 && watch.finished.count == 1 && watch.unread == 0)
        watch.deleted(&scratch)
        #expect(watch.transactionsSeen == 1 && watch.finished.count == 1 && watch.unread == 0)
    }

    @Test("journals that came and went before their events were read are taken in order, each once")
    mutating func pinnedLate() throws {
        var pinned: [PinnedFile] = []
        for number in 1...3 {
            pinned.append(try appear(number))
            try vanish()
        }
        for journal in pinned {
            watch.appeared(journal, &scratch)
            watch.deleted(&scratch)
        }
        #expect(watch.unread == 0)
        let counters = watch.finished.compactMap(\.counterBefore)
        #expect(counters.count == 3 && counters == [counters[0], counters[0] + 1, counters[0] + 2])
    }

    @Test("a journal that was found by its name is the one whose event comes later")
    mutating func foundFirst() throws {
        let pinned = try appear(1)
        #expect(try watch.state(&scratch) == .live)
        try vanish()
        #expect(try watch.state(&scratch) == .absent)
        watch.appeared(pinned, &scratch)
        watch.deleted(&scratch)
        #expect(watch.transactionsSeen == 1 && watch.unread == 0)
        // And the next one is not taken for it.
        watch.appeared(try appear(2), &scratch)
        try vanish()
        watch.deleted(&scratch)
        #expect(watch.transactionsSeen == 2 && watch.finished.count == 2 && watch.unread == 0)
    }

    @Test("a journal that was never opened is missed")
    mutating func missed() throws {
        watch.appeared(nil, &scratch)
        watch.deleted(&scratch)
        #expect(watch.unread == 1)
        // The one that has the name is a later one.
        watch.appeared(try appear(1), &scratch)
        watch.deleted(&scratch)
        #expect(watch.unread == 2 && watch.finished.isEmpty)
        watch.captured()
        #expect(try !watch.hasNews && watch.state(&scratch) == .live)
    }

    @Test("in a file that is longer than its database, nothing behind the database counts as journalled")
    mutating func longerFile() throws {
        let database = folder.file("longer.db")
        let session = try SQLite3Session(database)
        try session.sql(".filectrl chunk_size 65536\nCREATE TABLE t(a);")
        try session.sql("BEGIN; INSERT INTO t VALUES(1);")
        try Directory.addName(FilePath(folder.file("journal-5")), to: FilePath(database + "-journal"))
        try session.sql("COMMIT;")
        watch.appeared(try appear(5), &scratch)
        try vanish()
        watch.deleted(&scratch)
        let evidence = try #require(watch.finished.first)
        #expect(evidence.originalPages == PageCount(16))
        #expect(evidence.journalledPages == PageCount(2))
    }

    @Test("long journals are read in chunks, in order, and those that come meanwhile wait")
    mutating func long() throws {
        let database = folder.file("long.db")
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
        try SQLite3.sql(
            "CREATE TABLE t(a); INSERT INTO t \(rows) SELECT randomblob(4000) FROM n;",
            on: database
        )
        let session = try SQLite3Session(database)
        try session.sql("BEGIN; UPDATE t SET a = randomblob(4000);")
        try Directory.addName(FilePath(folder.file("journal-4")), to: FilePath(database + "-journal"))
        try session.sql("COMMIT;")
        for number in [4, 1] {
            watch.appeared(try appear(number), &scratch)
            try vanish()
            watch.deleted(&scratch)
        }
        #expect(watch.hasNews && watch.finished.isEmpty && watch.unread == 0 && watch.transactionsSeen == 2)
        var chunks = 1
        while !watch.readOn(&scratch) { chunks += 1 }
        #expect(chunks == 2 && watch.unread == 0)
        #expect(watch.finished.map { $0.pages.count > 3000 } == [true, false])
        for _ in 0..<12 {
            watch.appeared(try appear(4), &scratch)
            try vanish()
            watch.deleted(&scratch)
        }
        while !watch.readOn(&scratch) {}
        // Too many open files: of some it is only known that they were there.
        #expect(watch.unread > 0 && watch.transactionsSeen == 14)
        #expect(watch.unread + watch.finished.count == 14)
        watch.captured()
        #expect(!watch.hasNews)
    }
}
