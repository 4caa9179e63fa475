import Foundation
import TestSupport
import Testing

/// Progress of commands that `strace(1)` slows down: each read of one file takes longer.
@Suite struct ProgressTests {
    private static let slowing = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=pread64"]

    /// `strace` with its arguments, for a command to follow.
    private static func slowed(_ path: String, milliseconds: Int) -> [String] {
        ["strace"] + slowing + ["-P", path, "-e", "inject=pread64:delay_enter=\(milliseconds * 1000)"]
    }

    private static func run(
        _ words: [String],
        in scene: Scene,
        onTerminal: Bool = false
    ) throws -> CommandResult {
        let environment = HoldfastProgram.environment([
            "HOLDFAST_REPO": scene.directory.file("repository"), "TERM": "xterm",
        ])
        guard onTerminal else {
            return try Command.run(words[0], Array(words.dropFirst()), environment: environment)
        }
        // What the program writes to the terminal is the standard output of script(1).
        return try Command.run(
            "script",
            ["-qec", words.joined(separator: " "), "/dev/null"],
            environment: environment
        )
    }

    @Test("--json --progress writes lines about slow work, and the result last")
    func lines() throws {
        let scene = try Scene()
        let strace = Self.slowed(scene.segment, milliseconds: 1200)
        let check = strace + [HoldfastProgram.path, "check", "--json"]
        let result = try Self.run(check + ["--progress"], in: scene)
        #expect(result.status == 0 && result.stderr == "")
        let progress = result.lines.dropLast()
        #expect(!progress.isEmpty)
        for line in progress {
            #expect(
                line.contains(
                    #/^{"progress":[0-9.]+,"bytes":\d+,"bytes_total":\d+,"eta_seconds":(null|\d+),"stage":"reading[ a-z]*"}$/#
                ),
                "\(line)"
            )
        }
        #expect(result.lines.last?.hasPrefix(#"{"summary":true,"#) == true)
        #expect(try Self.run(check, in: scene).lines.count == 1)
    }

    @Test("a terminal shows a bar, which is gone before the result")
    func terminal() throws {
        let scene = try Scene()
        let check = Self.slowed(scene.segment, milliseconds: 600) + [HoldfastProgram.path, "check"]
        let shown = try Self.run(check, in: scene, onTerminal: true).stdout
        let parts = shown.components(separatedBy: "\r\u{1b}[K")
        #expect(parts.count > 2 && parts.first == "", "\(shown)")
        #expect(parts.dropFirst().first?.hasPrefix("reading  ") == true, "\(shown)")
        #expect(parts.last?.hasPrefix("1 root, 6 snapshots, ") == true, "\(shown)")
        let quiet = try Self.run(check + ["--quiet"], in: scene, onTerminal: true)
        #expect(quiet.stdout == "")
        // As a shell runs a job in the background: in a process group of its own.
        let background = try Self.run(["set", "-m;"] + check + ["&", "wait"], in: scene, onTerminal: true)
        #expect(background.stdout.hasPrefix("1 root, 6 snapshots, "), "\(background)")
    }

    @Test("shows nothing of short work, and no bar where there is no terminal")
    func nothing() throws {
        let scene = try Scene()
        let short = try Self.run([HoldfastProgram.path, "check"], in: scene, onTerminal: true)
        #expect(!short.stdout.contains("\u{1b}[K"))
        #expect(try scene.run("check", "--json", "--progress").lines.count == 1)
        let slow = Self.slowed(scene.segment, milliseconds: 300) + [HoldfastProgram.path, "check"]
        #expect(try Self.run(slow, in: scene).stderr == "")
    }

    @Test("a first capture tells how far it is, until it is ready")
    func firstCapture() throws {
        let scene = try Scene()
        let strace = Self.slowed(scene.database, milliseconds: 1200)
        let watch =
            strace + [
                HoldfastProgram.path, "watch", scene.data, "--once", "--json", "--progress", "--repo",
                scene.directory.file("other"),
            ]
        let result = try Self.run(watch, in: scene)
        #expect(result.status == 0, "\(result.stderr)")
        #expect(result.lines.count > 1)
        #expect(result.lines.dropLast().allSatisfy { $0.contains(#""stage":"first capture""#) })
        #expect(result.lines.last?.hasPrefix(#"{"event":"ready""#) == true)
    }

    @Test("a push and an adoption tell how far they are")
    func remotes() throws {
        let scene = try Scene()
        let options = ["--config", scene.directory.file("config.yaml")]
        let url = "file://" + scene.directory.file("remote")
        let program = [HoldfastProgram.path]
        let added = try Self.run(program + ["remote", "add", "nas", url] + options, in: scene)
        #expect(added.status == 0, "\(added)")
        // Each wait for the disk takes longer.
        let slowed = [
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
            "-e", "inject=fsync,fdatasync:delay_enter=600000",
        ]
        let push = slowed + program + ["push"] + options
        let pushed = try Self.run(push + ["--json", "--progress"], in: scene)
        #expect(pushed.status == 0 && pushed.lines.count > 1, "\(pushed)")
        #expect(pushed.lines.dropLast().allSatisfy { $0.contains(#""stage":"shipping"}"#) }, "\(pushed)")
        #expect(pushed.lines.last?.hasPrefix(#"{"remote":"nas","root":"#) == true, "\(pushed)")

        let adopt = slowed + program + ["adopt", url, "--repo"]
        let adopted = try Self.run(
            adopt + [scene.directory.file("second"), "--json", "--progress"],
            in: scene
        )
        #expect(adopted.status == 0 && adopted.lines.count > 1, "\(adopted)")
        #expect(adopted.lines.dropLast().allSatisfy { $0.contains(#""stage":"fetching"}"#) }, "\(adopted)")
        let shown = try Self.run(adopt + [scene.directory.file("third")], in: scene, onTerminal: true).stdout
        let parts = shown.components(separatedBy: "\r\u{1b}[K")
        #expect(parts.dropFirst().first?.hasPrefix("fetching  ") == true, "\(shown)")
        // With nothing to ship there is nothing to show.
        let again = try Self.run(push, in: scene, onTerminal: true).stdout
        #expect(!again.contains("shipping  "), "\(again)")
    }
}
