import Foundation
import TestSupport
import Testing

/// A repository with more roots than the configuration names.
@Suite("Roots that the configuration does not name", .serialized)
struct ExpectedRootsTests {
    /// A watcher of a configuration that names `notes`, on the repository of other roots.
    private final class Setup {
        let protection: Protection
        let notes: String
        let config: String
        private let watcher: RunningProgram

        init() throws {
            protection = try Protection()
            notes = protection.folder.file("notes")
            try FileManager.default.createDirectory(atPath: notes, withIntermediateDirectories: false)
            let text = "roots: [{path: \(notes)}]\n"
            config = try protection.folder.write(Array(text.utf8), to: "config.yaml")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: config)
            watcher = try HoldfastProgram.start(
                ["watch", "--config", config],
                environment: protection.environment
            )
            try watcher.waitForError { $0.hasPrefix("ready: \(notes)") }
        }

        deinit { watcher.kill() }

        /// Where roots answer.
        func sockets() throws -> Set<String> {
            let repository = protection.folder.file("repository")
            let names = try FileManager.default.subpathsOfDirectory(atPath: repository)
            return Set(names.filter { $0.hasSuffix("/control.sock") }.map { "\(repository)/\($0)" })
        }

        @discardableResult
        func holdfast(_ arguments: String..., expecting status: Int32 = 0) throws -> String {
            try protection.holdfast(arguments + ["--config", config], expecting: status).stdout
        }
    }

    @Test("one whose watcher was killed is not protected, until it is removed")
    func killed() throws {
        let setup = try Setup()
        let data = setup.protection.data
        try setup.protection.watch()
        #expect(try setup.holdfast("status").hasPrefix("protected: "))
        setup.protection.kill()
        let killed = try setup.holdfast("status", expecting: 1)
        #expect(killed.hasPrefix("NOT PROTECTED: \(data): no watcher runs; last capture "), "\(killed)")
        #expect(try setup.holdfast("metrics").contains("holdfast_protected{root=\"\(data)\"} 0\n"))
        try setup.holdfast("remove", data)
        let removed = try setup.holdfast("status")
        #expect(removed.contains("\n\(data): no longer watched, last capture "), "\(removed)")
        try setup.holdfast("remove", data, expecting: 10)

        // One that ends in order was told to.
        try setup.protection.watch()
        try setup.protection.stop()
        let stopped = try setup.holdfast("status")
        #expect(stopped.contains("\n\(data): no longer watched, last capture "), "\(stopped)")
    }

    @Test("one that a watcher waits for is not protected, whether it was captured before or not")
    func awaited() throws {
        let setup = try Setup()
        let (data, later) = (setup.protection.data, setup.protection.folder.file("later"))
        try setup.protection.watch()
        try setup.protection.stop()
        try FileManager.default.removeItem(atPath: data)
        let sockets = try setup.sockets()
        let watcher = try setup.protection.startWatching([later, "--wait-for-root"])
        for root in [data, later] {
            try watcher.waitForError { $0.contains("\(root) cannot be protected: ") }
        }
        func expectBoth() throws {
            let status = try setup.holdfast("status", expecting: 1)
            for root in [data, later] { #expect(status.contains("NOT PROTECTED: \(root)"), "\(status)") }
            #expect(!status.contains("no longer watched"), "\(status)")
        }
        try expectBoth()
        // Without the socket at which the root answers, only the watcher as a whole tells of it.
        try wait(for: "the root's socket") { try setup.sockets().count == 2 }
        for socket in try setup.sockets().subtracting(sockets) {
            try FileManager.default.removeItem(atPath: socket)
        }
        try expectBoth()
    }

    @Test("a configuration says nothing of one that --repo names, without its roots and watchers")
    func otherRepository() throws {
        let setup = try Setup()
        let (other, data) = (setup.protection.folder.file("other"), setup.protection.data)
        try setup.holdfast("watch", "--once", data, "--repo", other)
        let status = try setup.holdfast("status", "--repo", other, expecting: 1)
        #expect(status.hasPrefix("NOT PROTECTED: no watcher runs"), "\(status)")
        #expect(!status.contains(setup.notes), "\(status)")
        let watcher = try HoldfastProgram.start(["watch", data, "--repo", other])
        defer { watcher.kill() }
        try watcher.waitForError { $0.hasPrefix("ready") }
        #expect(try setup.holdfast("status", "--repo", other).hasPrefix("protected: "))
        #expect(try !setup.holdfast("metrics", "--repo", other).contains(setup.notes))
        // One of the configuration that protects something else.
        #expect(try watcher.terminate().status == 0)
        let own = try HoldfastProgram.start(["watch", data, "--repo", other, "--config", setup.config])
        defer { own.kill() }
        try own.waitForError { $0.hasPrefix("ready") }
        let expecting = try setup.holdfast("status", "--repo", other, expecting: 1)
        #expect(expecting.hasPrefix("NOT PROTECTED: \(setup.notes): no watcher protects it"), "\(expecting)")
    }
}
