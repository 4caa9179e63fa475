import Foundation
import LinuxSystem
import RepositoryFormat
import SystemPackage
import TestSupport
import Testing

/// Restores that are ended in the midst of it.
@Suite struct InterruptionTests {
    /// 4 MiB, which is several chunks and not over at once.
    private static let size = 4 << 20

    private static func scene() throws -> (TemporaryDirectory, [UInt8]) {
        let directory = try TemporaryDirectory()
        var random = SeededRandom(seed: 1)
        var image = random.bytes(64 << 10)
        while image.count < size { image += image }
        let recorded = try RecordedRoot(
            in: directory.file("repository"),
            protecting: directory.write([], to: "big.bin"),
            .file
        )
        try recorded.record("big.bin", .plain, image, .baseline, at: Scene.at(0))
        return (directory, image)
    }

    /// Starts a restore and sends a signal as soon as so many bytes of the image are there, wherever that is.
    /// Returns what came of it.
    private static func interrupt(
        _ directory: TemporaryDirectory,
        with signal: Int32,
        atBytes limit: UInt64
    ) throws -> CommandResult {
        let program = try HoldfastProgram.start(
            ["restore", "big.bin", "--output", "target/out"],
            environment: ["HOLDFAST_REPO": directory.file("repository")],
            directory: directory.path
        )
        let target = FilePath(directory.file("target"))
        while program.isRunning {
            let names = try Directory.names(in: target)
            let files = names.flatMap { name in
                let path = target.appending(name)
                return [path] + ((try? Directory.names(in: path)) ?? []).map { path.appending($0) }
            }
            let isThere = files.contains { path in
                guard let status = FileStatus.ifPresent(path) else { return false }
                return status.kind == .regular ? status.sizeBytes >= limit : limit == 0
            }
            if isThere { break }
        }
        program.signal(signal)
        return try program.waitForEnd()
    }

    @Test(
        "leaves nothing or all at the destination, and nothing else after SIGINT and SIGTERM",
        arguments: [SIGKILL, SIGINT, SIGTERM]
    )
    func anyMoment(_ signal: Int32) throws {
        let (directory, image) = try Self.scene()
        let manager = FileManager.default
        var ends = 0
        for step in 0...4 {
            try manager.createDirectory(atPath: directory.file("target"), withIntermediateDirectories: true)
            defer { try? manager.removeItem(atPath: directory.file("target")) }
            let limit = UInt64(step) * UInt64(Self.size) / 4
            let result = try Self.interrupt(directory, with: signal, atBytes: limit)
            let names = try manager.contentsOfDirectory(atPath: directory.file("target"))
            if directory.exists("target/out") {
                #expect(try directory.bytes(of: "target/out") == image)
            } else {
                ends += 1
                #expect(result.status == (signal == SIGKILL ? 128 + SIGKILL : 130))
            }
            guard signal != SIGKILL else { continue }
            #expect(names == [] || names == ["out"])
            if result.status == 130 {
                #expect(result.stderr == "holdfast: interrupted: what was not finished was removed\n")
            }
        }
        #expect(ends > 0)
    }
}
