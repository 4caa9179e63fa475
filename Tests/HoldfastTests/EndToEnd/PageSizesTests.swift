import Foundation
import TestSupport
import Testing

@Suite("Databases of other page sizes", .serialized)
struct PageSizesTests {
    /// What SQLite reads of the live database, and of the newest snapshot.
    private func expectSameRows(_ protection: Protection, line: Int = #line) throws {
        let copy = protection.folder.file("copy-\(line)-\(UUID().uuidString).db")
        try protection.holdfast("restore", protection.database, "--at", "latest", "--output", copy)
        let live = try SQLite3.sql("SELECT count(*), sum(i) FROM t;", on: protection.database)
        #expect(try SQLite3.sql("SELECT count(*), sum(i) FROM t;", on: copy) == live, "line \(line)")
    }

    @Test(
        "a log of another page size comes beside a database, while it is watched and before",
        arguments: [(1024, 4096), (4096, 1024), (512, 65536), (65536, 512)]
    )
    func foreignLog(own: Int, other: Int) throws {
        let protection = try Protection(
            "PRAGMA page_size=\(own); PRAGMA journal_mode=WAL; CREATE TABLE t(i); INSERT INTO t VALUES(1);"
        )
        let quiet = protection.data + "/quiet.db"
        try SQLite3.sql("CREATE TABLE t(i);", on: quiet)
        let source = protection.folder.file("other.db")
        let session = try SQLite3Session(source)
        _ = try session.sql(
            "PRAGMA page_size=\(other); PRAGMA journal_mode=WAL; CREATE TABLE t(i); INSERT INTO t VALUES(2);"
        )
        session.kill()
        try protection.watch()
        try protection.shell("cp ../other.db-wal a.db-wal")
        try protection.sync()
        try SQLite3.sql("INSERT INTO t VALUES(1);", on: quiet)
        try protection.sync()
        let rows = protection.folder.file("rows.db")
        try protection.holdfast("restore", protection.database, "--at", "latest", "--output", rows)
        #expect(try SQLite3.sql("SELECT i FROM t;", on: rows) == "2\n")
        try protection.stop()
        try protection.holdfast("watch", protection.data, "--once")
        #expect(try SQLite3.sql("SELECT i FROM t;", on: protection.database) == "2\n")
        try protection.watch()
        try protection.sync()
        try expectSameRows(protection)
        try protection.check()
    }

    @Test("a database is removed and made anew with each page size, in both modes, beside busy processes")
    func madeAnew() throws {
        let protection = try Protection("")
        try protection.watch()
        let busy = try (0..<2).map { _ in
            try RunningProgram("/bin/sh", ["-c", "while :; do :; done"], environment: [:])
        }
        defer { for program in busy { program.kill() } }
        for mode in ["WAL", "DELETE", "WAL", "TRUNCATE"] {
            for size in [512, 65536, 1024, 32768, 2048, 16384, 4096, 8192] {
                try protection.shell("rm -f a.db a.db-wal a.db-shm a.db-journal")
                try SQLite3.sql(
                    """
                    PRAGMA page_size=\(size); PRAGMA journal_mode=\(mode); CREATE TABLE t(i);
                    INSERT INTO t VALUES(1); INSERT INTO t VALUES(2); INSERT INTO t VALUES(\(size));
                    """,
                    on: protection.database
                )
            }
        }
        try protection.sync()
        try expectSameRows(protection)
        // VACUUM changes it in place.
        for (size, mode) in [(1024, "DELETE"), (65536, "WAL"), (512, "PERSIST")] {
            try SQLite3.sql(
                "PRAGMA journal_mode=DELETE; PRAGMA page_size=\(size); VACUUM; PRAGMA journal_mode=\(mode);",
                on: protection.database
            )
            try protection.sync()
            try expectSameRows(protection)
        }
        try protection.check()
    }
}
