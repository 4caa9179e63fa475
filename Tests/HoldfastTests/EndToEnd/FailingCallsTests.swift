import Foundation
import TestSupport
import Testing

/// A running watcher of which calls on one file fail: `strace(1)` has them fail in the kernel's place, on
/// that path alone.
@Suite("A watcher whose calls on one file fail")
struct FailingCallsTests {
    /// Which calls fail, with what, and when (`when=` in strace(1)).
    typealias Failure = (call: String, error: String, when: String)

    private static let failures: [Failure] = [
        ("openat2", "EMFILE", "1+"), ("openat2", "EIO", "1+2"), ("pread64", "EIO", "1+"),
        ("pread64", "ENOMEM", "2+3"), ("fstat,newfstatat", "EIO", "1+"), ("fcntl", "ENOLCK", "1+"),
    ]

    /// At any one call, from any one on, or each second or third.
    private static func anyFailure(_ random: inout SeededRandom) -> Failure {
        let calls = [
            ("openat2", ["EMFILE", "EIO", "EINTR", "EACCES", "ENOMEM"]),
            ("pread64", ["EIO", "EINTR", "ENOMEM"]),
            ("fstat,newfstatat", ["EIO", "ENOMEM"]), ("fcntl", ["ENOLCK", "EINTR", "EIO"]),
        ]
        let (call, errors) = calls.randomElement(using: &random)!
        let repeats = ["", "", "+", "+2", "+3"].randomElement(using: &random)!
        return (
            call, errors.randomElement(using: &random)!, "\(Int.random(in: 1...40, using: &random))\(repeats)"
        )
    }

    /// A file of the protected directory, what is written to it, and the path on which calls fail.
    enum Target: String, CaseIterable {
        case plain = "x.bin"
        case rollback = "r.db"
        case journal = "r.db-journal"
        case database = "w.db"
        case log = "w.db-wal"
        case index = "w.db-shm"
        /// Of programs that open the database for one commit each.
        case newLog = "s.db-wal"
        case newIndex = "s.db-shm"

        var file: String {
            rawValue.replacing("-wal", with: "").replacing("-shm", with: "").replacing("-journal", with: "")
        }
    }

    @Test("goes on, captures the others, says what hinders it, and converges", arguments: Target.allCases)
    func fails(_ target: Target) throws {
        let protection = try Protection("PRAGMA journal_mode=WAL; CREATE TABLE t(b);")
        let path = protection.data + "/" + target.file
        let isDatabase = target != .plain
        let mode = target == .rollback || target == .journal ? "DELETE" : "WAL"
        if isDatabase { try SQLite3.sql("PRAGMA journal_mode=\(mode); CREATE TABLE t(b);", on: path) }
        let isOpen = [.database, .log, .index].contains(target)
        let session = isOpen ? try SQLite3Session(path) : nil
        _ = try session?.sql("SELECT * FROM t;")
        let other = try SQLite3Session(protection.database)
        var writes = 0
        func write() throws {
            writes += 1
            _ = try other.sql("INSERT INTO t VALUES(\(writes));")
            let sql = "INSERT INTO t VALUES(randomblob(3000));"
            guard isDatabase else {
                return try Data(repeating: UInt8(writes), count: 5000 + writes)
                    .write(to: URL(fileURLWithPath: path))
            }
            if let session { _ = try session.sql(sql) } else { try SQLite3.sql(sql, on: path) }
        }
        try write()
        try protection.watch()
        let watcher = try #require(protection.watcher)
        var hindered = 0
        var run = FuzzRun("failing calls on \(target)", rounds: Self.failures.count)
        var rounds = 0
        while var random = run.next() {
            let failure = rounds < Self.failures.count ? Self.failures[rounds] : Self.anyFailure(&random)
            rounds += 1
            let what = "\(target) \(failure), \(random)"
            let calls = try FailingCalls(
                watcher,
                protection.data + "/" + target.rawValue,
                failure,
                protection.folder
            )
            for _ in 0..<2 { try write() }
            // What hinders one file holds up no answer; nothing is called durable that is not.
            let answer = try HoldfastProgram.run(
                ["sync", protection.data, "--timeout", "20s"],
                environment: protection.environment
            )
            #expect(answer.status == 0 || answer.status == 3, "\(what): \(answer)")
            if answer.status == 3 {
                hindered += 1
                #expect(answer.stderr.contains("/" + target.file), "\(what): \(answer)")
                #expect(try protection.state().reason != nil, "\(what)")
            }
            #expect(watcher.isRunning, "\(what)")
            let commits = try protection.snapshots().count { $0.event == "commit" }
            #expect(commits == writes - 1, "\(what): \(commits) of \(writes - 1)")
            calls.end()
            try protection.sync()
            try protection.expectInOrder(what)
        }
        #expect(hindered > 0 || target == .newIndex, "no failure of \(target) was met")
        try session?.close()
        try other.close()
        try protection.expectCaptured("\(target)")
        #expect(try protection.stop()?.status == 0)
    }

    @Test("a file that appears while nobody can tell what it is is named, and captured once that can be told")
    func unseenFile() throws {
        let protection = try Protection()
        try protection.watch()
        let path = protection.data + "/new.bin"
        let calls = try FailingCalls(
            #require(protection.watcher),
            path,
            ("openat2", "ENFILE", "1+"),
            protection.folder
        )
        try protection.shell("echo new > new.bin")
        let answer = try protection.holdfast("sync", protection.data, expecting: 3)
        #expect(answer.stderr.contains("new.bin"), "\(answer)")
        #expect(try protection.state().reason?.contains("new.bin") == true)
        calls.end()
        try protection.expectCaptured()
        try protection.expectInOrder()
        #expect(try protection.log().contains { $0.path == path })
    }
}

/// Calls on one path that fail in a running program, until it is told to end that.
private final class FailingCalls {
    private let strace: RunningProgram

    init(
        _ program: RunningProgram,
        _ path: String,
        _ failure: FailingCallsTests.Failure,
        _ folder: TemporaryDirectory
    ) throws {
        let (call, error, when) = failure
        strace = try RunningProgram(
            "/usr/bin/env",
            [
                "strace", "-f", "-o", folder.file("calls"), "-p", "\(program.processID)", "-P", path,
                "-e", "trace=\(call)", "-e", "inject=\(call):error=\(error):when=\(when)",
            ],
            environment: ProcessInfo.processInfo.environment
        )
        // All threads are stopped once by then.
        try strace.waitForError(timeout: .seconds(20)) { $0.contains("attached with") }
    }

    /// The kernel lets go of a program whose tracer has ended.
    func end() { strace.kill() }
}
