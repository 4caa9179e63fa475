import SystemPackage
import Testing
import Yams

@testable import Settings

/// Roots and remotes are added to a text that a person wrote, and removed from it.
@Suite("Editing a list of the configuration")
struct ListEditTests {
    @Test(
        "adds a root behind the others, and leaves all else as it is",
        arguments: [
            ("", "roots:\n  - path: /new\n"),
            ("# mine\nwatch: {}\n\n", "# mine\nwatch: {}\nroots:\n  - path: /new\n"),
            ("roots:\nwatch: {}\n", "roots:\n  - path: /new\nwatch: {}\n"),
            ("roots: [] # none\n", "roots:  # none\n  - path: /new\n"),
            (
                "roots:\n- path: /a # first\n  exclude:\n    - x\n\n# timing\nwatch: {}\n",
                "roots:\n- path: /a # first\n  exclude:\n    - x\n- path: /new\n\n# timing\nwatch: {}\n"
            ),
            (
                "roots:\n    -\n        path: /a\n    - {path: /b}\nwatch: {}",
                "roots:\n    -\n        path: /a\n    - {path: /b}\n    - path: /new\nwatch: {}"
            ),
        ]
    )
    func adds(_ text: String, _ expected: String) throws {
        var edit = try ListEdit(text, of: "roots")
        try edit.add("path: /new")
        #expect(edit.text == expected)
        let problems = ConfigurationProblems()
        let roots = Configuration(parsing: edit.text, problems).roots.map(\.path.value)
        #expect(roots.last == "/new" && problems.all.isEmpty)
    }

    @Test(
        "a path that is no plain scalar comes back as it was",
        arguments: [
            "/a b", "/it's", "/\"quoted\"", "/back\\slash", "/#x", "/a: b", "/ü", "/tab\there", "/new\nline",
        ]
    )
    func quotes(_ path: String) throws {
        var edit = try ListEdit("", of: "roots")
        try edit.add("path: \(YAMLScalar.text(path))")
        let problems = ConfigurationProblems()
        #expect(Configuration(parsing: edit.text, problems).roots.map(\.path.value) == [FilePath(path)])
        #expect(problems.all.isEmpty, "\(problems.all)")
    }

    @Test(
        "removes a root with all of its lines",
        arguments: [
            ("roots:\n  - path: /old\nwatch: {}\n", "roots:\nwatch: {}\n"),
            (
                "roots:\n  - path: /a\n  # the old one\n  - exclude: [x]\n    path: /old\n  - path: /b\n",
                "roots:\n  - path: /a\n  # the old one\n  - path: /b\n"
            ),
            ("roots:\n  - path: /old\n    exclude:\n      - x\n\n# end\n", "roots:\n\n# end\n"),
        ]
    )
    func removes(_ text: String, _ expected: String) throws {
        var edit = try ListEdit(text, of: "roots")
        let isRemoved = try edit.remove { $0.mapping?["path"]?.scalar?.string == "/old" }
        #expect(isRemoved && edit.text == expected)
        let isOther = try edit.remove { $0.mapping?["path"]?.scalar?.string == "/other" }
        #expect(!isOther)
    }

    @Test(
        "a list in one line is left to its author",
        arguments: ["roots: [{path: /a}]", "{roots: [{path: /a}]}"]
    )
    func oneLine(_ text: String) throws {
        var edit = try ListEdit(text, of: "roots")
        #expect(throws: ListEdit.Obstacle.isWrittenInOneLine(line: 1)) { try edit.add("path: /new") }
        #expect(edit.text == text)
    }

    @Test("a remote is added and removed beside roots, and stays as it was given")
    func remotes() throws {
        var remote = Configuration.Remote(name: "offsite", url: "s3://bucket/prefix")
        remote.set(
            endpoint: "https://s3.example.org",
            region: "eu-1",
            usesPathStyle: true,
            certificates: "/etc/ca.pem",
            every: .seconds(30),
            recipients: ["holdfast1abc"],
            key: "/root/key"
        )
        var edit = try ListEdit("roots:\n  - path: /a\n", of: "remotes")
        try edit.add(remote.yaml)
        let problems = ConfigurationProblems()
        let read = Configuration(parsing: edit.text, problems)
        #expect(problems.all.isEmpty, "\(problems.all)")
        #expect(read.remotes.map(\.yaml) == [remote.yaml] && read.roots.count == 1)
        var back = try ListEdit(edit.text, of: "remotes")
        let isRemoved = try back.remove { $0.mapping?["name"]?.scalar?.string == "offsite" }
        #expect(isRemoved && back.text == "roots:\n  - path: /a\nremotes:\n")
    }
}
