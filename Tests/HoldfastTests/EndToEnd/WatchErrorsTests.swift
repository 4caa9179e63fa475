import Foundation
import TestSupport
import Testing

@Suite("Errors of watch, sync and status", .serialized)
struct WatchErrorsTests {
    /// One line that begins with the program's name.
    private func expect(_ result: CommandResult, _ status: Int32, _ words: String..., line: Int = #line) {
        #expect(result.status == status, "\(result)")
        #expect(result.stdout == "")
        #expect(
            result.stderr.hasPrefix("holdfast: ") && result.stderr.split(separator: "\n").count == 1,
            "\(result)"
        )
        for word in words { #expect(result.stderr.contains(word), "\(result)") }
    }

    @Test("a path that is not there, or is no file")
    func paths() throws {
        let protection = try Protection()
        expect(
            try HoldfastProgram.run(["watch", "/nowhere"], environment: protection.environment),
            1,
            "/nowhere"
        )
        expect(
            try HoldfastProgram.run(["watch", "/dev/null"], environment: protection.environment),
            1,
            "/dev/null"
        )
    }

    @Test("wrong options")
    func usage() throws {
        let protection = try Protection()
        let wrong = [
            ["watch", "--debounce", "fast"], ["watch", "--nonsense"], ["snapshot", "--tag", "1x"],
            ["sync", "a", "b"],
        ]
        for arguments in wrong {
            expect(try HoldfastProgram.run(arguments, environment: protection.environment), 64)
        }
    }

    @Test("no repository, no such root")
    func notFound() throws {
        let protection = try Protection()
        for command in ["sync", "snapshot", "status", "log", "check"] {
            expect(try HoldfastProgram.run([command], environment: protection.environment), 10, "repository")
        }
        try protection.holdfast("watch", protection.data, "--once")
        for command in ["sync", "snapshot", "status", "log"] {
            expect(
                try HoldfastProgram.run([command, "/nowhere"], environment: protection.environment),
                10,
                "/nowhere"
            )
        }
    }

    @Test("a second watcher of the same root")
    func locked() throws {
        let protection = try Protection()
        try protection.watch()
        expect(try HoldfastProgram.run(["watch", protection.data], environment: protection.environment), 11)
        try protection.sync()
    }

    @Test("a repository that may not be written")
    func notWritable() throws {
        let protection = try Protection()
        try protection.holdfast("watch", protection.data, "--once")
        let repository = protection.folder.file("repository")
        _ = try Command.run("chmod", ["-R", "a-w", repository])
        defer { _ = try? Command.run("chmod", ["-R", "u+w", repository]) }
        expect(
            try HoldfastProgram.runWithoutPrivileges(
                ["watch", protection.data],
                environment: protection.environment
            ),
            1,
            "Permission denied"
        )
    }

    @Test("a database that may not be read is named, and the rest is protected")
    func notReadable() throws {
        let protection = try Protection()
        try Data("x".utf8).write(to: URL(fileURLWithPath: protection.data + "/secret"))
        _ = try Command.run("chmod", ["000", protection.data + "/secret"])
        let result = try HoldfastProgram.runWithoutPrivileges(
            ["watch", protection.data, "--once"],
            environment: protection.environment
        )
        #expect(result.status == 3, "\(result)")
        #expect(result.stderr.contains("secret: Permission denied"), "\(result)")
        #expect(try protection.snapshots().count == 1)
    }

}
