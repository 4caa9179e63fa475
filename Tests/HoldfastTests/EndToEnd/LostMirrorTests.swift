import Foundation
import TestSupport
import Testing

@Suite("What stands in the place of a mirror", .serialized)
struct LostMirrorTests {
    /// How a name is taken from a mirror, as a shell script in the directory of the mirrors. `$m` is the
    /// mirror.
    private static let ways = [
        "rm $m; mkdir $m", "rm $m; mkdir $m; echo x > $m/x", "mv $m ../outside; ln -s ../outside $m",
        "rm $m; mkfifo $m", "rm $m; ln -s nowhere $m", "rm $m", "chmod 0 $m",
    ]

    private func scene() throws -> (Protection, other: String) {
        let protection = try Protection(
            "CREATE TABLE t(i INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES('old');"
        )
        let other = protection.data + "/other.db"
        try SQLite3.sql("CREATE TABLE t(i INTEGER PRIMARY KEY, b);", on: other)
        return (protection, other)
    }

    private func mirrors(_ protection: Protection, _ script: String) throws {
        let result = try Command.run(
            "sh",
            ["-ec", "cd \(protection.folder.file("repository"))/roots/*/mirror\n\(script)"]
        )
        #expect(result.status == 0, "\(result)")
    }

    @Test("at the start: it is rebuilt, and nothing is hindered", arguments: ways, ["1", "2"])
    func opening(_ way: String, number: String) throws {
        let (protection, other) = try scene()
        try protection.holdfast("watch", "--once", protection.data)
        try mirrors(protection, "m=\(number)\n\(way)")
        let outside = try? Data(
            contentsOf: URL(fileURLWithPath: protection.folder.file("repository/outside"))
        )
        for path in [protection.database, other] {
            try SQLite3.sql("INSERT INTO t(b) VALUES('new');", on: path)
        }
        try protection.watch()
        for path in [protection.database, other] {
            try SQLite3.sql("INSERT INTO t(b) VALUES('newer');", on: path)
        }
        try protection.expectCaptured()
        try protection.expectInOrder()
        try mirrors(protection, "test -f \(number) && ! test -L \(number)")
        if way.contains("echo x") { try mirrors(protection, "test $(cat \(number).aside-1/x) = x") }
        #expect(try protection.stop()?.status == 0)
        #expect(outside == nil)
    }

    @Test(
        "of a user who must keep to permissions: one of mode 0, at the start and while it runs",
        .enabled(if: geteuid() == 0, "becoming another user needs root")
    )
    func forbidden() throws {
        let (protection, other) = try scene()
        for number in 0..<30 { try protection.shell("echo \(number) > \(number)") }
        let user = ["--reuid=1234", "--regid=1234", "--clear-groups", "prlimit", "--nofile=96:96"]
        let watch = user + [HoldfastProgram.path, "watch", protection.data]
        let environment = HoldfastProgram.environment(protection.environment)
        try protection.shell("chown -R 1234:1234 ..")
        let first = try Command.run("setpriv", watch + ["--once"], environment: environment)
        #expect(first.status == 0, "\(first)")
        try mirrors(protection, "test $(stat -c %u 1) = 1234; chmod 0 1")
        let watcher = try RunningProgram("/usr/bin/setpriv", watch, environment: environment)
        defer { watcher.kill() }
        try watcher.waitForError { $0.hasPrefix("ready") }
        for number in ["1", "2"] {
            try mirrors(protection, "chmod 0 \(number)")
            for path in [protection.database, other] {
                try SQLite3.sql("INSERT INTO t(b) VALUES('new');", on: path)
            }
            // Enough others that no mirror stays open.
            for number in 0..<30 { try protection.shell("echo more >> \(number)") }
            try protection.expectCaptured()
            try protection.expectInOrder()
            // What could not be opened was made anew when it was needed.
            for path in [protection.database, other] {
                try SQLite3.sql("INSERT INTO t(b) VALUES('newer');", on: path)
            }
            try protection.expectCaptured()
            try mirrors(protection, "test $(stat -c %a 1) = 600 && test $(stat -c %a 2) = 600")
        }
        #expect(try watcher.terminate().status == 0)
    }

    @Test(
        "while it runs and has not the mirror open: that file is captured anew, the others go on",
        arguments: ways
    )
    func running(_ way: String) throws {
        let (protection, _) = try scene()
        // More files than mirrors are kept open; the first was written before all others.
        let watcher = try RunningProgram(
            "/usr/bin/prlimit",
            ["--nofile=96:96", HoldfastProgram.path, "watch", protection.data],
            environment: HoldfastProgram.environment(protection.environment)
        )
        defer { watcher.kill() }
        try watcher.waitForError { $0.hasPrefix("ready") }
        for number in 0..<30 { try protection.shell("echo \(number) > \(number)") }
        try protection.sync()
        try mirrors(protection, "m=1\n\(way)")
        try mirrors(protection, "m=2\n\(way.replacingOccurrences(of: "outside", with: "outside2"))")
        try SQLite3.sql("INSERT INTO t(b) VALUES('new');", on: protection.database)
        try protection.shell("echo more > 5; sqlite3 other.db \"INSERT INTO t(b) VALUES('new')\"")
        try protection.expectCaptured()
        try protection.expectInOrder()
        #expect(try watcher.terminate().status == 0)
    }
}
