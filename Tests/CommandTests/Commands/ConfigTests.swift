import Foundation
import TestSupport
import Testing

/// The configuration as the program finds it, checks it and shows it.
@Suite("The configuration")
struct ConfigTests {
    private static let text = """
        repository: /srv/holdfast
        roots:
          - path: /srv/a b
            exclude: ["cache/**"]
            retention: {within: 48h, daily: 7, max-size: 20G}
          - path: /srv/c
            retention: all
        watch: {debounce: 10ms}

        """

    private func configuration(
        _ text: String,
        in folder: TemporaryDirectory,
        named name: String = "config.yaml"
    ) throws -> String {
        let path = try folder.write(Array(text.utf8), to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        return path
    }

    @Test("is right: said so, with status 0; none is needed")
    func right() throws {
        try withTemporaryDirectory { folder in
            let path = try configuration(Self.text, in: folder)
            let result = try HoldfastProgram.run(["config", "check", "--config", path])
            #expect(result.status == 0 && result.stderr.contains("is right: 2 roots"), "\(result)")
            let none = try HoldfastProgram.run(
                ["config", "check"],
                environment: ["XDG_CONFIG_HOME": folder.file("none")]
            )
            #expect(none.status == 0 && none.stderr.contains("none is needed"), "\(none)")
        }
    }

    @Test("a relative name is one in the working directory, and add makes the file")
    func relativeName() throws {
        try withTemporaryDirectory { folder in
            let result = try HoldfastProgram.run(
                ["add", folder.file("data"), "--config", "new.yaml"],
                environment: ["HOLDFAST_REPO": folder.file("repository")],
                directory: folder.path
            )
            #expect(result.status == 0 && folder.exists("new.yaml"), "\(result)")
        }
    }

    @Test("is wrong: each problem on a line of its own, as text and as JSON, with status 64")
    func wrong() throws {
        try withTemporaryDirectory { folder in
            let path = try configuration("repositry: /a\nwatch:\n  debounce: soon\n", in: folder)
            let result = try HoldfastProgram.run(["config", "check", "--config", path])
            #expect(result.status == 64)
            let lines = result.stdout.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines[0] == "\(path):1: repositry is no setting: did you mean repository?")
            #expect(lines[1].hasPrefix("\(path):3: watch.debounce is 'soon', not a length of time"))
            let json = try HoldfastProgram.run(
                ["config", "check", "--json"],
                environment: ["HOLDFAST_CONFIG": path]
            )
            #expect(
                json.status == 64 && json.stdout.contains(#""line":3,"message":"watch.debounce"#),
                "\(json)"
            )
            // Nothing else works with half of it.
            let other = try HoldfastProgram.run(["log", "--config", path])
            #expect(other.status == 64 && other.stderr.contains("\(path):1: repositry"), "\(other)")
            #expect(other.stderr.contains("1 of 2 problems: see holdfast config check --config"), "\(other)")
        }
    }

    @Test("is refused if it is missing, no file, or could be changed by others")
    func refused() throws {
        try withTemporaryDirectory { folder in
            let path = try configuration(Self.text, in: folder)
            func stderr(_ path: String) throws -> String {
                let result = try HoldfastProgram.run(["config", "show", "--config", path])
                #expect(result.status == 64 && result.stdout == "", "\(result)")
                return result.stderr
            }
            #expect(try stderr(folder.file("none")).contains("there is no configuration file"))
            #expect(try stderr(folder.path).contains("is no configuration file"))
            #expect(try stderr("/dev/zero").contains("is no configuration file"))
            try FileManager.default.setAttributes([.posixPermissions: 0o660], ofItemAtPath: path)
            #expect(try stderr(path).contains("can be changed by other users: run chmod go-w"))
            let binary = try folder.write([0x61, 0x3A, 0x20, 0x62, 0x0A, 0xFF, 0xFE], to: "binary.yaml")
            #expect(try stderr(binary).contains("binary.yaml:2: is not UTF-8"))
        }
    }

