import Foundation
import TestSupport
import Testing

/// A copy off the machine, in a directory as a mounted disk would be one.
@Suite("Remotes")
struct RemoteTests {
    private struct Pushed: Decodable {
        let remote: String
        let root: String
        let sequence: Int
        let batches: Int
    }

    private struct Status: Decodable {
        struct Remote: Decodable {
            let name: String
            let lag_ms: Int
            let sequence: Int
            let error: String?
        }
        let sequence: Int
        let remotes: [Remote]?
    }

    private func protection() throws -> Protection {
        let protection = try Protection()
        try protection.watch()
        for value in 1...3 {
            try SQLite3.sql("INSERT INTO t(b) VALUES('first \(value)')", on: protection.database)
            try protection.sync()
        }
        return protection
    }

    private func url(_ protection: Protection) -> String { "file://" + protection.folder.file("remote") }

    private func options(_ protection: Protection) -> [String] {
        ["--config", protection.folder.file("config.yaml")]
    }

    private func add(_ protection: Protection, _ arguments: String...) throws {
        let all = ["remote", "add", "nas", url(protection)] + arguments + options(protection)
        try protection.holdfast(all)
    }

    @Test("what is pushed is restored on a machine that has nothing but the URL")
    func restores() throws {
        let protection = try protection()
        try add(protection)
        let result = try protection.holdfast(["push", "--json"] + options(protection))
        let pushed = try JSONDecoder().decode(Pushed.self, from: Data(result.stdout.utf8))
        #expect(pushed.remote == "nas" && pushed.root == protection.data && pushed.batches == 1)
        try protection.stop()

        let elsewhere = try TemporaryDirectory()
        let copy = elsewhere.file("copy.db")
        let environment = [
            "HOLDFAST_REPO": elsewhere.file("none"), "XDG_CACHE_HOME": elsewhere.file("cache"),
        ]
        let restored = try HoldfastProgram.run(
            ["restore", protection.database, "--from", url(protection), "--at", "latest", "-o", copy],
            environment: environment
        )
        #expect(restored.status == 0, "\(restored)")
        #expect(try SQLite3.sql(".dump", on: copy) == SQLite3.sql(".dump", on: protection.database))
        let log = try HoldfastProgram.run(
            ["log", "--json", "--from", url(protection)],
            environment: environment
        )
        #expect(log.stdout.split(separator: "\n").count == pushed.sequence, "\(log)")
        let check = try HoldfastProgram.run(
            ["check", "--read-data", "--from", url(protection)],
            environment: environment
        )
        #expect(check.status == 0, "\(check)")
        #expect(!FileManager.default.fileExists(atPath: elsewhere.file("none")))
    }

    @Test("a watcher ships what is committed by itself, and status says how far it is")
    func follows() throws {
        let protection = try protection()
        try add(protection, "--every", "1s")
        try protection.stop()
        try protection.startWatching(options(protection)).waitForError { $0.hasPrefix("ready") }
        for value in 1...5 {
            try SQLite3.sql("INSERT INTO t(b) VALUES('later \(value)')", on: protection.database)
            try protection.sync()
        }
        try waitUntilShipped(protection)
    }

    @Test("a running watcher ships to a remote that is added, and no longer to one that is removed")
    func told() throws {
        let protection = try Protection()
        let file = try protection.folder.write([], to: "config.yaml")
        try protection.shell("chmod 600 \(file)")
        let watcher = try protection.startWatching(options(protection))
        try watcher.waitForError { $0.hasPrefix("ready") }
        let remote = ["nas", url(protection), "--every", "1s"]
        let added = try protection.holdfast(["remote", "add"] + remote + options(protection))
        #expect(added.stdout.contains("the running watcher (pid "), "\(added)")
        try commit(protection)
        try waitUntilShipped(protection)
        #expect(try watcher.childProcess(with: "push") != nil)
        let removed = try protection.holdfast(["remote", "remove", "nas"] + options(protection))
        #expect(removed.stderr.contains("ships to it no longer"), "\(removed)")
        try wait(for: "the end of the shipping") { try watcher.childProcess(with: "push") == nil }
        // One that reads another configuration is not told.
        let elsewhere = ["--config", protection.folder.file("other.yaml")]
        let other = try protection.holdfast(["remote", "add"] + remote + elsewhere)
        #expect(other.stdout.contains("a watcher from its next start on"), "\(other)")
        // What the watcher does not take is changed all the same.
        let wrong = ["one", "two"].map { "  - {name: \($0), url: 's3:///'}\n" }.joined()
        try protection.folder.write(Array("remotes:\n\(wrong)".utf8), to: "config.yaml")
        try protection.shell("chmod 600 \(file)")
        let refused = try protection.holdfast(["remote", "remove", "one"] + options(protection))
        #expect(refused.stderr.contains("did not take it: ") && refused.stdout.contains("removed one"))
        try protection.stop()
    }

