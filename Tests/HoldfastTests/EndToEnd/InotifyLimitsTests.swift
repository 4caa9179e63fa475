import Foundation
import TestSupport
import Testing

@Suite("Limits of inotify", .serialized)
struct InotifyLimitsTests {
    private static let insert = "INSERT INTO t(b) VALUES(hex(randomblob(500)));"

    /// A user namespace has limits of its own, where the kernel lets us make one.
    private static let hasNamespaces: Bool = {
        let script = "echo 4 > /proc/sys/user/max_inotify_watches"
        let result = try? Command.run("unshare", ["--user", "--map-root-user", "sh", "-c", script])
        return result?.status == 0
    }()

    private func limit(_ name: String, to count: Int, _ protection: Protection) throws -> RunningProgram {
        let script = "echo \(count) > /proc/sys/user/\(name) && exec \"$0\" watch \"$1\""
        let program = try RunningProgram(
            "/usr/bin/unshare",
            ["--user", "--map-root-user", "sh", "-c", script, HoldfastProgram.path, protection.data],
            environment: HoldfastProgram.environment(protection.environment)
        )
        try program.waitForError { $0.hasPrefix("ready") }
        return program
    }

    @Test(
        "no more watches or instances: says so, and looks in turns",
        .enabled(if: hasNamespaces, "needs user namespaces"),
        arguments: [("max_inotify_watches", 4), ("max_inotify_instances", 1)]
    )
    func limits(name: String, count: Int) throws {
        let protection = try Protection()
        try protection.shell("for i in 1 2 3 4 5; do mkdir $i; cp a.db $i/b.db; echo $i > $i/note; done")
        let watcher = try limit(name, to: count, protection)
        let said = name.replacing("inotify", with: "user")
        let state = try protection.state()
        #expect(state.state == "degraded" && state.reason?.contains(said) == true, "\(state)")
        try protection.shell(
            "for i in 1 2 3 4 5; do echo more >> $i/note; mkdir $i/new; echo x > $i/new/x; done"
        )
        for number in 1...5 { try SQLite3.sql(Self.insert, on: protection.data + "/\(number)/b.db") }
        // No request, which would look at everything: the rounds alone must do.
        try protection.waitForLog { $0.filter { $0.path?.hasSuffix("/x") == true }.count == 5 }
        try protection.waitForLog { $0.filter { $0.path?.hasSuffix("/b.db") == true }.count == 10 }
        try protection.expectCaptured()
        #expect(try protection.state().rescans > 0)
        try watcher.terminate()
    }

    private static let queueLimit = "/proc/sys/fs/inotify/max_queued_events"

    @Test(
        "a queue that overflows: everything is looked at again, and the gap is recorded",
        .enabled(if: geteuid() == 0, "needs root")
    )
    func overflow() throws {
        let protection = try Protection()
        let before = try String(contentsOfFile: Self.queueLimit, encoding: .utf8)
        defer { try? before.write(toFile: Self.queueLimit, atomically: false, encoding: .utf8) }
        try "16".write(toFile: Self.queueLimit, atomically: false, encoding: .utf8)
        try protection.watch()
        let watcher = try #require(protection.watcher)
        // Stopped, so that nobody reads the queue.
        watcher.signal(SIGSTOP)
        try protection.shell("for i in $(seq 50); do echo $i > f-$i; done; mkdir d; echo x > d/x")
        for _ in 0..<5 { try SQLite3.sql(Self.insert, on: protection.database) }
        watcher.signal(SIGCONT)
        // No request: the overflow alone must do.
        try protection.waitForLog { lines in
            lines.contains { $0.path?.hasSuffix("d/x") == true }
                && lines.contains { $0.path == protection.database && $0.event == "scan" }
        }
        try protection.expectCaptured()
        try protection.expectInOrder()
        #expect(try protection.state().rescans > 0)
        let gaps = try protection.log().filter { $0.event == "gap" }
        #expect(gaps.count == 1 && gaps[0].reason?.contains("overflow") == true, "\(gaps)")
        // Journals are followed again, each as one commit.
        try SQLite3.sql(Self.insert, on: protection.database)
        try protection.sync()
        #expect(try protection.snapshots().last?.event == "commit")
    }

    @Test(
        "a file system that is changed from elsewhere (FUSE): says so, and looks in turns",
        .enabled(
            if: geteuid() == 0 && (try? Command.run("bindfs", ["--version"]))?.status == 0,
            "needs root and bindfs"
        )
    )
    func changedFromElsewhere() throws {
        let protection = try Protection("")
        // It goes on in the background, and must not keep what Foundation waits for the end of.
        let mount = "import os; os.closerange(3, 1024); os.execvp('bindfs', ['bindfs', 'source', 'data'])"
        try protection.shellBeside("mkdir source; echo one > source/note; python3 -c \"\(mount)\"")
        defer { try? protection.shellBeside("umount -l data") }
        let source = protection.folder.file("source/a.db")
        try SQLite3.sql("CREATE TABLE t(b);", on: source)
        try protection.watch()
        let state = try protection.state()
        #expect(state.state == "degraded" && state.reason?.contains("FUSE") == true, "\(state)")
        try SQLite3.sql(Self.insert, on: source)
        try protection.shellBeside("echo two > source/note; mkdir source/d; echo x > source/d/x")
        try protection.waitForLog { lines in
            lines.contains { $0.path?.hasSuffix("d/x") == true }
                && lines.filter { $0.path == protection.database }.count == 2
                && lines.filter { $0.path?.hasSuffix("note") == true }.count == 2
        }
        try protection.expectCaptured()
        try protection.stop()
    }
}
