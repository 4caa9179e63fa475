import SystemPackage
import Testing

@testable import Settings

/// Roots are added to a text that a person wrote, and removed from it.
@Suite("Editing the list of roots")
struct RootListEditTests {
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
        var edit = try RootListEdit(text)
        try edit.add("/new")
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
        var edit = try RootListEdit("")
        try edit.add(FilePath(path))
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
        var edit = try RootListEdit(text)
        let isRemoved = try edit.remove("/old")
        #expect(isRemoved && edit.text == expected)
        #expect(try !edit.remove("/other"))
    }

    @Test(
        "a list in one line is left to its author",
        arguments: ["roots: [{path: /a}]", "{roots: [{path: /a}]}"]
    )
    func oneLine(_ text: String) throws {
        var edit = try RootListEdit(text)
        #expect(throws: RootListEdit.Obstacle.isWrittenInOneLine(line: 1)) { try edit.add("/new") }
        #expect(edit.text == text)
    }
}
