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
        ] as [([String], [String])]
    )
    func completes(_ words: [String], _ expected: [String]) throws {
        let offered = try Self.completions(words, in: Scene())
        #expect(expected.allSatisfy(offered.contains), "\(offered)")
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
