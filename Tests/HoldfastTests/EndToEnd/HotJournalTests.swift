import Foundation
import TestSupport
import Testing

@Suite("Journals of writers that died", .serialized)
struct HotJournalTests {
    private static let proof = "SELECT count(*), sum(length(b)), sum(i) FROM t; PRAGMA integrity_check;"

    /// A database of that many rows whose last writer died amid a transaction, after pages had gone to the
    /// file.
    private func leave(rows: Int, in protection: Protection) throws {
        let session = try SQLite3Session(protection.database)
        _ = try session.sql(
            "PRAGMA cache_size=5; BEGIN; UPDATE t SET b = zeroblob(900); DELETE FROM t WHERE i % 7 = 0;"
        )
        session.kill()
        try #require(FileManager.default.fileExists(atPath: protection.database + "-journal"))
    }

    private func make(rows: Int) throws -> Protection {
        try Protection(
            """
            CREATE TABLE t(i INTEGER PRIMARY KEY, b);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
            INSERT INTO t(b) SELECT randomblob(900) FROM n;
            """
        )
    }

    private func restored(_ protection: Protection) throws -> String {
        let copy = protection.folder.file("copy-\(UUID().uuidString).db")
        try protection.holdfast("restore", protection.database, "--at", "latest", "--output", copy)
        return try SQLite3.sql(Self.proof, on: copy)
    }

    @Test(
        "the committed state is captured at once, audited in quiet, and kept when SQLite rolls back",
        arguments: [300, 8000]
    )
    func left(rows: Int) throws {
        let protection = try make(rows: rows)
        let committed = try SQLite3.sql(Self.proof, on: protection.database)
        try leave(rows: rows, in: protection)
        try protection.holdfast("watch", protection.data, "--once")
        #expect(try restored(protection) == committed)
        try protection.watch("--audit-interval", "1s")
        while try protection.state().audits < 2 { try protection.sync() }
        #expect(try protection.state().audit_differences == 0)
        let said = try #require(protection.watcher).stderr.split(separator: "\n")
        #expect(said.count <= 2, "\(said)")
        #expect(try restored(protection) == committed)
        // It is opened at last.
        #expect(try SQLite3.sql(Self.proof, on: protection.database) == committed)
        try SQLite3.sql("INSERT INTO t(b) VALUES('after');", on: protection.database)
        try protection.expectCaptured()
        try protection.expectInOrder()
    }

    @Test("a writer that dies while it is watched leaves the committed state", arguments: [300, 8000])
    func whileWatched(rows: Int) throws {
        let protection = try make(rows: rows)
        try protection.watch("--audit-interval", "1s")
        try SQLite3.sql("INSERT INTO t(b) VALUES('last');", on: protection.database)
        let committed = try SQLite3.sql(Self.proof, on: protection.database)
        try leave(rows: rows, in: protection)
        try protection.sync()
        #expect(try restored(protection) == committed)
        try protection.stop()
        try protection.watch()
        try protection.sync()
        #expect(try restored(protection) == committed)
        #expect(try protection.state().audit_differences == 0)
    }

    @Test("what a dead writer has written to pages of the freelist is no difference to an audit")
    func freelist() throws {
        let protection = try make(rows: 3000)
        try SQLite3.sql("DELETE FROM t WHERE i > 1000;", on: protection.database)
        let committed = try SQLite3.sql(Self.proof, on: protection.database)
        try protection.watch("--audit-interval", "1s")
        let session = try SQLite3Session(protection.database)
        // It takes pages of the freelist, whose content no journal has.
        try session.sql("PRAGMA cache_size=5; BEGIN; INSERT INTO t(b) SELECT randomblob(900) FROM t;")
        session.kill()
        try protection.sync()
        let audits = try protection.state().audits
        while try protection.state().audits < audits + 2 { try protection.sync() }
        #expect(try protection.state().audit_differences == 0)
        #expect(try restored(protection) == committed)
        // It is opened at last.
        #expect(try SQLite3.sql(Self.proof, on: protection.database) == committed)
        try protection.expectCaptured()
    }