    @Test("is shown with the origin of each setting, in a form that is a configuration itself")
    func shown() throws {
        try withTemporaryDirectory { folder in
            let path = try configuration(Self.text, in: folder)
            let shown = try HoldfastProgram.run(["config", "show", "--config", path]).stdout
            #expect(shown.contains(#"  - path: "/srv/a b""#) && shown.contains("retention: all"), "\(shown)")
            let again = try configuration(shown, in: folder, named: "again.yaml")
            #expect(try HoldfastProgram.run(["config", "show", "--config", again]).stdout == shown)

            let origins = try HoldfastProgram.run(
                ["config", "show", "--origin", "--config", path],
                environment: ["HOLDFAST_REPO": "/r"]
            ).stdout
            #expect(origins.contains(#/repository: /r +# \$HOLDFAST_REPO\n/#), "\(origins)")
            #expect(origins.contains(#/debounce: 10ms +# .*config\.yaml:\d+\n/#), "\(origins)")
            #expect(origins.contains(#/max-delay: 100ms +# default\n/#), "\(origins)")
        }
    }

    @Test("names the repository, unless an option or the environment does")
    func precedence() throws {
        try withTemporaryDirectory { folder in
            let path = try configuration("repository: /r1\n", in: folder)
            let cases: [([String], [String: String], String)] = [
                ([], ["HOLDFAST_CONFIG": path], "/r1 is not"),
                (["--config", path], ["HOLDFAST_CONFIG": "/nonexistent"], "/r1 is not"),
                (["--config", path], ["HOLDFAST_REPO": "/r2"], "/r2 is not"),
                (["--config", path, "--repo", "/r3"], ["HOLDFAST_REPO": "/r2"], "/r3 is not"),
            ]
            for (arguments, environment, expected) in cases {
                let result = try HoldfastProgram.run(arguments + ["log"], environment: environment)
                #expect(result.status == 10 && result.stderr.contains(expected), "\(result)")
            }
        }
    }

    /// Settings that are wrong only for those who use them, with the line and the beginning of what is said.
    /// DIR is a directory, with the repository in it.
    private static let unusableSettings = [
        ("remotes:\n  - {name: a, url: 's3:///'}", "2: remotes[1].url: no bucket in the URL: write s3://"),
        ("remotes:\n  - {name: a, url: 's3://bucket?x'}", "2: remotes[1].url: the URL of a bucket is"),
        ("remotes:\n  - {name: a, url: 'ftp://host/x'}", "2: remotes[1].url is 'ftp://host/x', not the URL"),
        ("remotes:\n  - {name: a, url: 'file:///mnt/../x'}", "2: remotes[1].url: a remote needs a directory"),
        (
            "remotes:\n  - name: a\n    url: s3://bucket\n    recipients: [holdfast1abc]",
            "4: remotes[1].recipients: recipient 1: a recipient with a typing error: copy the whole text"
        ),
        (
            "remotes:\n  - name: a\n    url: s3://bucket\n    recipients: [HOLDFAST-SECRET-1abc]",
            "4: remotes[1].recipients: recipient 1: a secret key where a recipient belongs: give holdfast1…\n"
        ),
        ("remotes:\n  - {name: a, url: 's3://b.c', endpoint: 'http://h/p'}", "2: remotes[1].endpoint: 'http"),
        ("remotes:\n  - {name: a, url: 's3://b.c', region: eu.1}", "2: remotes[1].region: 'eu.1' cannot be"),
        ("remotes:\n  - {name: a, url: 's3://bucket', limit-upload: 0}", "2: remotes[1].limit-upload is 0: "),
        ("roots:\n  - path: DIR/repository", "2: the root DIR/repository is the repository, which is not"),
        (
            "roots:\n  - path: DIR/repository/a",
            "2: the root DIR/repository/a is in the repository DIR/repo"
        ),
        ("roots:\n  - path: DIR/a\n  - path: DIR/a", "3: the root DIR/a is named twice: name it once"),
        (
            "roots:\n  - path: DIR/a\n  - path: DIR/a/b/../b",
            "3: the root DIR/a/b is inside of the root DIR/a, which is protected as a whole: name one of"
        ),
        (
            "roots:\n  - path: DIR/a\nremotes:\n  - {name: n, url: 'file://DIR/a/rem'}",
            "4: remotes[1].url: the directory DIR/a/rem is in the root DIR/a: name one outside of roots and"
        ),
        (
            "roots:\n  - path: DIR/a/b\nremotes:\n  - {name: n, url: 'file://DIR/a'}",
            "4: remotes[1].url: the directory DIR/a contains the root DIR/a/b: name one outside"
        ),
        (
            "remotes:\n  - {name: n, url: 'file://DIR/repository'}",
            "2: remotes[1].url: the directory DIR/repository is the repository DIR/repository: name one"
        ),
        (
            "remotes:\n  - {name: n, url: 'file://DIR'}",
            "2: remotes[1].url: the directory DIR contains the repository DIR/repository: name one"
        ),
        (
            "remotes:\n  - {name: a, url: 'file:///x'}\n  - {name: b, url: 'file:///%78'}",
            "3: remotes[2].url: the remote a has this URL already: give each one of its own"
        ),
    ]

