import Foundation
import TestSupport
import Testing

/// A file was gone, came back, and got a row that only its log has, for a reader keeps SQLite from putting it
/// in. An undo puts the file aside, and is killed at every call that gives or takes a name, one after the
/// other.
@Suite("An undo that is killed at each step", .serialized)
struct KilledUndoTests {
    private let protection: Protection

    init() throws {
        protection = try Protection(
            "PRAGMA journal_mode = WAL; CREATE TABLE t(v); INSERT INTO t VALUES('old');"
        )
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try protection.shell("rm a.db*")
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        try protection.holdfast("restore", protection.database, "--at", "1", "--in-place", "--quiet")
        try protection.shell("cp -a . ../saved; cp -a ../repository ../kept")
    }

    @Test("no name ever has a database without its log")
    func eachCall() throws {
        var kills = 0
        for call in ["rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat"] {
            kills += try killAtEach(call)
        }
        #expect(kills > 5)
    }

    /// Returns how often it was killed.
    private func killAtEach(_ call: String) throws -> Int {
        for number in 1... {
            try protection.shell("rm -rf * ../repository; cp -a ../saved/. .; cp -a ../kept ../repository")
            let reader = try SQLite3Session(protection.database)
            try reader.sql("BEGIN; SELECT * FROM t;")
            try SQLite3.sql("INSERT INTO t VALUES('late');", on: protection.database)
            let killed = try undo(under: [
                "-f", "-qq", "-o", protection.folder.file("trace"), "-e", "trace=\(call)",
                "-e", "inject=\(call):signal=KILL:when=\(number)",
            ])
            let place = "\(call) \(number)"
            try #require([0, 137].contains(killed.status), "\(place): \(killed)")
            let isGone = !FileManager.default.fileExists(atPath: protection.database)
            #expect(try rows(isGone ? "a.db.undone-*" : "a.db") == "old late ", "\(place)")
            if !isGone {
                let again = try undo(under: nil)
                #expect(again.status == 0, "\(place): \(again)")
                #expect(!FileManager.default.fileExists(atPath: protection.database), "\(place)")
                #expect(try rows("a.db.undone-*").hasSuffix("old late "), "\(place)")
            }
            reader.kill()
            if killed.status == 0 { return number - 1 }
        }
        return 0
    }

    private func undo(under strace: [String]?) throws -> CommandResult {
        let command = ["undo", protection.database, "--force", "--wait", "50ms"]
        guard let strace else { return try HoldfastProgram.run(command, environment: protection.environment) }
        return try Command.run(
            "/usr/bin/strace",
            strace + [HoldfastProgram.path] + command,
            environment: HoldfastProgram.environment(protection.environment)
        )
    }

    /// What the next program reads of the database that has such a name; nothing if none has. Read from a
    /// copy: SQLite would clear up.
    private func rows(_ pattern: String) throws -> String {
        let script = """
            rm -rf ../copy; cp -a . ../copy; cd ../copy
            for f in \(pattern); do
                case $f in *-wal | *-shm | *'*') continue;; esac
                [ ! -e "$f" ] || sqlite3 -batch -newline ' ' -init /dev/null "$f" 'SELECT v FROM t'
            done
            """
        let result = try Command.run("sh", ["-ec", script], directory: protection.data)
        guard result.status == 0 else { throw CommandFailure(command: script, result: result) }
        return result.stdout
    }
}
