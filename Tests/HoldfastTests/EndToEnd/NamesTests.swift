import Foundation
import TestSupport
import Testing

/// Names as SQLite gives them to what it keeps beside a database, and names that are no text.
@Suite("Names of files", .serialized)
struct NamesTests {
    /// The restored root has these files as they are now.
    private func expectRestored(_ protection: Protection, _ names: [String], line: Int = #line) throws {
        let copy = try protection.restoreAll()
        for name in names {
            let restored = try? Data(contentsOf: URL(fileURLWithPath: copy + "/" + name))
            #expect(try restored == protection.live(name), "\(name), line \(line)")
        }
    }

    private static let script = """
        echo 'dear diary' > my-journal; echo w > great-wal; echo s > map-shm; echo n > notes.md
        mkdir sub; echo d > sub/my-journal; echo l > letter; echo j > letter-journal; echo 2 > letter-wal-wal
        sqlite3 trip-journal "CREATE TABLE t(v); INSERT INTO t VALUES(1)"
        touch diary todo; echo words > diary-journal; echo words > todo-wal
        """
    private static let names = [
        "my-journal", "great-wal", "map-shm", "notes.md", "sub/my-journal", "letter", "letter-journal",
        "letter-wal-wal", "trip-journal", "diary", "diary-journal", "todo", "todo-wal",
    ]

    @Test(
        "files that are called as sidecars are kept where no database is beside them",
        arguments: [true, false]
    )
    func likeSidecars(areThereBefore: Bool) throws {
        let protection = try Protection()
        if areThereBefore { try protection.shell(Self.script) }
        try protection.watch()
        if !areThereBefore { try protection.shell(Self.script) }
        try protection.sync()
        try expectRestored(protection, Self.names)
        try protection.shell("echo more >> my-journal; echo more >> letter-journal; echo more >> todo-wal")
        try protection.sync()
        try expectRestored(protection, Self.names)
        // A database of that name has sidecars of its own.
        try SQLite3.sql("INSERT INTO t VALUES(2)", on: protection.data + "/trip-journal")
        try protection.sync()
        #expect(try protection.log().last { $0.path?.hasSuffix("/trip-journal") == true }?.event == "commit")
        try protection.stop()
        try protection.watch()
        try expectRestored(protection, Self.names)
        try protection.expectInOrder()
        try protection.check()
    }

    @Test(
        "what SQLite keeps beside a database is not kept as a file",
        arguments: ["DELETE", "PERSIST", "WAL"]
    )
    func sidecars(mode: String) throws {
        let protection = try Protection("PRAGMA journal_mode=\(mode); CREATE TABLE t(v);")
        try protection.watch()
        try SQLite3.sql("INSERT INTO t VALUES(1)", on: protection.database)
        try SQLite3.sql("PRAGMA journal_mode=\(mode); CREATE TABLE t(v);", on: protection.data + "/new.db")
        try protection.sync()
        try protection.stop()
        try protection.watch()
        try protection.sync()
        let names = try Set(protection.log().compactMap(\.path)).map { $0.split(separator: "/").last! }
        #expect(Set(names) == ["a.db", "new.db"])
    }

    /// Closes the file at once, and goes on writing its log. Fails if it had to pause for so long that the
    /// two may be captured amid that.
    private static let busyWriter = """
        import os, sys, time
        began = last = time.monotonic()
        log = open("secret.db-wal", "wb", buffering=0)
        log.write(os.urandom(4096))
        open("secret.db", "wb").write(os.urandom(8192))
        amid, pause = False, 0
        while last - began < 1:
            log.seek(0); log.write(os.urandom(4096))
            now = time.monotonic()
            pause, last = max(pause, now - last), now
            if not amid and now - began > 0.5:
                amid = open("amid", "wb").write(b"what is captured before the two are")
        sys.exit(pause > 0.15)
        """

