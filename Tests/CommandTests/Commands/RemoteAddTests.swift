import Foundation
import TestSupport
import Testing

/// What `remote add` refuses. Catches a remote that was begun before it was refused: how it is written
/// cannot be changed any more.
@Suite("Adding a remote")
struct RemoteAddTests {
    private let protection: Protection

    init() throws {
        protection = try Protection()
        try protection.holdfast("watch", "--once", protection.data)
    }

    private var folder: TemporaryDirectory { protection.folder }
    private var options: [String] { ["--config", folder.file("config.yaml")] }

    private func url(_ name: String) -> String { "file://" + folder.file(name) }

    @discardableResult
    private func add(_ arguments: String..., expecting status: Int32 = 0) throws -> CommandResult {
        try protection.holdfast(["remote", "add"] + arguments + options, expecting: status)
    }

    @Test(
        "a value that no configuration can have is refused, with what to write, before anything is begun",
        arguments: [
            (["my nas", "URL"], "remotes[1].name is 'my nas', not a name (letters, digits, - and .): write"),
            (["nas", "URL", "--every", "0s"], "remotes[1].every is 0s: 1s to 24h is possible"),
            (["nas", "URL", "--limit-upload", "0"], "remotes[1].limit-upload is 0: 1 byte or more"),
            (["nas", "URL/r e"], "remotes[1].url has a space or a control character: wr"),
            (["nas", "URL", "--recipient", "holdfast1abc"], "--recipient: a recipient with a typing error"),
            (
                ["nas", "s3://bucket/p", "--endpoint", "host:9000"],
                "--endpoint: 'host:9000' cannot be an endpoint: write https://HOST or https://HOST:PORT"
            ),
            (["nas", "s3://bucket/p", "--endpoint", "http://"], "--endpoint: 'http://' cannot be an end"),
            (["nas", "s3://bucket/p", "--region", "eu 1"], "--region: 'eu 1' cannot be a region: letters"),
        ]
    )
    func wrongValue(_ arguments: [String], _ expected: String) throws {
        let words = arguments.map { $0.replacing("URL", with: url("remote")) }
        let refused = try protection.holdfast(["remote", "add"] + words + options, expecting: 64)
        #expect(refused.stderr.hasPrefix("holdfast: \(expected)"), "\(refused)")
        #expect(!folder.exists("remote") && !folder.exists("config.yaml"))
        // Nothing was decided that cannot be changed.
        let key = try protection.holdfast("key", "generate", "--output", folder.file("key"))
        let recipient = key.stdout.trimmingCharacters(in: .newlines)
        try add("nas", url("remote"), "--recipient", recipient)
    }

    @Test("a name that is taken is refused before anything is begun, and so is another name for a URL")
    func taken() throws {
        try add("nas", url("remote"))
        let text = try folder.bytes(of: "config.yaml")
        let name = try add("nas", url("other"), expecting: 1)
        #expect(name.stderr.contains("has a remote nas already: holdfast remote remove nas"), "\(name)")
        #expect(!folder.exists("other"))
        let again = try add("copy", url("remote"), expecting: 64)
        #expect(again.stderr.contains("remotes[2].url: the remote nas has this URL already"), "\(again)")
        #expect(try folder.bytes(of: "config.yaml") == text)
    }

    @Test("a directory in the repository or a root is refused, also behind a link, and nothing is made in it")
    func inside() throws {
        let link = folder.file("link")
        try FileManager.default.createSymbolicLink(
            atPath: link,
            withDestinationPath: folder.file("repository")
        )
        for name in ["repository", "repository/remote", "link/remote", "link"] {
            let refused = try add("nas", url(name), expecting: 64)
            let expected = "the repository \(folder.file("repository")): name one outside"
            #expect(refused.stderr.contains(expected), "\(refused)")
        }
        #expect(!folder.exists("repository/holdfast_remote") && !folder.exists("repository/remote"))
        try protection.holdfast(["add", protection.data] + options)
        let refused = try add("nas", url("data/remote"), expecting: 64)
        #expect(refused.stderr.contains("is in the root \(protection.data): name"), "\(refused)")
        #expect(!folder.exists("data/remote"))
        try protection.holdfast(["check", "--read-data"])
    }

    @Test("a remote in a root that only the command line names is left out of it")
    func leftOut() throws {
        try protection.watch()
        try add("nas", url("data/remote"))
        try protection.watcher?.waitForError { $0.contains("/remote is a remote of holdfast: left out: ") }
        let before = try protection.sync()
        try protection.holdfast(["push"] + options)
        #expect(try protection.sync() == before)
        #expect(folder.exists("data/remote/roots"))
        try protection.stop()
    }

    @Test("a key file that is named from the working directory is found from any other one")
    func relativeKey() throws {
        let key = folder.file("key")
        try protection.holdfast("key", "generate", "--output", key)
        let added = try HoldfastProgram.run(
            ["remote", "add", "nas", url("remote"), "--key", "key"] + options,
            environment: protection.environment,
            directory: folder.path
        )
        #expect(added.status == 0, "\(added)")
        try protection.holdfast(["push"] + options)
    }
}
