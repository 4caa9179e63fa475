import Foundation
import TestSupport
import Testing

/// Which root and which database is meant where none is named.
@Suite struct MeantTests {
    private let folder: TemporaryDirectory

    /// Two projects, each with its own `.devteam`, in one repository.
    init() throws {
        folder = try TemporaryDirectory()
        for name in ["one", "two"] {
            let root = folder.file("\(name)/.devteam")
            for directory in ["\(root)/memory", folder.file("\(name)/src/deep")] {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            }
            try SQLite3.sql("CREATE TABLE t(v); INSERT INTO t VALUES('\(name)');", on: root + "/devteam.db")
            try run("watch", "--once", root)
        }
    }

    @discardableResult
    private func run(_ arguments: String..., in place: String = "") throws -> CommandResult {
        try HoldfastProgram.run(
            arguments,
            environment: ["HOLDFAST_REPO": folder.file("repository")],
            directory: folder.file(place)
        )
    }

    @Test(
        "the root in which one stands, else the .devteam of the nearest directory upwards",
        arguments: ["one", "two"],
        ["", "/src", "/src/deep", "/.devteam", "/.devteam/memory"]
    )
    func root(_ project: String, _ place: String) throws {
        let result = try run("query", "--at", "latest", "SELECT v FROM t", in: project + place)
        #expect(result.stdout == project + "\n", "\(result)")
    }

    @Test("elsewhere the roots are listed, and a .devteam that is not protected is no other one")
    func elsewhere() throws {
        let result = try run("log")
        #expect(result.status == 10 && result.stderr.contains("one/.devteam, /"), "\(result)")
        let nested = folder.file("one/nested/.devteam")
        try FileManager.default.createDirectory(atPath: nested, withIntermediateDirectories: true)
        let other = try run("log", in: "one/nested")
        #expect(other.status == 10 && other.stderr.contains("nested/.devteam is not protected"), "\(other)")
    }

    @Test("one that is gone is meant all the more")
    func gone() throws {
        try FileManager.default.removeItem(atPath: folder.file("two/.devteam"))
        let result = try run("query", "--at", "latest", "SELECT v FROM t", in: "two/src")
        #expect(result.stdout == "two\n", "\(result)")
    }

    @Test("where one stands in a root, a tag is no file of it")
    func tagInRoot() throws {
        try run("tag", "before", in: "one/.devteam")
        try SQLite3.sql("DELETE FROM t;", on: folder.file("one/.devteam/devteam.db"))
        try run("tag", "behind", in: "one/.devteam")
        let diff = try run("diff", "before", "behind", "--summary", in: "one/.devteam")
        #expect(diff.stdout.hasSuffix("t: 1 removed\n"), "\(diff)")
        let file = try run("diff", "before", "devteam.db", "--summary", in: "one/.devteam")
        #expect(file.stdout.hasSuffix("t: 1 removed\n"), "\(file)")
    }

    @Test(
        "the database at the top of the root is meant, not its copies",
        arguments: [
            ["checkpoints/one/devteam.db", "memory/notes.db"],
            ["devteam.db.bak", "devteam.db-2026", "devteam.bak"],
            ["devteam.db.corrupted", "checkpoints/devteam.db"],
        ]
    )
    func copies(_ copies: [String]) throws {
        let team = try DevTeam()
        for copy in copies {
            try team.shell(
                "mkdir -p .devteam/\(copy); rmdir .devteam/\(copy); cp .devteam/devteam.db .devteam/\(copy)"
            )
        }
        try team.watch()
        try team.mark("good")
        try team.commit("DELETE FROM bugs WHERE id = 1;")
        try team.holdfast("query", "--at", "good", "SELECT count(*) FROM bugs")
        try team.holdfast("doctor")
        try team.holdfast("export", "--format", "sql", "--output", "d.sql")
        try team.holdfast("rows", "history", "bugs", "1")
        try team.holdfast("rows", "restore", "bugs", "1", "--at", "good")
        #expect(try team.sql("SELECT count(*) FROM bugs WHERE id = 1;") == "1")
    }

    @Test("of two databases at the top, one must be named, as a PATH like everywhere")
    func twoDatabases() throws {
        let team = try DevTeam()
        try team.shell("cp .devteam/devteam.db .devteam/other.db")
        try team.watch()
        try team.mark("good")
        try team.commit("DELETE FROM bugs WHERE id = 1;")
        let said = try team.holdfast("rows", "history", "bugs", "1", expecting: 64).stderr
        #expect(said.contains("/devteam.db, ") && said.contains("/other.db"), "\(said)")
        let there = try team.holdfast("rows", "history", "bugs", "1", ".devteam/other.db").stdout
        #expect(!there.contains("removed"), "\(there)")
        let here = try team.holdfast("rows", "history", "bugs", "1", ".devteam/devteam.db").stdout
        #expect(here != there)
        try team.holdfast("rows", "restore", "bugs", "1", ".devteam/devteam.db", "--at", "good")
        try team.commit("DELETE FROM bugs WHERE id = 1;")
        try team.holdfast(
            "rows",
            "restore",
            "bugs",
            ".devteam/devteam.db",
            "--where",
            "id = 1",
            "--at",
            "good"
        )
        #expect(try team.sql("SELECT count(*) FROM bugs WHERE id = 1;") == "1")
        try team.holdfast(
            "rows",
            "restore",
            "bugs",
            "x",
            "y",
            "--where",
            "id = 1",
            "--at",
            "good",
            expecting: 64
        )
        try team.holdfast("guard", ".devteam/devteam.db", "--tag", "g", "--", "true")
        try team.holdfast("guard", "--path", ".devteam", "--", "true")
    }
}
