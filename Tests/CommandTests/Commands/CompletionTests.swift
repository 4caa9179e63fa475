import Foundation
import TestSupport
import Testing

/// What bash offers at the end of a command line, with the script that `holdfast completion bash` writes.
@Suite("completion") struct CompletionTests {
    private static func completions(_ words: [String], in scene: Scene) throws -> [String] {
        let script = try HoldfastProgram.run(["completion", "bash"]).stdout
        let function = try #require(script.firstMatch(of: /complete -o filenames -F (\S+) holdfast/)?.1)
        let line = (["holdfast"] + words).joined(separator: " ")
        let typed = ([HoldfastProgram.path] + words).map { "'\($0)'" }.joined(separator: " ")
        let call = """
            source ./completion
            COMP_WORDS=(\(typed)); COMP_CWORD=\(words.count)
            COMP_LINE='\(line)'; COMP_POINT=\(line.count)
            \(function) holdfast '\(words.last ?? "")' '\(words.dropLast().last ?? "holdfast")'
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        try scene.directory.write(Array(script.utf8), to: "completion")
        let result = try Command.run(
            "bash",
            ["--norc", "-c", call],
            environment: HoldfastProgram.environment(["HOLDFAST_REPO": scene.directory.file("repository")]),
            directory: scene.directory.path
        )
        return result.stdout.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    @Test(
        "offers commands, options, tags, roots, files and tables",
        arguments: [
            (["sta"], ["status", "stats"]),
            (["log", "--sin"], ["--since"]),
            (["restore", "--at", "pre"], ["pre-migration"]),
            (["forget", "--keep-tag", ""], ["pre-migration"]),
            (["tag", "--delete", "pre"], ["pre-migration"]),
            (["log", "da"], ["data"]),
            (["log", "data/a"], ["data/app.db"]),
            (["diff", "1", "--table", ""], ["t"]),
            (["rows", "history", ""], ["t"]),
            (["completion", "z"], ["zsh"]),
            (["log", "--table", ""], ["t"]),
            (["diff", "1", "da"], ["data"]),
            (["support"], ["support-bundle"]),
        ] as [([String], [String])]
    )
    func completes(_ words: [String], _ expected: [String]) throws {
        let offered = try Self.completions(words, in: Scene())
        #expect(expected.allSatisfy(offered.contains), "\(offered)")
    }

    /// What bash makes of lines that a user types, each with TAB and then return: the words of the command.
    private static func typed(_ lines: [String], in folder: TemporaryDirectory) throws -> [String] {
        let script = try HoldfastProgram.run(["completion", "bash"]).stdout
        try folder.write(Array(script.utf8), to: "completion")
        let program = "'\(HoldfastProgram.path)'"
        let profile = """
            # A line that is too long would be shown in part, between < and >.
            PS1=
            stty cols 500
            source ./completion
            holdfast() {
                if [ "$1" = ---completion ]; then \(program) "$@"; else printf '<%s>' "$@"; echo; fi
            }
            """
        try folder.write(Array(profile.utf8), to: "profile")
        let result = try Command.run(
            "script",
            ["-qec", "bash --noprofile --rcfile profile -i", "/dev/null"],
            stdin: lines.map { $0 + "\t\n" }.joined() + "exit\n",
            environment: HoldfastProgram.environment([
                "HOLDFAST_REPO": folder.file("repository"), "TERM": "dumb", "LC_ALL": "C.UTF-8",
                "HISTFILE": "/dev/null",
            ]),
            directory: folder.path
        )
        return result.stdout.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("<") }.map(String.init)
    }

    @Test("bash completes what is typed: commands, options, tags, roots and files with any names")
    func interactive() throws {
        let folder = try TemporaryDirectory()
        let data = folder.file("my data")
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
        try SQLite3.sql("CREATE TABLE \"it's 表\"(a);", on: data + "/日記 a.db")
        let repository = ["HOLDFAST_REPO": folder.file("repository")]
        _ = try HoldfastProgram.run(["watch", "--once", data], environment: repository)
        _ = try HoldfastProgram.run(["tag", "before-all", data, "--at", "1"], environment: repository)
        let lines = [
            ("holdfast statu", "<status>"), ("holdfast log --sin", "<log><--since>"),
            ("holdfast tag --delete bef", "<tag><--delete><before-all>"),
            ("holdfast status \(folder.path)/my", "<status><\(data)/>"),
            (#"holdfast log my\ data/日"#, "<log><my data/日記 a.db>"),
            ("holdfast log 'my data/日", "<log><my data/日記 a.db>"),
            ("holdfast rows history it", "<rows><history><it's 表>"),
        ]
        #expect(try Self.typed(lines.map(\.0), in: folder) == lines.map(\.1))
    }

    @Test("TAB runs no command that a table is named after")
    func tableLikeCommand() throws {
        let folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: folder.file("data"),
            withIntermediateDirectories: false
        )
        let names = ["$(touch made)", "`touch made`", "x'; touch made; '"]
        let tables = names.map { "CREATE TABLE \"\($0)\"(a);" }
        try SQLite3.sql(tables.joined() + "CREATE TABLE xy(a);", on: folder.file("data/a.db"))
        _ = try HoldfastProgram.run(
            ["watch", "--once", folder.file("data")],
            environment: ["HOLDFAST_REPO": folder.file("repository")]
        )
        #expect(
            try Self.typed(["holdfast find xy", "holdfast find ", "holdfast find x\\'"], in: folder)
                == ["<find><xy>", "<find><x>", "<find><x'; touch made; '>"]
        )
        #expect(!FileManager.default.fileExists(atPath: folder.file("made")))
    }

    @Test("offers nothing, and says nothing, where there is no repository")
    func noRepository() throws {
        let scene = try Scene()
        try FileManager.default.removeItem(atPath: scene.directory.file("repository"))
        #expect(try Self.completions(["forget", "--keep-tag", ""], in: scene) == [])
    }

    @Test(
        "has a script for each shell",
        arguments: [("bash", "#!/bin/bash"), ("zsh", "#compdef holdfast"), ("fish", "function __holdfast")]
    )
    func scripts(_ shell: String, _ start: String) throws {
        let result = try HoldfastProgram.run(["completion", shell])
        #expect(result.status == 0 && result.stderr == "" && result.stdout.hasPrefix(start))
        #expect(try HoldfastProgram.run(["completion", "csh"]).status == 64)
    }
}
