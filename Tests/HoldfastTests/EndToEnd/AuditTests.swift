import Foundation
import TestSupport
import Testing

@Suite("The audit", .serialized)
struct AuditTests {
    private struct Counters: Decodable {
        let audits: Int
        let audit_differences: Int
        let gaps: Int
    }

    @Test("finds and mends what no event, no length and no time told", arguments: ["delete", "wal"])
    func hiddenChange(mode: String) throws {
        let protection = try Protection(
            "PRAGMA journal_mode=\(mode); CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1, 'old');"
        )
        try protection.watch("--audit-interval", "1s")
        let before = try protection.sync()
        let watcher = try #require(protection.watcher)

        // Through another name outside of the watched directory, and the time of the change is taken back.
        // The watcher is held meanwhile, for in between its slow round would see the new time.
        watcher.signal(SIGSTOP)
        let otherName = protection.folder.file("other.db")
        let reference = protection.folder.file("reference")
        try FileManager.default.linkItem(atPath: protection.database, toPath: otherName)
        #expect(try Command.run("touch", ["-r", protection.database, reference]).status == 0)
        try SQLite3.sql("UPDATE t SET b = 'new';", on: otherName)
        #expect(try Command.run("touch", ["-r", reference, otherName]).status == 0)
        watcher.signal(SIGCONT)

        _ = try watcher.waitForError { $0.contains("this is a bug, please report it") }
        let after = try protection.sync()
        #expect(after > before)
        let last = try #require(protection.snapshots().last)
        #expect(last.digest == (try protection.liveDigest()))
        let old = try protection.restore("\(before)")
        #expect(try SQLite3.sql("SELECT b FROM t;", on: old) == "old\n")
        let status = try protection.status("--json").stdout
        let counters = try JSONDecoder().decode(Counters.self, from: Data(status.utf8))
        #expect(counters.audits >= 1)
        #expect(counters.audit_differences == 1)
        #expect(counters.gaps == 1)
        try protection.stop()
        try protection.check()
    }
}
