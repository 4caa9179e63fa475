import Foundation
import TestSupport
import Testing

/// Below a root no symbolic link is followed, whenever it appears.
@Suite("Symbolic links below a root", .serialized)
struct LinksTests {
    private static let secret = "TOPSECRET"

    /// A protected directory with files, and a directory outside with the same names and a secret in each.
    private func protection() throws -> Protection {
        let protection = try Protection("CREATE TABLE t(v);")
        try protection.shell(
            """
            mkdir -p sub/deep ../out/deep; echo a > note; cp a.db sub/deep/b.db; echo b > sub/deep/note
            echo \(Self.secret) > ../out/note; cp ../out/note ../out/deep/note
            sqlite3 ../out/a.db "CREATE TABLE t(v); INSERT INTO t VALUES('\(Self.secret)')"
            cp ../out/a.db ../out/deep/b.db; cp ../out/a.db ../out/new.db
            """
        )
        return protection
    }

    /// Nothing in the repository, or in anything that it gives back, comes from outside.
    private func expectNoSecret(_ protection: Protection, line: Int = #line) throws {
        try protection.sync()
        for sequence in try protection.log().filter({ $0.event != "deleted" }).compactMap(\.sequence) {
            let copy = protection.folder.file("copy-\(sequence)")
            let restore = try HoldfastProgram.run(
                ["restore", protection.data, "--at", "\(sequence)", "--output", copy],
                environment: protection.environment
            )
            // Where files changed within one flush, of the root there is its end alone.
            if restore.status == 10, restore.stderr.contains("is a state of one file only") { continue }
            // At the first snapshots the other files had none yet.
            #expect([0, 3].contains(restore.status), "line \(line): \(restore)")
            let found = try Command.run("grep", ["-rl", Self.secret, copy])
            #expect(found.stdout == "", "line \(line)")
            try FileManager.default.removeItem(atPath: copy)
        }
    }

    @Test(
        "a file, a database, a log or a directory that becomes a link leads nowhere",
        arguments: [
            "rm note; ln -s ../out/note note", "ln -sfn $PWD/../out/a.db a.db",
            "mv sub/deep ../old; ln -s ../../out/deep sub/deep", "mv sub ../old; ln -s ../out sub",
            "ln -s ../out/note x; mv x note", "ln -s ../out new", "ln -s ../out/new.db new.db",
            "ln -s ../out/note a.db-wal", "ln -s ../out/a.db a.db-journal", "ln -s ../out/a.db trip-journal",
        ]
    )
    func becomesLink(script: String) throws {
        let protection = try protection()
        try protection.watch()
        try protection.shell(script)
        try expectNoSecret(protection)
        try protection.stop()
        // A later run finds the link when it lists.
        try protection.watch()
        try expectNoSecret(protection)
        try protection.check()
    }

    @Test("a directory that is exchanged for a link again and again gives nothing from outside")
    func race() throws {
        let protection = try protection()
        try protection.watch()
        try protection.shell(
            """
            mv sub/deep ../real; ln -s ../../out/deep ../link
            (set +e; for i in $(seq 400); do
                sqlite3 ../real/b.db "INSERT INTO t VALUES($i)"; echo $i > ../real/note
            done) 2> ../said &
            python3 - <<'END'
            import os
            for i in range(2000):
                os.rename("../real", "sub/deep")
                os.rename("sub/deep", "../real")
                os.rename("../link", "sub/deep")
                os.rename("sub/deep", "../link")
            END
            wait; mv ../real sub/deep
            """
        )
        try expectNoSecret(protection)
        try protection.expectCaptured()
    }

    @Test("a restore in place, of rows, and an undo do not write through a link", arguments: ["a.db", "sub"])
    func inPlace(name: String) throws {
        let protection = try protection()
        let database = protection.data + (name == "sub" ? "/sub/deep/b.db" : "/a.db")
        try SQLite3.sql(
            "CREATE TABLE r(i INTEGER PRIMARY KEY, v); INSERT INTO r VALUES(1, 'kept');",
            on: database
        )
        try protection.watch()
        try protection.holdfast("snapshot", protection.data, "--tag", "good")
        try SQLite3.sql("DELETE FROM r", on: database)
        try protection.holdfast("restore", database, "--at", "good", "--in-place")
        try SQLite3.sql("DELETE FROM r", on: database)
        try protection.sync()
        let target = name == "sub" ? "../out" : "../out/a.db"
        try protection.shell("cp -r ../out ../before; mv \(name) ../old; ln -s \(target) \(name)")
        for arguments in [
            ["restore", database, "--at", "good", "--in-place"], ["undo", database],
            ["rows", "restore", "r", "1", "--path", database, "--at", "good"],
        ] {
            let result = try HoldfastProgram.run(arguments, environment: protection.environment)
            #expect(result.status == 1 && result.stderr.contains("symbolic link"), "\(arguments): \(result)")
        }
        let difference = try Command.run("diff", ["-r", "../before", "../out"], directory: protection.data)
        #expect(difference.stdout == "")
    }

    @Test("commands beside somebody who exchanges directories for links all the time change nothing outside")
    func commandsBesideSwaps() throws {
        let protection = try protection()
        let database = protection.data + "/sub/deep/b.db"
        try SQLite3.sql(
            "CREATE TABLE r(i INTEGER PRIMARY KEY, v); INSERT INTO r VALUES(1, 'kept');",
            on: database
        )
        try protection.holdfast("watch", "--once", protection.data)
        try protection.holdfast("snapshot", protection.data, "--tag", "good")
        try protection.shell("ln -s $PWD/../out/deep ../link")
        let outside = {
            try Command.run(
                "find",
                ["out", "-printf", "%p %i %m %T@ %C@ %s\\n"],
                directory: protection.folder.path
            ).stdout
        }
        let before = try outside()
        // A directory, and all in it that is one, such as what a restore makes beside the file.
        let swapper = try RunningProgram(
            "/usr/bin/python3",
            [
                "-c",
                """
                import ctypes, os
                libc = ctypes.CDLL(None)
                def exchange(a, b): libc.renameat2(-100, a.encode(), -100, b.encode(), 2)
                parent = os.getppid()
                print("begun", flush=True)
                while os.getppid() == parent and not os.path.exists("../stop"):
                    for _ in range(2): exchange("sub/deep", "../link")
                    try: names = [n for n in os.listdir("sub/deep") if n.startswith(".holdfast")]
                    except OSError: continue
                    for name in names:
                        for _ in range(2): exchange("sub/deep/" + name, "../link")
                """,
            ],
            environment: [:],
            directory: protection.data
        )
        try swapper.waitForOutput { $0 == "begun" }
        var succeeded = 0
        var run = LongRun(rounds: 12)
        while run.next() {
            for arguments in [
                ["restore", database, "--at", "good", "--in-place", "--wait", "100ms"],
                ["rows", "restore", "r", "1", "--path", database, "--at", "good", "--wait", "100ms"],
                ["undo", database, "--wait", "100ms"],
                ["restore", protection.data, "--at", "good", "--in-place", "--wait", "100ms"],
                ["restore", protection.data + "/sub", "--at", "good", "--output", "sub", "--force"],
            ] {
                let result = try HoldfastProgram.run(
                    arguments,
                    environment: protection.environment,
                    directory: protection.data
                )
                succeeded += result.status == 0 ? 1 : 0
                try #require(try outside() == before, "round \(run.count), \(arguments): \(result)")
            }
        }
        try protection.shell("touch ../stop")
        #expect(try swapper.waitForEnd().status == 0)
        print("\(succeeded) commands succeeded beside swaps")
    }
}
