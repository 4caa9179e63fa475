import Foundation
import TestSupport
import Testing

/// `integrations/devteam`, called as its host does: by `hooks/hooks.json`, with the event on standard input.
@Suite("The plugin for DevTeam", .serialized)
struct DevTeamPluginTests {
    private static let plugin = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("integrations/devteam").path

    /// The form of `hooks/hooks.json`.
    private struct Hooks: Decodable {
        let hooks: [String: [Group]]

        struct Group: Decodable {
            /// A regular expression for the names of tools; nil for any event.
            let matcher: String?
            let hooks: [Hook]
        }

        struct Hook: Decodable {
            let type: String
            let command: String
            /// In seconds.
            let timeout: Int
        }
    }

    /// A project with a git repository and `.devteam`, and a session of the host in it.
    private final class Setup {
        let folder: TemporaryDirectory
        let watchers: BackgroundWatchers
        private let hooks: Hooks
        var plugin = DevTeamPluginTests.plugin
        /// Where programs are found.
        var path: String
        /// How long a tag is waited for, in seconds.
        var patience = "8"
        var sessionID = "8f3c2a1e-5b7d-4c9f-a1b2-c3d4e5f60718"

        var project: String { folder.file("project") }
        var database: String { project + "/.devteam/devteam.db" }

        init() throws {
            folder = try TemporaryDirectory()
            watchers = BackgroundWatchers(repository: folder.file("repository"))
            let file = URL(fileURLWithPath: plugin + "/hooks/hooks.json")
            hooks = try JSONDecoder().decode(Hooks.self, from: Data(contentsOf: file))
            let own = URL(fileURLWithPath: HoldfastProgram.path).deletingLastPathComponent().path
            path = "\(own):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
            try shell(
                """
                mkdir -p project/.devteam; cd project; echo .devteam > .gitignore; git init -q; git add .
                git -c user.name=A -c user.email=a@example.org commit -qm first
                sqlite3 .devteam/devteam.db 'PRAGMA journal_mode=WAL; CREATE TABLE events(message)'
                """
            )
        }

        func shell(_ script: String) throws {
            let result = try Command.run("sh", ["-ec", script], directory: folder.path)
            guard result.status == 0 else { throw CommandFailure(command: script, result: result) }
        }

        private var environment: [String: String] {
            HoldfastProgram.environment([
                "HOLDFAST_REPO": folder.file("repository"), "PATH": path, "CLAUDE_PLUGIN_ROOT": plugin,
                "CLAUDE_PROJECT_DIR": project, "HOLDFAST_PATIENCE": patience,
            ])
        }

        /// Runs the hooks for an event, and returns what they print. Each must end with 0 in its time.
        @discardableResult
        func send(_ name: String, _ fields: [String: Any] = [:], in directory: String? = nil) throws -> String
        {
            let event: [String: Any] = [
                "session_id": sessionID, "transcript_path": "/home/me/.claude/projects/rollback/a.jsonl",
                "cwd": directory ?? project, "hook_event_name": name, "permission_mode": "default",
            ]
            let json = try JSONSerialization.data(withJSONObject: event.merging(fields) { $1 })
            let tool = fields["tool_name"] as? String
            return try send(name, tool: tool, text: String(decoding: json, as: UTF8.self))
        }

        /// The same with any text in place of the event.
        func send(_ name: String, tool: String? = nil, text: String) throws -> String {
            let groups = try #require(hooks.hooks[name]).filter { group in
                guard let matcher = group.matcher, let tool else { return true }
                return (try? Regex(matcher).wholeMatch(in: tool)) != nil
            }
            return try groups.flatMap(\.hooks).map { hook in
                #expect(hook.type == "command")
                let result = try Command.run(
                    "/bin/sh",
                    ["-c", hook.command],
                    stdin: text,
                    environment: environment,
                    directory: project,
                    timeout: .seconds(hook.timeout)
                )
                #expect(result.status == 0, "\(result)")
                return result.stdout
            }.joined()
        }

        /// A shell command is about to run. Nothing may be printed: it could be a decision.
        func beforeCommand(_ command: String, in directory: String? = nil) throws {
            let fields: [String: Any] = [
                "tool_name": "Bash", "tool_input": ["command": command, "description": "Runs it"],
                "tool_use_id": "toolu_01ABC",
            ]
            #expect(try send("PreToolUse", fields, in: directory) == "")
        }

        func statusLine() throws -> String {
            let event: [String: Any] = ["session_id": sessionID, "cwd": project, "model": ["id": "m"]]
            let json = try JSONSerialization.data(withJSONObject: event)
            return try Command.run(
                "/bin/sh",
                [plugin + "/hooks/holdfast.sh", "status-line"],
                stdin: String(decoding: json, as: UTF8.self),
                environment: environment
            ).stdout
        }