    @Test(
        "is wrong for those who use it: check and watch say the same, and nothing starts",
        arguments: unusableSettings
    )
    func unusable(_ text: String, _ problem: String) throws {
        try withTemporaryDirectory { folder in
            let path = try configuration(text.replacing("DIR", with: folder.path) + "\n", in: folder)
            let environment = ["HOLDFAST_REPO": folder.file("repository")]
            let check = try HoldfastProgram.run(
                ["config", "check", "--config", path],
                environment: environment
            )
            let expected = "\(path):\(problem.replacing("DIR", with: folder.path))"
            #expect(check.status == 64 && check.stdout.hasPrefix(expected), "\(check)")
            #expect(check.stdout.count { $0.isNewline } == 1, "\(check)")
            let watch = try HoldfastProgram.run(["watch", "--config", path], environment: environment)
            #expect(watch.status == 64 && watch.stdout == "", "\(watch)")
            #expect(watch.stderr == "holdfast: \(check.stdout)", "\(watch)")
        }
    }

    @Test(
        "may have what only check warns of: a watcher protects all the same",
        arguments: [
            (
                "roots:\n  - path: DIR/a.db\n    retention: {max-size: 0}",
                "3: roots[1].retention.max-size is 0, which no history keeps to"
            ),
            (
                "roots: [{path: DIR/a.db}]\nwatch: {debounce: 200ms}",
                "2: watch.debounce is 200ms, but max-delay is 100ms: make max-delay 200ms"
            ),
            (
                "roots: [{path: DIR/a.db}]\nwatch:\n  max-delay: 1s\n  debounce: 2s",
                "4: watch.debounce is 2s, but max-delay is 1s"
            ),
        ]
    )
    func warnings(_ text: String, _ warning: String) throws {
        try withTemporaryDirectory { folder in
            let path = try configuration(text.replacing("DIR", with: folder.path) + "\n", in: folder)
            let environment = ["HOLDFAST_REPO": folder.file("repository"), "HOLDFAST_CONFIG": path]
            let check = try HoldfastProgram.run(["config", "check"], environment: environment)
            #expect(check.status == 0 && check.stdout == "", "\(check)")
            #expect(check.stderr.contains("\(path):\(warning)"), "\(check)")
            try SQLite3.sql("CREATE TABLE t(a);", on: folder.file("a.db"))
            let watch = try HoldfastProgram.run(["watch", "--once"], environment: environment)
            #expect(watch.status == 0, "\(watch)")
        }
    }

