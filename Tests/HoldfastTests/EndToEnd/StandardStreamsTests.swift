import Foundation
import TestSupport
import Testing

@Suite("Standard streams that are closed", .serialized)
struct StandardStreamsTests {
    private static let combinations = (1..<8).map { bits in (0..<3).filter { bits >> $0 & 1 == 1 } }

    private func redirections(_ closed: [Int]) -> String {
        closed.map { $0 == 0 ? "<&-" : "\($0)>&-" }.joined(separator: " ")
    }

    @Test(
        "the watcher has the null device in their place, and writes nothing of its own into its files",
        arguments: combinations
    )
    func watcher(_ closed: [Int]) throws {
        let protection = try Protection()
        let watcher = try RunningProgram(
            "/bin/sh",
            ["-c", "exec \(HoldfastProgram.path) watch \(protection.data) \(redirections(closed))"],
            environment: HoldfastProgram.environment(protection.environment)
        )
        defer { watcher.kill() }
        // It tells nobody that it is ready: its socket does.
        try wait(for: "its socket") {
            let repository = protection.folder.file("repository/repository.json")
            guard FileManager.default.fileExists(atPath: repository) else { return false }
            return try protection.status("--json").stdout.contains("\"watching\"")
        }
        for descriptor in 0..<3 {
            let path = "/proc/\(watcher.processID)/fd/\(descriptor)"
            let target = try FileManager.default.destinationOfSymbolicLink(atPath: path)
            #expect(!target.contains(protection.folder.path) && !target.hasPrefix("socket:"), "\(target)")
            if closed.contains(descriptor) { #expect(target == "/dev/null", "\(descriptor)") }
        }
        try SQLite3.sql("INSERT INTO t(b) VALUES('x');", on: protection.database)
        try protection.sync()
        #expect(try watcher.terminate().status == 0)
        try protection.check()
    }

    @Test("every command works, and the repository stays sound", arguments: combinations)
    func commands(_ closed: [Int]) throws {
        let protection = try Protection()
        let copy = protection.folder.file("copy.db")
        let commands = [
            "watch --once \(protection.data)", "sync \(protection.data)",
            "snapshot \(protection.data) --tag a",
            "log \(protection.data)", "status", "stats \(protection.data)", "check --read-data",
            "show a \(protection.data)",
            "restore \(protection.database) --at a --output \(copy)", "diff a \(protection.database)",
            "query --at a 'SELECT 1' \(protection.database)",
            "forget --dry-run --keep-last 1 \(protection.data)",
            "drill \(protection.data)", "doctor \(protection.database)",
        ]
        for command in commands {
            let result = try Command.run(
                "/bin/sh",
                ["-c", "exec \(HoldfastProgram.path) \(command) \(redirections(closed))"],
                environment: HoldfastProgram.environment(protection.environment)
            )
            // Nobody watches meanwhile, and status says so.
            #expect(result.status == (command == "status" ? 1 : 0), "\(command): \(result)")
        }
        #expect(try SQLite3.sql("PRAGMA integrity_check;", on: copy) == "ok\n")
        try protection.check()
    }

    @Test("what only goes to a closed standard output is refused")
    func output() throws {
        let protection = try Protection()
        try protection.holdfast("watch", "--once", "--quiet", protection.data)
        for command in [
            "restore \(protection.database) --at 1", "export \(protection.database) --format sql",
            "export \(protection.database) --format db", "export \(protection.data) --format tar",
            "support-bundle",
        ] {
            let result = try Command.run(
                "/bin/sh",
                ["-c", "exec \(HoldfastProgram.path) \(command) --output - >&-"],
                environment: HoldfastProgram.environment(protection.environment)
            )
            #expect(result.status == 1, "\(command): \(result)")
            #expect(
                result.stderr.contains("it is closed: name a file with --output"),
                "\(command): \(result)"
            )
            #expect(result.stderr.firstMatch(of: /restored|exported/) == nil, "\(command): \(result)")
        }
    }
}
