import Foundation
import TestSupport
import Testing

/// What the watcher tells its service manager (`sd_notify(3)`).
@Suite("Beside a service manager", .serialized)
struct ServiceManagerTests {
    private func start(
        _ protection: Protection,
        _ arguments: [String],
        _ environment: [String: String]
    ) throws -> RunningProgram {
        try HoldfastProgram.start(
            ["watch"] + arguments,
            environment: protection.environment.merging(environment) { $1 }
        )
    }

    @Test("it tells what it does, that it is ready, reloads and stops")
    func notices() throws {
        let protection = try Protection()
        let manager = try ManagerSocket(in: protection.folder)
        let configuration = try protection.folder.write(
            Array("roots: [{path: \(protection.data)}]\n".utf8),
            to: "config.yaml"
        )
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: configuration)
        let watcher = try start(
            protection,
            ["--config", configuration],
            ["NOTIFY_SOCKET": manager.path]
        )
        defer { watcher.kill() }
        try manager.wait(for: "STATUS=protecting 0 of 1 root; 1 being captured for the first time")
        try manager.wait(for: "STATUS=protecting 1 root")
        try manager.wait(for: "READY=1")
        watcher.signal(SIGHUP)
        try manager.wait(for: "RELOADING=1")
        try manager.wait(for: "READY=1")
        watcher.signal(SIGTERM)
        try manager.wait(for: "STOPPING=1")
        #expect(try watcher.waitForEnd().status == 0)
    }

    @Test("a watcher that waits for its only root is ready all the same, and tells what it waits for")
    func waiting() throws {
        let protection = try Protection()
        let manager = try ManagerSocket(in: protection.folder)
        let missing = protection.folder.file("later")
        let watcher = try start(
            protection,
            [missing, "--wait-for-root"],
            ["NOTIFY_SOCKET": manager.path]
        )
        defer { watcher.kill() }
        try manager.wait(for: "STATUS=protecting 0 of 1 root; \(missing): ")
        try manager.wait(for: "READY=1")
        try FileManager.default.createDirectory(atPath: missing, withIntermediateDirectories: false)
        try manager.wait(for: "STATUS=protecting 1 root")
        #expect(try watcher.terminate().status == 0)
    }

    @Test("the watchdog hears nothing while a thread hangs, and hears it again afterwards")
    func watchdog() throws {
        let protection = try Protection()
        let manager = try ManagerSocket(in: protection.folder)
        // A file system in the hands of a process that can be stopped.
        let source = protection.folder.file("source")
        try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: false)
        try SQLite3.sql("CREATE TABLE t(a);", on: source + "/a.db")
        let mount = protection.folder.file("mount")
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: false)
        let bindfs = try RunningProgram(
            "/usr/bin/bindfs",
            ["-f", source, mount],
            environment: HoldfastProgram.environment()
        )
        defer {
            bindfs.signal(SIGCONT)
            _ = try? Command.run("fusermount", ["-u", "-z", mount])
            bindfs.kill()
        }
        try wait(for: "the mount") { FileManager.default.fileExists(atPath: mount + "/a.db") }
        let watcher = try start(
            protection,
            [mount],
            ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "1000000"]
        )
        defer { watcher.kill() }
        try watcher.waitForError { $0.hasPrefix("ready") }
        for _ in 0..<3 { try manager.wait(for: "WATCHDOG=1") }
        bindfs.signal(SIGSTOP)
        // The request has it look at the file, which does not answer.
        let sync = try HoldfastProgram.start(
            ["sync", mount, "--timeout", "1s"],
            environment: protection.environment
        )
        #expect(try sync.waitForEnd().status != 0)
        while manager.next(within: .seconds(2)) != nil {}
        bindfs.signal(SIGCONT)
        try manager.wait(for: "WATCHDOG=1")
    }
}
