import LinuxSystem
import TestSupport
import Testing

@testable import holdfast

@Suite struct TarArchiveTests {
    @Test("tar lists and unpacks it: names, sizes, mode, time, and no user")
    func unpacked() throws {
        let folder = try TemporaryDirectory()
        var archive = TarArchive(time: Scene.at(0))
        let texts = [
            ("a/empty.txt", ""), ("a/one.txt", "é\n"), ("a/block.txt", String(repeating: "x", count: 512)),
        ]
        for (name, text) in texts { archive.add(name, Array(text.utf8)) }
        try folder.write(archive.bytes, to: "a.tar")
        let list = try Command.run(
            "tar",
            ["--utc", "--full-time", "--numeric-owner", "-tvf", folder.file("a.tar")]
        )
        #expect(list.status == 0 && list.stderr == "", "\(list)")
        let lines = list.stdout.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(
            lines == [
                "-rw------- 0/0 0 2026-01-29 12:00:00 a/empty.txt",
                "-rw------- 0/0 3 2026-01-29 12:00:00 a/one.txt",
                "-rw------- 0/0 512 2026-01-29 12:00:00 a/block.txt",
            ]
        )
        _ = try Command.run("tar", ["-xf", folder.file("a.tar"), "-C", folder.path])
        for (name, text) in texts { #expect(try folder.bytes(of: name) == Array(text.utf8)) }
    }
}