        /// The tags of all snapshots.
        func tags() throws -> [String] {
            let result = try HoldfastProgram.run(
                ["log", project + "/.devteam", "--json", "--no-sync"],
                environment: ["HOLDFAST_REPO": folder.file("repository")]
            )
            return try result.stdout.split(separator: "\n").flatMap {
                try JSONDecoder().decode(LogLine.self, from: Data($0.utf8)).tags ?? []
            }
        }

        /// Waits until everything is captured.
        func sync(_ path: String) throws {
            let result = try HoldfastProgram.run(
                ["sync", path, "--timeout", "60s"],
                environment: ["HOLDFAST_REPO": folder.file("repository")]
            )
            guard result.status == 0 else { throw CommandFailure(command: "sync", result: result) }
        }

        /// Starts a session, and waits until everything is captured.
        func begin() throws {
            try send("SessionStart", ["source": "startup"])
            try sync(project + "/.devteam")
        }
    }

    @Test("a session starts: one watcher for .devteam of the project and of each worktree, which are named")
    func sessionStart() throws {
        let setup = try Setup()
        try setup.shell(
            "cd project; git worktree add -q -b c '../it is'; mkdir '../it is/.devteam'; git worktree add -q ../b"
        )
        let said = try setup.send("SessionStart", ["source": "startup"])
        let roots = [setup.folder.file("it is/.devteam"), setup.project + "/.devteam"]
        #expect(said == roots.map { "Holdfast protects \($0)\n" }.joined())
        for root in roots { try setup.sync(root) }
        let watchers = setup.watchers.processIDs
        #expect(watchers.count == 1)
        // Once more, in a directory below; and in the other worktree.
        try setup.shell("mkdir -p project/src/deep")
        #expect(try setup.send("SessionStart", ["source": "resume"], in: setup.project + "/src/deep") == said)
        #expect(try setup.send("SessionStart", ["source": "clear"], in: setup.folder.file("it is")) == said)
        #expect(setup.watchers.processIDs == watchers)
    }

    @Test("without .devteam nothing is said and nothing starts; the next prompt sees that there is one")
    func laterThere() throws {
        let setup = try Setup()
        try setup.shell("mv project/.devteam kept")
        #expect(try setup.send("SessionStart", ["source": "startup"]) == "")
        #expect(setup.watchers.processIDs.isEmpty && !setup.folder.exists("repository"))
        try setup.shell("mv kept project/.devteam")
        #expect(try setup.send("UserPromptSubmit", ["prompt": "go on"]) == "")
        #expect(setup.watchers.processIDs.count == 1)
    }

    @Test(
        "the moment before a command that may do harm gets a tag",
        arguments: [
            ("bash scripts/db-init.sh", "before-db-init-"),
            ("./scripts/db-maintenance.sh all", "before-db-maintenance-"),
            ("bash scripts/checkpoint.sh restore chkpt-20250201-120000-abc", "before-checkpoint-restore-"),
            ("cd /x && bash scripts/rollback.sh manual HEAD~1 --force", "before-rollback-"),
            ("rm -rf .devteam", "before-removal-"), ("cd .devteam; rm -f \\\n  *.db", "before-removal-"),
            ("find .devteam -name '*.db' -delete", "before-removal-"),
            ("mv .devteam/devteam.db \"it's gone\"", "before-removal-"),
            ("git clean -fdx", "before-removal-"),
        ]
    )
    func tagged(_ command: String, _ tag: String) throws {
        let setup = try Setup()
        try setup.begin()
        try SQLite3.sql("INSERT INTO events VALUES('last')", on: setup.database)
        try setup.beforeCommand(command)
        let tags = try setup.tags()
        #expect(tags.count == 1 && tags[0].hasPrefix(tag), "\(tags)")
        let copy = setup.folder.file("copy.db")
        let restored = try HoldfastProgram.run(
            ["restore", setup.database, "--at", tags[0], "--output", copy],
            environment: ["HOLDFAST_REPO": setup.folder.file("repository")]
        )
        #expect(restored.status == 0, "\(restored)")
        #expect(try SQLite3.sql("SELECT message FROM events", on: copy) == "last\n")
    }

    @Test(
        "other commands get none",
        arguments: [
            "ls -la", "npm test", "rm -rf build", "sqlite3 .devteam/devteam.db 'SELECT 1'",
            "cat .devteam/config.yaml",
            "bash scripts/checkpoint.sh save x", "echo performed .devteam",
        ]
    )
    func untagged(_ command: String) throws {
        let setup = try Setup()
        try setup.begin()
        try setup.beforeCommand(command)
        #expect(try setup.tags() == [])
    }

    @Test("a command and a session's id are never run, whatever is in them")
    func injection() throws {
        let setup = try Setup()
        setup.sessionID = "../a b'; $(touch mark)`touch mark`\n.shell touch mark\n\"\u{1}é"
        try setup.begin()
        let odd =
            "rm -rf .devteam # ' ); \n.shell touch mark\n'\"; SELECT writefile('mark', 'x'); $(touch mark) \\u0027"
        try setup.beforeCommand(odd)
        try setup.send("PreCompact", ["trigger": "auto", "custom_instructions": "'"])
        let tags = try setup.tags()
        let stamp = #/-\d{8}-\d{6}$/#
        #expect(
            tags.map { $0.replacing(stamp, with: "") }.sorted() == [
                "before-compaction-..abtouchmarktouchmark.shelltouchmark", "before-removal",
            ]
        )
        #expect(!FileManager.default.fileExists(atPath: setup.project + "/mark"))
    }

    @Test("before a compaction and at the end of a session a tag has the session's id")
    func session() throws {
        let setup = try Setup()
        try setup.begin()
        #expect(try setup.send("PreCompact", ["trigger": "manual", "custom_instructions": ""]) == "")
        try SQLite3.sql("INSERT INTO events VALUES('more')", on: setup.database)
        #expect(try setup.send("SessionEnd", ["reason": "exit"]) == "")
        let tags = try setup.tags()
        #expect(tags.count == 2, "\(tags)")
        #expect(tags.first?.hasPrefix("before-compaction-\(setup.sessionID)-") == true)
        #expect(tags.last?.hasPrefix("session-end-\(setup.sessionID)-") == true)
    }

    @Test("a watcher that hangs, or is gone, does not keep a command from running")
    func hanging() throws {
        let setup = try Setup()
        setup.patience = "1"
        try setup.begin()
        let watcher = try #require(setup.watchers.processIDs.first)
        kill(watcher, SIGSTOP)
        #expect(try setup.statusLine() == "holdfast: NOT PROTECTED · no answer\n")
        let started = try setup.send("SessionStart", ["source": "resume"])
        #expect(started == "\(setup.project)/.devteam: NOT PROTECTED · no answer\n")
        try setup.beforeCommand("rm -rf .devteam")
        #expect(try setup.tags() == [])
        #expect(setup.watchers.processIDs == [watcher])
        setup.watchers.killAll()
        try setup.beforeCommand("rm -rf .devteam")
        #expect(setup.watchers.processIDs.count == 1)
    }

    @Test("a wrong setting, an event that is no JSON, and a plugin that is gone are no decision either")
    func wrong() throws {
        let setup = try Setup()
        // To a shell 08 is no number.
        for patience in ["a b", "08"] {
            setup.patience = patience
            try setup.begin()
            try setup.beforeCommand("rm -rf .devteam")
        }
        for text in ["", "{", "rm -rf .devteam", "[1, 2]"] {
            #expect(try setup.send("PreToolUse", text: text) == "")
        }
        setup.plugin = setup.folder.file("gone")
        try setup.beforeCommand("rm -rf .devteam")
    }

    @Test("without holdfast only the start of a session says so; without sqlite3 a command is still tagged")
    func programsMissing() throws {
        let setup = try Setup()
        try setup.begin()
        let programs = setup.folder.file("programs")
        let names = "sh cat sed tr cut date sort grep git timeout"
        try setup.shell(
            "mkdir programs; for name in \(names); do ln -s \"$(command -v $name)\" programs/; done"
        )
        setup.path = programs
        let event: [String: Any] = ["source": "startup"]
        #expect(
            try setup.send("SessionStart", event)
                == "Holdfast is not installed: \(setup.project)/.devteam is not protected\n"
        )
        try setup.beforeCommand("rm -rf .devteam")
        #expect(try setup.send("SessionEnd", ["reason": "exit"]) == "")
        #expect(try setup.tags() == [])
        #expect(try setup.statusLine() == "holdfast: NOT PROTECTED · holdfast is not installed\n")
        try setup.shell("ln -s '\(HoldfastProgram.path)' programs/holdfast")
        try setup.beforeCommand("bash scripts/db-init.sh")
        #expect(try setup.tags().map { $0.hasPrefix("before-db-init-") } == [true])
    }

    @Test("the status line says whether it is protected, and nothing where there is nothing to protect")
    func statusLine() throws {
        let setup = try Setup()
        try setup.begin()
        #expect(try setup.statusLine().hasPrefix("holdfast: protected · "))
        setup.watchers.killAll()
        #expect(try setup.statusLine().hasPrefix("holdfast: NOT PROTECTED · "))
        try setup.shell("mv project/.devteam kept")
        #expect(try setup.statusLine() == "")
    }

    @Test("each slash command names commands that there are")
    func slashCommands() throws {
        let folder = Self.plugin + "/commands"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(names == ["doctor.md", "log.md", "restore.md", "status.md", "undo.md"])
        for name in names {
            let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            #expect(text.hasPrefix("---\ndescription: "))
            let commands = Set(text.matches(of: /`holdfast (\w+)[^`]*`/).map { String($0.1) })
            #expect(commands.contains(String(name.dropLast(3))))
            for command in commands {
                #expect(
                    try HoldfastProgram.run(["help", command]).stdout.contains("USAGE: holdfast \(command)")
                )
                #expect(text.contains("Bash(holdfast \(command):*)"), "\(name) may not run \(command)")
            }
        }
    }
}
