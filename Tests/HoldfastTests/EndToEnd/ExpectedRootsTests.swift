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

        @discardableResult
        func holdfast(_ arguments: String..., expecting status: Int32 = 0) throws -> String {
            try protection.holdfast(arguments + ["--config", config], expecting: status).stdout
        }
    }

    @Test("one whose watcher was killed is not protected, until it is removed; after an end in order it may be")
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

        try setup.protection.watch()
        try setup.protection.stop()
        let stopped = try setup.holdfast("status")
        #expect(stopped.contains("\n\(data): no longer watched, last capture "), "\(stopped)")
    }
}