    enum SuperJournal: CaseIterable { case there, missing, empty, inAnotherNamespace, inADirectoryAbove }

    /// What SQLite writes behind the records of a journal that belongs to a transaction over several
    /// databases.
    private func trailer(_ name: String) -> Data {
        func bytes(_ number: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        }
        let name = Array(name.utf8)
        let lockPage = UInt32(0x4000_0000 / 4096 + 1)
        let sum = name.reduce(UInt32(0)) { $0 + UInt32($1) }
        let magic: [UInt8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]
        return Data(bytes(lockPage) + name + bytes(UInt32(name.count)) + bytes(sum) + magic)
    }

    @Test("a journal counts as SQLite decides by its super-journal", arguments: SuperJournal.allCases)
    func superJournal(_ kind: SuperJournal) throws {
        let protection = try make(rows: 300)
        let before = try SQLite3.sql(Self.proof, on: protection.database)
        try leave(rows: 300, in: protection)
        let last = "a.db-mj0123456789"
        let named =
            kind == .inAnotherNamespace || kind == .inADirectoryAbove
            ? "/nowhere/data/\(last)" : protection.data + "/" + last
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: protection.database + "-journal"))
        try handle.seekToEnd()
        try handle.write(contentsOf: trailer(named))
        try handle.close()
        switch kind {
        case .there, .inAnotherNamespace: try protection.shell("echo other.db-journal > \(last)")
        case .inADirectoryAbove: try protection.shell("echo other.db-journal > ../\(last)")
        case .empty: try protection.shell(": > \(last)")
        case .missing: break
        }
        try protection.watch()
        try protection.sync()
        let copy = protection.folder.file("copy.db")
        let isRolledBack = kind != .missing && kind != .empty
        if isRolledBack {
            try protection.holdfast("restore", protection.database, "--at", "latest", "--output", copy)
            #expect(try SQLite3.sql(Self.proof, on: copy) == before)
        } else {
            // Half of a transaction: that is what SQLite takes, too, and a restore refuses it unless it is
            // sound.
            let digest = try #require(protection.snapshots().last?.digest)
            #expect(try digest == protection.liveDigest())
        }
        // SQLite's own word, where the name leads where it does for the writer.
        guard kind == .there || kind == .missing || kind == .empty else { return }
        let same = try Command.run("sqlite3", ["-batch", protection.database, Self.proof])
        #expect((same.stdout == before) == isRolledBack)
        try protection.sync()
    }

    @Test("an empty database is empty, whatever journal is beside it; a directory is no journal")
    func noHotJournal() throws {
        let protection = try make(rows: 300)
        try leave(rows: 300, in: protection)
        try protection.shell(
            ": > a.db; sqlite3 b.db 'CREATE TABLE t(i); INSERT INTO t VALUES(1);'; mkdir b.db-journal"
        )
        try protection.watch()
        try protection.sync()
        let copy = try protection.restoreAll()
        #expect(try Data(contentsOf: URL(fileURLWithPath: copy + "/a.db")).isEmpty)
        #expect(try SQLite3.sql("SELECT i FROM t;", on: copy + "/b.db") == "1\n")
    }

    @Test(
        "commits under one exclusive lock are counted, or a gap",
        arguments: ["DELETE", "PERSIST", "TRUNCATE"]
    )
    func exclusive(mode: String) throws {
        let protection = try make(rows: 3)
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        _ = try session.sql("PRAGMA journal_mode=\(mode); PRAGMA locking_mode=EXCLUSIVE;")
        for _ in 1...10 { _ = try session.sql("INSERT INTO t(b) VALUES('x');") }
        try session.close()
        try protection.expectCaptured(mode)
        let log = try protection.log()
        let counted = log.reduce(0) { $0 + ($1.event == "commit" ? 1 : $1.coalesced ?? 0) }
        #expect(counted >= 10 || log.contains { $0.event == "gap" }, "\(counted)")
    }
}
