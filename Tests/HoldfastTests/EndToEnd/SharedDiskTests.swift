import Foundation
import TestSupport
import Testing

/// Mounts are of the whole machine; so one after the other.
@Suite("A repository on the disk that it protects", .serialized)
struct SharedDiskTests {
    private static let words = "the repository is on the same disk"

    @Test("watch says it once of each root, and status as long as it runs")
    func same() throws {
        let protection = try Protection()
        let first = try protection.holdfast("watch", "--once", protection.data)
        #expect(first.stderr.split(separator: "\n").count { $0.contains(Self.words) } == 1, "\(first)")
        #expect(first.stderr.contains("holdfast: \(protection.data): \(Self.words)"), "\(first)")
        #expect(try !protection.holdfast("watch", "--once", protection.data).stderr.contains(Self.words))
        try protection.watch()
        let status = try protection.status(protection.data).stdout
        #expect(status.contains("\n  \(Self.words)"), "\(status)")
    }

    @Test("--quiet says nothing of it")
    func quiet() throws {
        let protection = try Protection()
        let watch = try protection.holdfast("watch", "--once", "--quiet", protection.data)
        #expect(!watch.stderr.contains(Self.words), "\(watch)")
    }

    @Test("on another disk, nobody says it", .enabled(if: SmallFileSystem.isAllowed, "mounting needs root"))
    func other() throws {
        let protection = try Protection()
        let disk = try SmallFileSystem(protection.folder.file("disk"), byteCount: 32 << 20, .tmpfs)
        defer { withExtendedLifetime(disk) {} }
        let environment = ["HOLDFAST_REPO": disk.path + "/repository"]
        let watcher = try HoldfastProgram.start(["watch", protection.data], environment: environment)
        try watcher.waitForError { $0.hasPrefix("ready") }
        let status = try HoldfastProgram.run(["status"], environment: environment)
        #expect(status.stdout.contains(": watching, ") && !status.stdout.contains(Self.words), "\(status)")
        try watcher.terminate()
        #expect(!watcher.stderr.contains(Self.words), "\(watcher.stderr)")
    }
}
