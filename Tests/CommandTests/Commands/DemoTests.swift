import Foundation
import TestSupport
import Testing

@Suite struct DemoTests {
    /// An empty directory for temporary files, and what the demo is told of it.
    private static func place() throws -> (TemporaryDirectory, [String: String]) {
        let directory = try TemporaryDirectory()
        return (directory, ["TMPDIR": directory.path])
    }

    private static func isEmpty(_ directory: TemporaryDirectory) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty
    }

    /// The programs that work in the directory, by their numbers.
    private static func programs(in directory: TemporaryDirectory) throws -> [String] {
        let manager = FileManager.default
        return try manager.contentsOfDirectory(atPath: "/proc").filter { name in
            guard Int(name) != nil else { return false }
            let place = try? manager.destinationOfSymbolicLink(atPath: "/proc/\(name)/cwd")
            return place?.hasPrefix(directory.path) == true
        }
    }

    @Test("loses every row, brings each back, and leaves nothing")
    func whole() throws {
        let (directory, environment) = try Self.place()
        let result = try HoldfastProgram.run(["demo"], environment: environment)
        #expect(result.status == 0 && result.stderr == "", "\(result.stderr)\(result.stdout)")
        #expect(result.stdout.contains("Left in the database: 0 sessions and 0 events"))
        #expect(result.stdout.contains("restored.db has 12 sessions and 96 events, each row as it was"))
        #expect(result.stdout.contains("\nready: \(directory.path)/holdfast-demo-"))
        for command in ["watch", "snapshot", "sync", "log", "restore", "check"] {
            #expect(result.stdout.contains("\n$ holdfast \(command)"), "\(command)")
        }
        #expect(try Self.isEmpty(directory) && Self.programs(in: directory) == [])
    }

    @Test("says with --json only what came back")
    func json() throws {
        let (directory, environment) = try Self.place()
        let result = try HoldfastProgram.run(["demo", "--json"], environment: environment)
        #expect(result.status == 0 && result.stderr == "")
        #expect(result.stdout == "{\"sessions\":12,\"events\":96}\n")
        #expect(try Self.isEmpty(directory))
    }

    @Test("leaves nothing when a signal ends it", arguments: [SIGINT, SIGTERM])
    func interrupted(_ signal: Int32) throws {
        for moment in ["$ holdfast watch", "ready", "$ holdfast restore", "$ kill"] {
            let (directory, environment) = try Self.place()
            let program = try HoldfastProgram.start(["demo"], environment: environment)
            try program.waitForOutput { $0.hasPrefix(moment) }
            program.signal(signal)
            let result = try program.waitForEnd()
            // The last moment is so near the end that the signal may come too late.
            #expect(result.status == 130 || moment == "$ kill" && result.status == 0, "\(moment)")
            if result.status == 130 {
                #expect(result.stderr == "holdfast: interrupted: the demo's folder was removed\n")
            }
            #expect(try Self.isEmpty(directory) && Self.programs(in: directory) == [], "\(moment)")
        }
    }

    @Test("leaves nothing when its reader goes away")
    func brokenPipe() throws {
        let (directory, environment) = try Self.place()
        let result = try Command.run(
            "bash",
            ["-c", "\"$0\" demo | head -n 1; exit ${PIPESTATUS[0]}", HoldfastProgram.path],
            environment: HoldfastProgram.environment(environment)
        )
        #expect(result.status == 1 && result.stderr == "")
        #expect(try Self.isEmpty(directory) && Self.programs(in: directory) == [])
    }

    @Test("refuses a repository of the user's")
    func repository() throws {
        let result = try HoldfastProgram.run(["demo", "--repo", "/nonexistent"])
        #expect(result.status == 64 && result.stderr.contains("leave out --repo"))
    }
}