    private func status(_ protection: Protection) throws -> (sequence: Int, remote: Status.Remote) {
        let text = try protection.status(["--json"] + options(protection)).stdout
        let status = try JSONDecoder().decode(Status.self, from: Data(text.utf8))
        return (status.sequence, try #require(status.remotes?.first))
    }

    private func waitUntilShipped(_ protection: Protection) throws {
        try wait(for: "all to be shipped") {
            let (sequence, remote) = try status(protection)
            return remote.sequence == sequence && remote.lag_ms == 0 && remote.error == nil
        }
    }

    private func commit(_ protection: Protection) throws {
        try SQLite3.sql("INSERT INTO t(b) VALUES('more')", on: protection.database)
        try protection.sync()
    }

    @Test("another machine takes the remote: status is not well; once taken back, the watcher goes on")
    func takenAndTakenBack() throws {
        let protection = try protection()
        try add(protection, "--every", "1s")
        try protection.stop()
        try protection.startWatching(options(protection)).waitForError { $0.hasPrefix("ready") }
        try commit(protection)
        try waitUntilShipped(protection)
        #expect(try protection.status(options(protection)).status == 0)

        let other = try TemporaryDirectory()
        let environment = ["HOLDFAST_REPO": other.file("repository")]
        for arguments in [["adopt", url(protection)], ["push", "--take-over"] + options(protection)] {
            let done = try HoldfastProgram.run(arguments, environment: environment)
            #expect(done.status == 0, "\(done)")
        }
        try commit(protection)
        try wait(for: "status to tell it") { try status(protection).remote.error != nil }
        let lost = try protection.status(options(protection))
        #expect(lost.status == 1 && lost.stdout.hasPrefix("protected, but NOT WELL: "), "\(lost)")
        #expect(lost.stdout.contains("another writer") && lost.stdout.contains("--take-over"), "\(lost)")
        let check = try protection.status(["--check"] + options(protection))
        #expect(check.status == 1 && check.stdout.contains("another writer"), "\(check)")

        try protection.holdfast(["push", "--take-over"] + options(protection))
        try commit(protection)
        try waitUntilShipped(protection)
        #expect(try protection.status(options(protection)).status == 0)
        try protection.stop()
    }

    @Test("a new machine adopts the history and goes on with it; the former one is told")
    func adopts() throws {
        let protection = try protection()
        try add(protection)
        try protection.holdfast(["push"] + options(protection))
        let new = try TemporaryDirectory()
        let environment = ["HOLDFAST_REPO": new.file("repository")]
        let adopted = try HoldfastProgram.run(["adopt", url(protection)], environment: environment)
        #expect(adopted.status == 0, "\(adopted)")
        // The former one goes on, as if it had only been cut off.
        try SQLite3.sql("INSERT INTO t(b) VALUES('here')", on: protection.database)
        try protection.sync()
        try protection.stop()
        let synced = try HoldfastProgram.run(["watch", "--once", protection.data], environment: environment)
        #expect(synced.status == 0, "\(synced)")
        let pushed = try HoldfastProgram.run(
            ["push"] + options(protection),
            environment: environment
        )
        #expect(pushed.status == 0, "\(pushed)")
        let former = try protection.holdfast(["push"] + options(protection), expecting: 12)
        #expect(former.stderr.contains("another writer"), "\(former)")
        try protection.holdfast(["push", "--take-over"] + options(protection))
    }

    @Test("an encrypted remote is read with the key, and with nothing else")
    func encrypted() throws {
        let protection = try protection()
        let key = protection.folder.file("key")
        let recipient = try protection.holdfast("key", "generate", "--output", key).stdout
            .trimmingCharacters(in: .newlines)
        #expect(try protection.holdfast("key", "show", key).stdout.contains(recipient))
        try add(protection, "--recipient", recipient)
        try protection.holdfast(["push"] + options(protection))
        let elsewhere = try TemporaryDirectory()
        let environment = [
            "HOLDFAST_REPO": elsewhere.file("none"), "XDG_CACHE_HOME": elsewhere.file("cache"),
        ]
        let copy = elsewhere.file("copy.db")
        let restore = ["restore", protection.database, "--from", url(protection), "-o", copy]
        let refused = try HoldfastProgram.run(restore, environment: environment)
        #expect(refused.status == 12 && refused.stderr.contains("--key"), "\(refused)")
        let restored = try HoldfastProgram.run(restore + ["--key", key], environment: environment)
        #expect(restored.status == 0, "\(restored)")
        #expect(try SQLite3.sql(".dump", on: copy) == SQLite3.sql(".dump", on: protection.database))
        let found = try Command.run(
            "grep",
            ["-rlaE", "first 1|HOLDSEG1|a\\.db", protection.folder.file("remote")]
        )
        #expect(found.stdout.isEmpty, "\(found)")
    }

    @Test("a remote that is wrong in the configuration hinders no recovery from another one, and is removed")
    func wrongOne() throws {
        let protection = try protection()
        try add(protection)
        try protection.holdfast(["push"] + options(protection))
        try protection.stop()
        let path = protection.folder.file("config.yaml")
        let wrong = try String(contentsOfFile: path, encoding: .utf8) + "  - {name: bad, url: 's3:///'}\n"
        try wrong.write(toFile: path, atomically: false, encoding: .utf8)
        try protection.holdfast(["config", "check"] + options(protection), expecting: 64)
        let copy = protection.folder.file("copy.db")
        let restore = ["restore", protection.database, "--from", "nas", "--at", "latest", "--output", copy]
        try protection.holdfast(restore + options(protection))
        #expect(try SQLite3.sql("SELECT count(*) FROM t", on: copy) == "3\n")
        try protection.holdfast(["remote", "remove", "bad"] + options(protection))
        try protection.holdfast(["config", "check"] + options(protection))
    }

    @Test("what is wrong is said with what to do")
    func wrong() throws {
        let protection = try protection()
        try protection.folder.write([], to: "config.yaml")
        let none = try protection.holdfast(["push"] + options(protection), expecting: 10)
        #expect(none.stderr.contains("remote add"), "\(none)")
        try add(protection)
        try protection.holdfast(["push"] + options(protection))
        let unknown = try protection.holdfast(["push", "nass"] + options(protection), expecting: 10)
        #expect(unknown.stderr.contains("did you mean nas?"), "\(unknown)")
        let missing = try protection.holdfast("log", "--from", "file:///nowhere/at/all", expecting: 10)
        #expect(missing.stderr.contains("/nowhere/at/all"), "\(missing)")
        let inPlace = try protection.holdfast(
            ["restore", protection.database, "--from", "nas", "--in-place", "--at", "1"]
                + options(protection),
            expecting: 64
        )
        #expect(inPlace.stderr.contains("adopt"), "\(inPlace)")
        try protection.holdfast(["remote", "remove", "nas"] + options(protection))
        #expect(try protection.holdfast(["remote", "list"] + options(protection)).stdout.isEmpty)
    }

    @Test("guard runs the command only when the remote has the state before it")
    func guarded() throws {
        let protection = try protection()
        let guarded = ["guard", protection.data, "--remote"] + options(protection)
        let command = ["--", "touch", protection.folder.file("ran")]
        try protection.folder.write([], to: "config.yaml")
        try protection.shell("chmod 600 \(protection.folder.file("config.yaml"))")
        let none = try protection.holdfast(guarded + command, expecting: 10)
        #expect(none.stderr.contains("no remote is configured"), "\(none)")
        #expect(try protection.holdfast("log").stdout.contains("guard-") == false)
        try add(protection)
        try protection.holdfast(["push"] + options(protection))
        try SQLite3.sql("INSERT INTO t(b) VALUES('more')", on: protection.database)
        let done = try protection.holdfast(guarded + ["--json", "--", "true"])
        #expect(done.stdout.split(separator: "\n").count == 1, "\(done)")
        let (sequence, remote) = try status(protection)
        #expect(remote.sequence == sequence && remote.error == nil)
        let place = protection.folder.file("remote")
        try protection.shell("mv \(place) \(place)-away")
        let away = try protection.holdfast(guarded + command, expecting: 10)
        #expect(away.stderr.contains("touch was not run"), "\(away)")
        #expect(!FileManager.default.fileExists(atPath: protection.folder.file("ran")))
        try protection.shell("mv \(place)-away \(place)")
        try protection.holdfast(guarded + command)
        #expect(FileManager.default.fileExists(atPath: protection.folder.file("ran")))
    }

    @Test(
        "check finds what is missing, also the newest part where the repository is; prune says what it would do"
    )
    func checks() throws {
        let protection = try protection()
        try add(protection)
        try protection.holdfast(["push"] + options(protection))
        try SQLite3.sql("INSERT INTO t(b) VALUES('more')", on: protection.database)
        try protection.holdfast(["sync", "--remote"] + options(protection))
        let checked = try protection.holdfast(
            ["remote", "check", "nas", "--read-data"] + options(protection)
        )
        #expect(checked.stdout.contains("no damage"), "\(checked)")
        let pruned = try protection.holdfast(["remote", "prune", "nas", "--dry-run"] + options(protection))
        #expect(pruned.stdout.contains("0 objects"), "\(pruned)")
        let remote = protection.folder.file("remote")
        try protection.shell("rm \(remote)/roots/*/stream/000000000002")
        let lost = try protection.holdfast(["remote", "check", "nas"] + options(protection), expecting: 4)
        #expect(lost.stdout.contains("--take-over"), "\(lost)")
        #expect(lost.stdout.contains(#/: (1 error|[2-9] errors)\n/#), "\(lost)")
        try protection.holdfast(["push", "nas", "--take-over"] + options(protection))
        try protection.holdfast(["remote", "check", "nas", "--read-data", "1/1"] + options(protection))
        try protection.shell("rm -r \(remote)/roots")
        let gone = try protection.holdfast(["remote", "check", "nas"] + options(protection), expecting: 4)
        #expect(gone.stdout.contains("it had all up to snapshot"), "\(gone)")
    }

    @Test("a remote of which somebody removed all, or the newest part, is not touched until one says so")
    func emptied() throws {
        let protection = try protection()
        try add(protection)
        try protection.holdfast(["push"] + options(protection))
        let remote = protection.folder.file("remote")
        try protection.shell("rm -r \(remote)/roots")
        for _ in 1...2 {
            let refused = try protection.holdfast(["push"] + options(protection), expecting: 4)
            #expect(refused.stderr.contains("push nas --take-over"), "\(refused)")
        }
        try protection.holdfast(["push", "--take-over"] + options(protection))
        try protection.holdfast(["remote", "check", "nas", "--read-data"] + options(protection))
        #expect(try protection.holdfast(["push"] + options(protection)).stderr.isEmpty)

        for _ in 1...2 {
            try commit(protection)
            try protection.holdfast(["push"] + options(protection))
        }
        // What is missing of the last one alone would be shipped once more.
        try protection.shell("cd \(remote)/roots/*/stream; rm $(ls | tail -n 2)")
        let refused = try protection.holdfast(["push"] + options(protection), expecting: 4)
        #expect(refused.stderr.contains("push nas --take-over"), "\(refused)")
        #expect(try status(protection).remote.error?.contains("--take-over") == true)
        try protection.holdfast(["push", "--take-over"] + options(protection))
        try protection.holdfast(["remote", "check", "nas", "--read-data"] + options(protection))
        try waitUntilShipped(protection)
    }

    @Test("an adoption that was interrupted goes on, and says how to ship; one that is complete is refused")
    func adoptedTwice() throws {
        let protection = try protection()
        let second = protection.folder.file("second")
        try protection.shell("mkdir \(second); echo text > \(second)/file")
        try protection.holdfast("watch", "--once", second)
        try add(protection)
        try protection.holdfast(["push"] + options(protection))
        let new = try TemporaryDirectory()
        let environment = ["HOLDFAST_REPO": new.file("repository")]
        let adopt = { try HoldfastProgram.run(["adopt", url(protection)], environment: environment) }
        let first = try adopt()
        #expect(first.status == 0 && first.stdout.split(separator: "\n").count == 2, "\(first)")
        #expect(first.stderr.contains("remote add NAME \(url(protection))"), "\(first)")
        let refused = try adopt()
        #expect(refused.status == 1 && refused.stderr.contains("all roots of the remote already"))
        let roots = try FileManager.default.contentsOfDirectory(atPath: new.file("repository/roots"))
        try FileManager.default.removeItem(atPath: new.file("repository/roots/\(roots[0])"))
        let again = try adopt()
        #expect(again.status == 0 && again.stdout.split(separator: "\n").count == 2, "\(again)")
    }

    @Test("a secret in a URL is refused, and never repeated", arguments: [true, false])
    func secrets(isInFile: Bool) throws {
        let protection = try protection()
        let url = "s3://AK:hidden@bucket/prefix"
        if isInFile {
            let text = """
                remotes:
                  - {name: one, url: "\(url)"}
                  - {name: two, url: "s3://bucket", endpoint: "https://user:hidden@host"}
                """
            let path = try protection.folder.write(Array(text.utf8), to: "config.yaml")
            try protection.shell("chmod 600 \(path)")
            let check = try protection.holdfast(["config", "check"] + options(protection), expecting: 64)
            #expect(check.stdout.contains(":2: ") && check.stdout.contains(":3: "), "\(check)")
            #expect(!"\(check)".contains("hidden"), "\(check)")
        } else {
            try protection.folder.write([], to: "config.yaml")
            try protection.shell("chmod 600 \(protection.folder.file("config.yaml"))")
            for arguments in [["log", "--from", url], ["adopt", url], ["remote", "add", "nas", url]] {
                let all = arguments + (arguments[0] == "adopt" ? [] : options(protection))
                let result = try HoldfastProgram.run(all, environment: protection.environment)
                #expect(result.status != 0 && result.stderr.contains("~/.aws/credentials"), "\(result)")
                #expect(!"\(result.stdout)\(result.stderr)".contains("hidden"), "\(result)")
            }
        }
    }
}