    @Test("may have a short max-delay alone, and a root that holds the repository")
    func usable() throws {
        try withTemporaryDirectory { folder in
            let text = "roots: [{path: \(folder.path)}]\nwatch: {max-delay: 10ms}\n"
            let check = try HoldfastProgram.run(
                ["config", "check", "--config", configuration(text, in: folder)],
                environment: ["HOLDFAST_REPO": folder.file("repository")]
            )
            #expect(check.status == 0, "\(check)")
        }
    }

    @Test("may have two remotes of one bucket's name, on two servers")
    func twoServers() throws {
        try withTemporaryDirectory { folder in
            let remotes = ["a", "b"].map {
                "  - {name: \($0), url: 's3://bucket', endpoint: 'https://\($0).example.org'}\n"
            }
            let path = try configuration("remotes:\n\(remotes.joined())", in: folder)
            let check = try HoldfastProgram.run(["config", "check", "--config", path])
            #expect(check.status == 0, "\(check)")
        }
    }

    @Test("calls a remote by its place in the file, also behind one that cannot be read")
    func places() throws {
        try withTemporaryDirectory { folder in
            let text = "remotes:\n  - {name: a b, url: 's3://x'}\n  - {name: ok, url: 's3:///p'}\n"
            let path = try configuration(text, in: folder)
            let check = try HoldfastProgram.run(["config", "check", "--config", path])
            let lines = check.stdout.split(separator: "\n")
            try #require(check.status == 64 && lines.count == 2, "\(check)")
            #expect(lines[0].hasPrefix("\(path):2: remotes[1].name is 'a b'"), "\(check)")
            #expect(lines[1].hasPrefix("\(path):3: remotes[2].url: no bucket"), "\(check)")
        }
    }

