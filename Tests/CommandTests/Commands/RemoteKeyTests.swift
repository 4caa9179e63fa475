import Foundation
import TestSupport
import Testing

/// Keys of an encrypted copy off the machine: they change, and go with what they have sealed.
@Suite("Keys of remotes")
struct RemoteKeyTests {
    private let protection: Protection
    private let elsewhere: TemporaryDirectory

    init() throws {
        protection = try Protection()
        elsewhere = try TemporaryDirectory()
        try capture()
    }

    private var options: [String] { ["--config", protection.folder.file("config.yaml")] }
    private var url: String { "file://" + protection.folder.file("remote") }

    private func capture() throws {
        try SQLite3.sql("INSERT INTO t(b) VALUES(randomblob(100));", on: protection.database)
        try protection.holdfast("watch", "--once", protection.data)
    }

    private func push(_ arguments: String...) throws {
        try protection.holdfast(["push"] + arguments + options)
    }

    /// A new key: its file, and its recipient.
    private func makeKey(_ name: String) throws -> (file: String, recipient: String) {
        let file = protection.folder.file(name)
        let result = try protection.holdfast("key", "generate", "--output", file)
        return (file, result.stdout.trimmingCharacters(in: .newlines))
    }

    private func add(_ recipient: String) throws {
        try protection.holdfast(["remote", "add", "nas", url, "--recipient", recipient] + options)
    }

    /// Restores the database on a machine that has only the URL and the key.
    private func read(_ key: String, expecting status: Int32 = 0, line: Int = #line) throws {
        let place = elsewhere.file("\(UInt64.random(in: 0 ... .max))")
        let result = try HoldfastProgram.run(
            ["restore", protection.database, "--from", url, "--key", key, "-o", place + ".db"],
            environment: ["HOLDFAST_REPO": elsewhere.file("none"), "XDG_CACHE_HOME": place]
        )
        #expect(result.status == status, "line \(line): \(result)")
        guard status == 0 else { return }
        #expect(try SQLite3.sql(".dump", on: place + ".db") == SQLite3.sql(".dump", on: protection.database))
    }

    private func keyObjects() throws -> Set<String> {
        let directory = protection.folder.file("remote/keys")
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        return Set(try FileManager.default.contentsOfDirectory(atPath: directory))
    }

    private struct Rewrapped: Decodable, Equatable {
        let written: Int
        let unchanged: Int
        let failed: Int
    }

    private func rewrap(_ key: String, expecting status: Int32 = 0) throws -> Rewrapped {
        let arguments = ["key", "rewrap", "nas", "--json", "--key", key] + options
        let result = try protection.holdfast(arguments, expecting: status)
        return try JSONDecoder().decode(Rewrapped.self, from: Data(result.stdout.utf8))
    }

    @Test("after a change of keys the old one reads nothing new; the new one reads all, once rewrapped")
    func rotated() throws {
        let (old, new) = (try makeKey("old"), try makeKey("new"))
        try add(old.recipient)
        try push()
        try read(old.file)
        try protection.holdfast(["remote", "remove", "nas"] + options)
        try add(new.recipient)
        try capture()
        try push()
        for key in [old, new] { try read(key.file, expecting: 12) }

        let both = protection.folder.file("both")
        try protection.shell("umask 077; cat '\(old.file)' '\(new.file)' > '\(both)'")
        try read(both)
        let stranger = try makeKey("stranger")
        #expect(try rewrap(stranger.file, expecting: 12) == Rewrapped(written: 0, unchanged: 0, failed: 2))
        #expect(try rewrap(old.file, expecting: 3) == Rewrapped(written: 1, unchanged: 0, failed: 1))
        #expect(try rewrap(both) == Rewrapped(written: 0, unchanged: 2, failed: 0))
        try read(old.file, expecting: 12)
        try read(new.file)
        #expect(try rewrap(new.file) == Rewrapped(written: 0, unchanged: 2, failed: 0))
        try protection.holdfast(["remote", "check", "nas", "--read-data", "--key", new.file] + options)
        let plain = try protection.holdfast(
            ["key", "rewrap", "nas", "--key", protection.folder.file("none")] + options,
            expecting: 12
        )
        #expect(plain.stderr.contains(protection.folder.file("none")), "\(plain)")
        let keyless = try protection.holdfast(["key", "rewrap", "nas"] + options, expecting: 64)
        #expect(keyless.stderr.contains("--key FILE"), "\(keyless)")
    }

    @Test("with the recipient alone a watcher ships, makes drills and is well; readers are told of the key")
    func shippingOnly() throws {
        let key = try makeKey("key")
        try add(key.recipient)
        let watcher = try protection.startWatching(options + ["--drill-interval", "1s"])
        try watcher.waitForError { $0.contains("drill of snapshot") && $0.contains("all was right") }
        let isWell = {
            let status = try protection.status(options)
            return status.status == 0 && status.stdout.contains("remote nas: has all up to snapshot")
        }
        try wait(for: "all to be shipped and well", until: isWell)

        let cache = ["XDG_CACHE_HOME": elsewhere.file("cache")]
        let environment = protection.environment.merging(cache) { $1 }
        for command in [["drill", protection.data, "--from", "nas"], ["remote", "check", "nas"]] {
            let refused = try HoldfastProgram.run(command + options, environment: environment)
            #expect(refused.status == 12 && refused.stderr.contains(" is sealed for recipient "))
            #expect(refused.stderr.contains("(--key FILE), here or on a machine that has it\n"), "\(refused)")
            let done = try HoldfastProgram.run(
                command + ["--key", key.file] + options,
                environment: environment
            )
            #expect(done.status == 0, "\(done)")
        }
        #expect(try isWell())
        try protection.stop()
    }

    @Test("a start that ships nothing leaves no key, and prune removes those of what is gone")
    func pruned() throws {
        let key = try makeKey("key")
        try add(key.recipient)
        #expect(try keyObjects().isEmpty)
        for count in 1...2 {
            if count > 1 { try capture() }
            for _ in 1...3 { try push() }
            #expect(try keyObjects().count == count)
        }
        let former = try keyObjects()
        // All is shipped anew: nothing needs what is there.
        try push("--take-over")
        let last = try keyObjects().subtracting(former)
        #expect(last.count == 1)
        let prune = ["remote", "prune", "nas", "--key", key.file] + options
        try protection.holdfast(prune)
        #expect(try keyObjects() == former.union(last), "within the grace")
        let aging = ["-type", "f", "-exec", "touch", "-d", "3 days ago", "{}", "+"]
        _ = try Command.run("find", [protection.folder.file("remote")] + aging)
        // The last one is newer than the others, as it was.
        let newest = protection.folder.file("remote/keys/\(try #require(last.first))")
        try protection.shell("touch -d '2 days ago' '\(newest)'")
        let result = try protection.holdfast(prune)
        #expect(result.stdout.contains("2 keys without content removed"), "\(result)")
        #expect(try keyObjects() == last)
        try read(key.file)
        try capture()
        try push()
        try read(key.file)
        try protection.holdfast(["remote", "check", "nas", "--read-data", "--key", key.file] + options)
    }
}
