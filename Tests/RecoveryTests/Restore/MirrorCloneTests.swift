import History
import LinuxSystem
import Recovery
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

/// Restores on a file system that clones files: the newest image is the mirror's clone.
@Suite(.enabled(if: SmallFileSystem.isAllowed(.btrfs))) struct MirrorCloneTests {
    private let directory: TemporaryDirectory
    private let fileSystem: SmallFileSystem
    private let recorded: RecordedRoot
    private let images: [[UInt8]]

    init() throws {
        directory = try TemporaryDirectory()
        fileSystem = try SmallFileSystem(directory.file("fs"), byteCount: 128 << 20, .btrfs)
        let folder = fileSystem.path
        try Directory.make(FilePath(folder + "/data"))
        recorded = try RecordedRoot(in: folder + "/repository", protecting: folder + "/data", .directory)
        images = (1...2).map { number in (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * number) } }
        for (index, image) in images.enumerated() {
            try recorded.record("a.bin", .plain, image, at: .unix(Int64(index)))
        }
        recorded.close()
    }

    @Test("the newest snapshot shares its content with the mirror, an older one does not")
    func clones() throws {
        #expect(try restore(2, to: "newest") == images[1])
        #expect(try isShared("newest"))
        #expect(try restore(1, to: "older") == images[0])
        #expect(try !isShared("older"))
    }

    @Test("a mirror that is not the snapshot's image is not taken")
    func isChecked() throws {
        let mirrors = FilePath(fileSystem.path).appending("repository/roots/\(recorded.root.id)/mirror")
        let mirror = try #require(try Directory.names(in: mirrors).first)
        try OpenFile(mirrors.appending(mirror), .update).write(unsafe [1, 2, 3].span.bytes, at: 5000)
        #expect(try restore(2, to: "newest") == images[1])
        #expect(try !isShared("newest"))
    }

    private func restore(_ sequence: UInt64, to name: String) throws -> [UInt8] {
        let index = try SnapshotIndex(recorded.root)
        let scope = try #require(index.scope(of: "a.bin"))
        let entry = try index.resolve(.sequence(sequence), in: scope, strictlyBefore: false, now: .now)
        let plan = try RestorePlan(index, file: entry, to: FilePath(fileSystem.path + "/" + name))
        try Restore(plan, isReplacing: false).run(onFile: { _ in }, onFailure: { throw $1 })
        return try directory.bytes(of: "fs/" + name)
    }

    private func isShared(_ name: String) throws -> Bool {
        let extents = try Command.run("filefrag", ["-v", fileSystem.path + "/" + name])
        guard extents.status == 0,
            extents.stdout.contains("extents") || extents.stdout.contains("extent found")
        else {
            throw CommandFailure(command: "filefrag", result: extents)
        }
        return extents.stdout.contains("shared")
    }
}
