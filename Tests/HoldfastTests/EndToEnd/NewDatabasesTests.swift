import Foundation
import TestSupport
import Testing

@Suite("Databases that are made while they are watched", .serialized)
struct NewDatabasesTests {
    /// Commits that snapshots of the file stand for, and whether a gap tells of others.
    private func counted(_ protection: Protection, _ name: String) throws -> (commits: Int, hasGap: Bool) {
        let log = try protection.log()
        let commits = log.filter { $0.path == protection.data + "/" + name }.reduce(0) {
            $0 + ($1.event == "commit" ? 1 : $1.coalesced ?? 0)
        }
        return (commits, log.contains { $0.event == "gap" })
    }

    private static let ways = [
        "an empty file that was touched before", "a name that was not there",
        "a file of text that is replaced by SQLite",
    ]

    @Test(
        "each commit from the first on is a snapshot, is counted, or is in a gap",
        arguments: ways,
        ["DELETE", "WAL", "TRUNCATE", "MEMORY"]
    )
    func counting(way: String, mode: String) throws {
        let protection = try Protection("CREATE TABLE other(i);")
        try protection.watch()
        switch way {
        case Self.ways[0]: try protection.shell("touch new.db")
        case Self.ways[2]: try protection.shell("echo text > new.db; sync new.db")
        default: break
        }
        try protection.sync()
        if way == Self.ways[2] { try protection.shell(": > new.db") }
        let session = try SQLite3Session(protection.data + "/new.db")
        _ = try session.sql("PRAGMA journal_mode=\(mode); CREATE TABLE t(i);")
        for number in 1...120 { _ = try session.sql("INSERT INTO t VALUES(\(number));") }
        try protection.sync()
        let (commits, hasGap) = try counted(protection, "new.db")
        #expect(commits >= 120 || hasGap, "\(commits) of 121, \(way), \(mode)")
        // Somebody was watching: many of them are snapshots of their own, also where others want the
        // processors.
        let single = try protection.log().filter {
            $0.path?.hasSuffix("new.db") == true && $0.event == "commit"
        }
        if mode == "WAL" || mode == "DELETE" { #expect(single.count >= 30, "\(single.count)") }
        try session.close()
        try protection.expectCaptured(way)
    }

    @Test("a database that a program makes in another way is one from its first look on")
    func otherWays() throws {
        let protection = try Protection("CREATE TABLE t(i); INSERT INTO t VALUES(1);")
        try protection.watch()
        try SQLite3.sql(
            """
            ATTACH '\(protection.data)/attached.db' AS b; CREATE TABLE b.t(i); INSERT INTO b.t VALUES(1);
            VACUUM INTO '\(protection.data)/vacuumed.db';
            """,
            on: protection.database
        )
        try SQLite3.sql(".backup '\(protection.data)/saved.db'", on: protection.database)
        try protection.shell("cp a.db copied.db; cp a.db ../x; mv ../x moved.db")
        try protection.sync()
        let kinds = Dictionary(try protection.log().map { ($0.path ?? "", $0.kind ?? "") }) { $1 }
        for name in ["attached", "vacuumed", "saved", "copied", "moved"] {
            #expect(kinds["\(protection.data)/\(name).db"] == "database", "\(name)")
        }
        try protection.expectCaptured()
    }

    @Test(
        "one that is deleted milliseconds after it was made is not in the newest state",
        arguments: ["WAL", "DELETE"]
    )
    func deletedWhileNew(mode: String) throws {
        let protection = try Protection("")
        try protection.watch()
        for number in 0..<24 {
            let name = "\(protection.data)/s\(number).db"
            if number % 3 == 0 { try protection.shell("touch s\(number).db") }
            let session = try SQLite3Session(name)
            _ = try session.sql("PRAGMA journal_mode=\(mode); CREATE TABLE t(i); INSERT INTO t VALUES(1);")
            if number % 2 == 0 { try session.close() } else { session.kill() }
            try protection.shell(
                "rm -f s\(number).db s\(number).db-wal s\(number).db-shm s\(number).db-journal"
            )
        }
        try protection.sync()
        try protection.shell("echo last > last.txt")
        try protection.sync()
        #expect(try FileManager.default.contentsOfDirectory(atPath: protection.restoreAll()) == ["last.txt"])
    }
}
