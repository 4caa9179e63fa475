import Foundation
import TestSupport
import Testing

/// Directories that are gone, outputs that cannot be, an environment that says nothing: one line, and no
/// crash.
@Suite struct NowhereTests {
    /// Runs it in a directory that is removed first.
    private func run(_ scene: Scene, _ arguments: String...) throws -> CommandResult {
        try run(scene, arguments: arguments)
    }

    private func run(_ scene: Scene, arguments: [String]) throws -> CommandResult {
        let gone = scene.directory.file("gone")
        try FileManager.default.createDirectory(atPath: gone, withIntermediateDirectories: true)
        return try Command.run(
            "/bin/sh",
            ["-c", "rmdir \"$0\"; exec \"$@\"", gone, HoldfastProgram.path] + arguments,
            environment: HoldfastProgram.environment(["HOLDFAST_REPO": scene.directory.file("repository")]),
            directory: gone
        )
    }

    @Test("where the working directory is gone, what does not need it works")
    func absolutePaths() throws {
        let scene = try Scene()
        for arguments in [[scene.database], []] {
            let log = try run(scene, "log", arguments.first ?? scene.data)
            #expect(log.status == 0 && log.stdout.contains("baseline"), "\(log)")
        }
        #expect(try run(scene, "log").stdout.contains("baseline"))
        for arguments in [["diff", "1", "2"], ["rows", "history", "t", "1"]] {
            let result = try run(scene, arguments: arguments)
            #expect(!result.stderr.contains("working directory"), "\(result)")
        }
        let restored = try run(scene, "restore", scene.database, "--at", "2", "--output", scene.output)
        #expect(restored.status == 0 && restored.stdout.contains("restored"), "\(restored)")
        let exported = try run(
            scene,
            "export",
            scene.database,
            "--format",
            "sql",
            "--output",
            scene.output + ".sql"
        )
        #expect(exported.status == 0, "\(exported)")
    }

    @Test("what needs it says so in one line")
    func relativePaths() throws {
        let scene = try Scene()
        let missing = try run(scene, "log", "app.db")
        #expect(missing.status == 1 && missing.isOneLineError, "\(missing)")
        #expect(
            missing.stderr.contains("working directory") && missing.stderr.contains("change to a directory")
        )
        for arguments in [
            ["restore", scene.database, "--output", "x.db"], ["export", "--format", "sql", "-o", "x/y"],
        ] {
            let result = try run(scene, arguments[0], arguments[1], arguments[2], arguments[3])
            #expect((1...64).contains(result.status) && result.isOneLineError, "\(result)")
        }
    }

    @Test(
        "where nothing can be made, nothing is tried again and again",
        arguments: ["/proc/x", "/proc/x/y/z.db"]
    )
    func unmakable(_ path: String) throws {
        let scene = try Scene()
        for arguments in [
            ["restore", scene.database, "--output", path], ["restore", scene.data, "--output", path],
            ["export", scene.database, "--format", "sql", "--output", path],
            ["watch", "--once", scene.data, "--repo", path],
        ] {
            let result = try scene.run(arguments)
            #expect(result.status == 1, "\(arguments) \(result)")
            let lines = result.stderr.split(separator: "\n").filter { !$0.contains("no watcher runs") }
            #expect(lines.count == 1 && lines[0].contains(" /proc/"), "\(arguments) \(result)")
        }
    }

    @Test("without HOME and without a repository, the option that says it is named")
    func noHome() throws {
        for command in [["log"], ["watch", "--once", "/tmp"], ["doctor"]] {
            let result = try HoldfastProgram.run(command, environment: ["HOME": ""])
            #expect(result.status == 64 && result.isOneLineError, "\(result)")
            #expect(result.stderr.contains("HOME is not set: say --repo DIR"), "\(result)")
        }
    }
}