    @Test(
        "an encrypted database and its log are captured as they were together, whichever came first",
        arguments: [
            ["$file $log"], ["$log", "$file"], ["$file $log", "rm secret.db", "$file"],
            ["$file $log", "rm secret.db-wal", "$log"],
        ]
    )
    func encrypted(_ scripts: [String]) throws {
        let protection = try Protection("")
        func run(_ script: String) throws {
            let file = "head -c 8192 /dev/urandom > secret.db;"
            let log = "head -c 100 /dev/urandom > secret.db-wal;"
            try protection.shell(script.replacing("$file", with: file).replacing("$log", with: log))
        }
        try run(scripts[0])
        try protection.watch()
        for script in scripts.dropFirst() {
            try protection.sync()
            try run(script)
        }
        try expectRestored(protection, ["secret.db", "secret.db-wal"])
        var before = 0
        for attempt in 1...10 {
            before = try protection.log().count { $0.path?.hasSuffix(".db") == true }
            let result = try Command.run("python3", ["-c", Self.busyWriter], directory: protection.data)
            try protection.sync()
            if result.status == 0 { break }
            try #require(attempt < 10, "\(result)")
        }
        try expectRestored(protection, ["secret.db", "secret.db-wal"])
        let log = try protection.log()
        let file = try #require(log.last { $0.path?.hasSuffix(".db") == true }?.sequence)
        let wal = try #require(log.last { $0.path?.hasSuffix("-wal") == true }?.sequence)
        #expect(abs(file - wal) == 1, "\(log)")
        #expect(log.count { $0.path?.hasSuffix(".db") == true } == before + 1, "\(log)")
    }

    @Test("a large encrypted database and its log are captured as they were together")
    func largeEncrypted() throws {
        let protection = try Protection("")
        let script = { (file: Int, log: Int) in
            "head -c \(file) /dev/urandom > secret.db; head -c \(log) /dev/urandom > secret.db-wal"
        }
        try protection.shell(script(9_000_000, 90_000))
        try protection.watch()
        try protection.shell(script(8_000_000, 1_000))
        try protection.sync()
        try expectRestored(protection, ["secret.db", "secret.db-wal"])
        try protection.check()
    }

    @Test("the history of a log as a file ends when its file becomes a database")
    func becomesDatabase() throws {
        let protection = try Protection("")
        try protection.shell("echo text > x; echo log > x-wal")
        try protection.watch()
        try expectRestored(protection, ["x", "x-wal"])
        try protection.shell("rm x-wal x; sqlite3 x 'PRAGMA journal_mode=WAL; CREATE TABLE t(v)'")
        try protection.sync()
        try SQLite3.sql("INSERT INTO t VALUES(1)", on: protection.data + "/x")
        try protection.sync()
        let log = try protection.log()
        #expect(log.last { $0.path?.hasSuffix("/x-wal") == true }?.event == "deleted")
        #expect(log.last { $0.path?.hasSuffix("/x") == true }?.event == "commit")
        try protection.expectInOrder()
    }

    @Test("names that are no UTF-8 are listed, and can be given to commands")
    func bytes() throws {
        let protection = try Protection()
        try protection.shell(
            """
            sqlite3 "$(printf 'caf\\351.db')" 'CREATE TABLE t(v)'; mkdir "$(printf '\\377\\376')"
            echo deep > "$(printf '\\377\\376/f')"; echo other > "$(printf 'caf\\352.db')"
            """
        )
        try protection.watch()
        try protection.shell(
            """
            export HOLDFAST_REPO=$PWD/../repository; holdfast=\(HoldfastProgram.path)
            $holdfast log "$(printf 'caf\\351.db')" --json | grep '"kind":"database"'
            $holdfast restore "$(printf 'caf\\351.db')" --at latest --output "$(printf '../out\\377')"
            sqlite3 "$(printf '../out\\377')" 'SELECT * FROM t'
            $holdfast restore "$PWD/$(printf '\\377\\376/f')" --at latest --output=../f
            cmp ../f "$(printf '\\377\\376/f')"
            $holdfast watch "$(printf '../data/\\377\\376')" --once 2>&1 | grep 'protected as a whole'
            """
        )
    }
}
