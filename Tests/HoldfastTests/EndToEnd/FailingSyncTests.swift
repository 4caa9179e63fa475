import Foundation
import TestSupport
import Testing

/// A running watcher whose fsync(2) fails: `strace(1)` has the call fail in the kernel's place, which forgets
/// then what was not written.
@Suite("A watcher whose repository cannot be synchronised")
struct FailingSyncTests {
    /// What the call fails with, and when (`when=` in strace(1)).
    private static let failures = [("EIO", "1"), ("ENOSPC", "2"), ("EDQUOT", "3"), ("EINTR", "1+2")]

    @Test("writes again, to another file, what was not written, and loses nothing", arguments: failures)
    func segments(_ error: String, _ when: String) throws {
        let protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(i INTEGER PRIMARY KEY, b);")
        try protection.watch()
        let session = try SQLite3Session(protection.database)
        var writes = 0
        for call in ["fdatasync", "fsync"] {
            let watcher = try #require(protection.watcher)
            let strace = try failing(call, error, when, of: watcher, protection)
            for _ in 0..<4 {
                writes += 1
                try session.sql("INSERT INTO t VALUES(\(writes), randomblob(3000));")
                try protection.sync()
            }
            strace.kill()
            // What is behind the last sound byte of a segment means nothing.
            try protection.check()
        }
        try protection.sync()
        #expect(try protection.snapshots().count { $0.event == "commit" } == writes)
        // Each failure began another segment or file.
        let list = "ls \(protection.folder.file("repository"))/roots/*/segments | wc -l"
        let segments = try Command.run("sh", ["-c", list]).stdout
        #expect(Int(segments.trimmingCharacters(in: .whitespacesAndNewlines))! > 1, "\(segments)")
        try session.close()
        try protection.expectCaptured(error)
        try protection.expectInOrder(error)
        #expect(try protection.stop()?.status == 0)
    }

    @Test("a base image that was not written is made anew", arguments: failures.prefix(2))
    func base(_ error: String, _ when: String) throws {
        let protection = try Protection()
        try protection.watch()
        let watcher = try #require(protection.watcher)
        let strace = try failing("fsync", error, when, of: watcher, protection)
        try protection.shell("head -c 9000000 /dev/urandom > large; sqlite3 big.db 'CREATE TABLE t(b)'")
        try SQLite3.sql("INSERT INTO t VALUES(zeroblob(9000000));", on: protection.data + "/big.db")
        try protection.sync()
        strace.kill()
        try protection.expectCaptured("\(error) \(when)")
        try protection.expectInOrder("\(error) \(when)")
        #expect(try protection.stop()?.status == 0)
    }

    private func failing(
        _ call: String,
        _ error: String,
        _ when: String,
        of program: RunningProgram,
        _ protection: Protection
    ) throws -> RunningProgram {
        let strace = try RunningProgram(
            "/usr/bin/env",
            [
                "strace", "-f", "-o", protection.folder.file("calls"), "-p", "\(program.processID)",
                "-e", "trace=\(call)", "-e", "inject=\(call):error=\(error):when=\(when)",
            ],
            environment: ProcessInfo.processInfo.environment
        )
        try strace.waitForError(timeout: .seconds(20)) { $0.contains("attached with") }
        return strace
    }
}
