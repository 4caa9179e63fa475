import Foundation
import TestSupport
import Testing

/// What the packages have beside the program: `scripts/try-package` tries them as a whole.
@Suite("The packages")
struct PackagingTests {
    private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../packaging").standardizedFileURL.path

    private static let unit = "lib/systemd/system/holdfast.service"

    /// Makes what the archive has: the program, the unit, and a page of documentation.
    /// - Parameter file: one more, below share/doc/holdfast.
    private func unpackedArchive(
        _ name: String,
        with file: String,
        in folder: TemporaryDirectory
    ) throws -> String {
        try succeed(
            "sh",
            [
                "-ec",
                """
                mkdir -p "$1/bin" "$1/lib/systemd/system" "$1/share/doc/holdfast"
                cp "$2" "$1/bin/holdfast"
                cp "$3/install.sh" "$1"
                echo ExecStart=/usr/bin/holdfast watch >"$1/\(Self.unit)"
                echo page >"$1/share/doc/holdfast/page"
                echo "$4" >"$1/share/doc/holdfast/$4"
                """, "sh", folder.file(name), HoldfastProgram.path, Self.directory, file,
            ]
        )
        return folder.file("\(name)/install.sh")
    }

    private func succeed(_ executable: String, _ arguments: [String]) throws {
        let result = try Command.run(executable, arguments)
        guard result.status == 0 else {
            throw CommandFailure(command: "\(executable) \(arguments)", result: result)
        }
    }

    private func everything(below prefix: String) -> [String] {
        (FileManager.default.enumerator(atPath: prefix)?.allObjects as? [String] ?? []).sorted()
    }

    @Test("have an example of a configuration that is right")
    func example() throws {
        try withTemporaryDirectory { folder in
            let path = folder.file("config.yaml")
            try succeed("install", ["-m", "600", "\(Self.directory)/config.yaml", path])
            let result = try HoldfastProgram.run(["config", "check", "--config", path])
            #expect(result.status == 0 && result.stderr.contains("is right: 1 root"), "\(result)")
        }
    }

    @Test("install.sh installs below a prefix, upgrades, and removes nothing but what it installed")
    func installed() throws {
        try withTemporaryDirectory { folder in
            let prefix = folder.file("prefix")
            try FileManager.default.createDirectory(
                atPath: "\(prefix)/share/doc",
                withIntermediateDirectories: true
            )
            try folder.write([], to: "prefix/share/doc/other")
            let before = everything(below: prefix)

            try succeed(unpackedArchive("1", with: "old", in: folder), [prefix])
            #expect(try Command.run("\(prefix)/bin/holdfast", ["version"]).status == 0)
            let unit = try String(decoding: folder.bytes(of: "prefix/\(Self.unit)"), as: UTF8.self)
            #expect(unit == "ExecStart=\(prefix)/bin/holdfast watch\n")

            try succeed(unpackedArchive("2", with: "new", in: folder), [prefix])
            let documentation = everything(below: "\(prefix)/share/doc/holdfast")
            #expect(documentation == ["new", "page"])

            try succeed("\(prefix)/share/holdfast/install.sh", ["--uninstall", prefix])
            #expect(everything(below: prefix) == before)
        }
    }

    @Test("install.sh replaces a program that runs")
    func running() throws {
        try withTemporaryDirectory { folder in
            let prefix = folder.file("prefix")
            try succeed(unpackedArchive("1", with: "old", in: folder), [prefix])
            let program = try RunningProgram(
                "\(prefix)/bin/holdfast",
                ["watch", "--wait-for-root", folder.file("root"), "--repo", folder.file("repository")],
                environment: HoldfastProgram.environment()
            )
            // Linux refuses to write into a program that runs.
            try succeed(unpackedArchive("2", with: "new", in: folder), [prefix])
            withExtendedLifetime(program) {}
        }
    }

    @Test(
        "install.sh refuses a prefix that is relative, or that systemd cannot be given",
        arguments: ["local", "/a b", "/50%"]
    )
    func refused(_ prefix: String) throws {
        try withTemporaryDirectory { folder in
            let result = try Command.run(unpackedArchive("1", with: "old", in: folder), [prefix])
            #expect(result.status == 1 && result.stderr.hasPrefix("install.sh: "), "\(result)")
        }
    }
}