    @Test("names a path that a symbolic link leads into a root: another root, or a remote")
    func links() throws {
        try withTemporaryDirectory { folder in
            let (root, link, other) = (folder.file("a"), folder.file("link"), folder.file("other"))
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
            for path in [link, other] {
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: root)
            }
            let text = """
                roots:
                  - path: \(root)
                  - path: \(link)
                  - path: \(link)/b
                remotes:
                  - {name: n, url: "file://\(other)/rem"}

                """
            let path = try configuration(text, in: folder)
            let check = try HoldfastProgram.run(["config", "check", "--config", path])
            let lines = check.stdout.split(separator: "\n")
            try #require(check.status == 64 && lines.count == 3, "\(check)")
            #expect(lines[0].contains("yaml:3: the root \(link) is the root \(root) by another name"))
            #expect(lines[1].contains("yaml:4: the root \(link)/b is inside of the root \(link)"), "\(check)")
            #expect(
                lines[2].contains(
                    "yaml:6: remotes[1].url: the directory \(other)/rem is in the root \(root):"
                )
            )
        }
    }

    @Test("is not made wrong by add of a root's other name, or of what is in it or around it")
    func addTwice() throws {
        try withTemporaryDirectory { folder in
            let (outer, root, link) = (folder.file("d"), folder.file("d/a"), folder.file("link"))
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: root)
            try SQLite3.sql("CREATE TABLE t(a);", on: folder.file("d/a/a.db"))
            let text = "roots:\n  - path: \(root)\n"
            let path = try configuration(text, in: folder)
            let environment = ["HOLDFAST_REPO": folder.file("repository"), "HOLDFAST_CONFIG": path]
            let refusals = [
                link: "holdfast: the root \(link) is the root \(root) by another name: name one of them\n",
                root + "/b": "holdfast: the root \(root)/b is inside of the root \(root), which is protected",
                outer: "holdfast: the root \(root) is inside of the root \(outer), which is protected",
            ]
            for (argument, expected) in refusals {
                let refused = try HoldfastProgram.run(["add", argument], environment: environment)
                #expect(refused.status == 64 && refused.stderr.hasPrefix(expected), "\(refused)")
                #expect(try folder.bytes(of: "config.yaml") == Array(text.utf8))
            }
            let watch = try HoldfastProgram.run(["watch", "--once"], environment: environment)
            #expect(watch.status == 0, "\(watch)")
        }
    }

    @Test("is not made wrong by add, and one that is wrong is not changed")
    func addRefused() throws {
        try withTemporaryDirectory { folder in
            let repository = folder.file("repository")
            func add(_ root: String, to path: String) throws -> CommandResult {
                let environment = ["HOLDFAST_REPO": repository]
                return try HoldfastProgram.run(["add", root, "--config", path], environment: environment)
            }
            let refused = try add(repository, to: folder.file("new.yaml"))
            #expect(refused.status == 64 && refused.stderr.contains("is the repository"), "\(refused)")
            #expect(!folder.exists("new.yaml"))
            let text = "remotes: [{name: a, url: 's3:///'}]\n"
            let wrong = try add(folder.file("data"), to: configuration(text, in: folder))
            #expect(wrong.status == 64 && wrong.stderr.contains("config.yaml:1: remotes[1].url"), "\(wrong)")
            #expect(try folder.bytes(of: "config.yaml") == Array(text.utf8))
        }
    }

    private func run(_ arguments: String..., in folder: TemporaryDirectory) throws -> CommandResult {
        try HoldfastProgram.run(
            arguments + ["--config", folder.file("config.yaml")],
            environment: ["HOLDFAST_REPO": folder.file("repository")]
        )
    }

    @Test("lets roots and remotes go although something else is wrong, and says what is left")
    func removeFromWrong() throws {
        try withTemporaryDirectory { folder in
            let (one, two) = (folder.file("one"), folder.file("two"))
            let rest = "  - path: \(two)\nwotch: {}\nremotes:\n"
            let remote = "  - {name: nas, url: 'file:///mnt/nas', regoin: eu}\n"
            let front = "# mine\nroots:\n"
            let wrong = "  - path: \(one)\n    retention: {dayly: 7}\n"
            _ = try configuration(front + wrong + rest + remote, in: folder)
            let unknown = try run("remove", folder.file("three"), in: folder)
            #expect(unknown.status == 64 && unknown.stderr.contains("config.yaml:4: "), "\(unknown)")

            let removed = try run("remove", one, in: folder)
            #expect(removed.status == 0 && removed.stdout.contains("protected no longer"), "\(removed)")
            let left = "wrong, and no watcher starts with it: \(folder.file("config.yaml"))"
            #expect(removed.stderr.contains("\(left):4: wotch is no setting"), "\(removed)")
            #expect(removed.stderr.contains("(1 of 2 problems: "), "\(removed)")
            #expect(try folder.bytes(of: "config.yaml") == Array((front + rest + remote).utf8))

            let shipped = try run("remote", "remove", "nas", in: folder)
            #expect(shipped.status == 0 && shipped.stderr.contains("\(left):4: wotch is"), "\(shipped)")
            #expect(try folder.bytes(of: "config.yaml") == Array((front + rest).utf8))
        }
    }

    /// What an alias stands for would go with the root.
    @Test(
        "stays as it is if it is no YAML, or if it would be none without the root",
        arguments: [
            ("roots:\n  - path: /a\n  - {", "is no YAML"),
            (
                "roots:\n  - path: /a\n    exclude: &x [b]\n  - path: /c\n    exclude: *x\nwotch: {}\n",
                "cannot be changed here"
            ),
        ]
    )
    func removeRefused(_ text: String, _ reason: String) throws {
        try withTemporaryDirectory { folder in
            _ = try configuration(text, in: folder)
            let refused = try run("remove", "/a", in: folder)
            #expect(refused.status == 64 && refused.stderr.contains(reason), "\(refused)")
            #expect(try folder.bytes(of: "config.yaml") == Array(text.utf8))
        }
    }
}
