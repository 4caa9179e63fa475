import Foundation
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

/// What can become of a root's description. `$file` is `root.json` or its copy.
private let damages = [
    "truncate -s 0 $file", "rm $file", "rm $file; mkdir $file", "rm $file; mkdir -p $file/a/b",
    "rm $file; ln -s /no/such/thing $file", "mv $file $root/away; ln -s away $file", "echo nonsense > $file",
    "truncate -s 30 $file", "rm $file; mkfifo $file", "chmod 000 $file",
]

@Suite("A root whose root.json is damaged")
struct DamagedDescriptionTests {
    /// A repository with two roots, each with a history.
    private struct Two {
        let scene = try! Scene()
        let other: String

        init() throws {
            other = scene.directory.file("other")
            try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
            try SQLite3.sql("CREATE TABLE t(a); INSERT INTO t VALUES('other');", on: other + "/o.db")
            try run("watch", "--once", other)
        }

        var root: String { scene.recorded.root.directory.string }
        var id: String { scene.recorded.root.id.description }

        @discardableResult
        func run(_ arguments: String..., expecting status: Int32 = 0) throws -> CommandResult {
            // Root would read what its mode forbids.
            let environment = ["HOLDFAST_REPO": scene.directory.file("repository")]
            let result = try HoldfastProgram.runWithoutPrivileges(arguments, environment: environment)
            #expect(result.status == status, "\(arguments): \(result)")
            return result
        }

        func damage(_ script: String, _ names: String...) throws {
            for name in names {
                let lines = "root=\(root); file=\(root)/\(name)\n\(script)"
                #expect(try Command.run("sh", ["-ec", lines]).status == 0)
            }
        }

        /// Everything of the other root works, and a warning names the one that is damaged.
        func expectOtherWorks(_ damage: String) throws {
            let copy = scene.directory.file("copy.db")
            try? FileManager.default.removeItem(atPath: copy)
            var commands = [["log", other], ["restore", other + "/o.db", "--output", copy]]
            if damage == damages[0] {
                // Not `status`: nobody watches, and it says so by its status.
                for name in ["stats", "sync", "doctor", "drill", "recoveries", "forget"] {
                    commands.append([name, other])
                }
                commands += [
                    ["show", "latest", other + "/o.db"],
                    ["query", "--at", "latest", "SELECT 1", other + "/o.db"],
                ]
                commands += [["tag", "x", other], ["hold", "latest", other], ["diff", "latest", other]]
            }
            let environment = ["HOLDFAST_REPO": scene.directory.file("repository")]
            for arguments in commands {
                let result = try HoldfastProgram.runWithoutPrivileges(arguments, environment: environment)
                #expect(result.status == 0, "\(arguments): \(result)")
                #expect(result.stderr.contains("\(root)/root.json"), "\(arguments): \(result)")
            }
            try run("watch", "--once", other)
        }
    }

    @Test("goes by the copy: nothing is refused, the check says it, a repair mends it", arguments: damages)
    func copied(damage: String) throws {
        let two = try Two()
        try two.damage(damage, "root.json")
        try two.expectOtherWorks(damage)
        let log = try two.run("log", two.scene.data)
        #expect(log.stdout.contains("pre-migration") && log.stderr.contains("root.json"), "\(log)")
        let check = try two.run("check", "--json", expecting: 4).stdout
        #expect(check.contains("\"severity\":\"error\",\"file\":\"\(two.root)/root.json\""), "\(check)")
        #expect(check.contains("\"errors\":1,"), "\(check)")
        try two.run("repair", "--dry-run")
        try two.run("check", expecting: 4)
        try two.run("repair")
        try two.run("check")
        #expect(try two.run("log", two.scene.data).stderr == "")
    }

    @Test(
        "without a copy: only that root is out of use; a repair loses nothing, and asks for the path",
        arguments: damages
    )
    func alone(damage: String) throws {
        let two = try Two()
        // The copy first: what a damage moves away may be moved away twice.
        try two.damage("rm $file", "root-copy.json")
        try two.damage(damage, "root.json")
        try two.expectOtherWorks(damage)
        let log = try two.run("log", two.scene.data, expecting: 4)
        #expect(log.stderr.contains("may be in \(two.root)"), "\(log)")
        try two.run("restore", two.scene.database, "--output", two.scene.output, expecting: 4)
        try two.run("watch", "--once", two.scene.data, expecting: 4)
        try two.run("status", expecting: 4)
        try two.run("stats", expecting: 4)
        try two.run("check", expecting: 4)
        let asked = try two.run("repair", expecting: 3)
        #expect(asked.stderr.contains("app.db"), "\(asked)")
        #expect(asked.stderr.contains("--root-path \(two.id)=PATH"), "\(asked)")
        try two.run("repair", "--root-path", "0123456789abcdef=/x", expecting: 10)
        try two.run("repair", "--root-path", "\(two.id)=\(two.scene.data)")
        try two.run("check")
        let again = try two.run("log", two.scene.data)
        #expect(again.stdout.contains("pre-migration") && again.stderr == "", "\(again)")
        try two.run("watch", "--once", two.scene.data)
    }

    @Test("a damaged copy is found and written anew", arguments: ["echo x > $file", "rm $file; mkdir $file"])
    func damagedCopy(damage: String) throws {
        let two = try Two()
        try two.damage(damage, "root-copy.json")
        let check = try two.run("check", expecting: 4).stdout
        #expect(check.contains("\(two.root)/root-copy.json"), "\(check)")
        try two.run("repair", "--dry-run")
        try two.run("check", expecting: 4)
        try two.run("repair")
        try two.run("check")
    }

    @Test("root.json and its copy name different paths: nobody decides between them unasked")
    func contradiction() throws {
        let two = try Two()
        try two.damage("sed -i s,/data,/tada, $file", "root.json")
        let check = try two.run("check", expecting: 4).stdout
        #expect(check.contains("/tada") && check.contains("/data"), "\(check)")
        try two.run("repair", "--root-path", "\(two.id)=\(two.scene.data)")
        try two.run("check")
        try two.run("log", two.scene.data)
    }

    @Test("a root that an older version made gets its copy from the next writer")
    func older() throws {
        let two = try Two()
        try two.damage("rm $file", "root-copy.json")
        try two.run("watch", "--once", two.scene.data)
        try two.damage("rm $file", "root.json")
        try two.run("repair")
        try two.run("check")
    }
}
