import Foundation
import TestSupport
import Testing

/// Objects of a remote that are gone or damaged: who finds it, and what it says to do.
@Suite("Lost objects of remotes", .serialized)
struct LostObjectsTests {
    private struct ErrorLine: Decodable {
        let error: String
        let status: Int32
        let advice: String?
    }

    private func lastLine(of result: CommandResult) throws -> ErrorLine {
        let line = try #require(result.stdout.split(separator: "\n").last, "\(result)")
        return try JSONDecoder().decode(ErrorLine.self, from: Data(line.utf8))
    }

    /// A machine that has only what commands with `--from` have fetched.
    private struct Elsewhere {
        let place: TemporaryDirectory
        let url: String

        init(_ directory: String) throws {
            (place, url) = (try TemporaryDirectory(), "file://" + directory)
        }

        func run(_ arguments: String..., expecting status: Int32 = 0) throws -> CommandResult {
            try run(arguments, expecting: status)
        }

        func run(_ arguments: [String], expecting status: Int32 = 0) throws -> CommandResult {
            let result = try HoldfastProgram.run(
                arguments + ["--from", url],
                environment: [
                    "HOLDFAST_REPO": place.file("none"), "XDG_CACHE_HOME": place.file("cache"),
                ]
            )
            #expect(result.status == status, "\(arguments): \(result)")
            return result
        }
    }

    @Test("all key objects are gone: nothing says that the copy has all, and a take-over mends it")
    func keys() throws {
        let protection = try Protection()
        let folder = protection.folder
        let options = ["--config", folder.file("config.yaml")]
        let key = folder.file("key")
        let recipient = try protection.holdfast("key", "generate", "--output", key).stdout
            .trimmingCharacters(in: .newlines)
        try protection.holdfast("watch", "--once", protection.data)
        let remote = folder.file("remote")
        try protection.holdfast(
            ["remote", "add", "nas", "file://\(remote)", "--recipient", recipient] + options
        )
        for _ in 1...2 {
            try SQLite3.sql("INSERT INTO t(b) VALUES(randomblob(100));", on: protection.database)
            try protection.holdfast("watch", "--once", protection.data)
            try protection.holdfast(["push"] + options)
        }
        let elsewhere = try Elsewhere(remote)
        let log = try elsewhere.run("log", "--json", "--key", key).stdout
        try protection.shell("rm \(remote)/keys/*")
        let command = "run holdfast push nas --take-over"
        for arguments in [["push"], ["push", "nas"], ["sync", "--remote"]] {
            let refused = try protection.holdfast(arguments + options, expecting: 4)
            #expect(refused.stderr.contains("keys/") && refused.stderr.contains(command), "\(refused)")
            #expect(refused.stderr.split(separator: "\n").count { $0.contains("keys/") } == 1, "\(refused)")
            #expect(!refused.stdout.contains("has all"), "\(refused)")
            let line = try lastLine(
                of: protection.holdfast(arguments + ["--json"] + options, expecting: 4)
            )
            #expect(line.status == 4 && line.error.contains("keys/"), "\(line)")
            #expect(line.advice?.contains(command) == true, "\(line)")
        }
        let status = try protection.status(options)
        #expect(status.status == 1 && status.stdout.contains(command), "\(status)")
        #expect(!status.stdout.contains("has all up to"), "\(status)")
        let check = try protection.holdfast(
            ["remote", "check", "nas", "--key", key] + options,
            expecting: 4
        )
        #expect(check.stdout.contains("keys/") && check.stdout.contains(command), "\(check)")
        #expect(!check.stdout.contains("it had all up to"), "\(check)")
        let gone = try elsewhere.run("log", "--key", key, expecting: 4)
        #expect(gone.stderr.contains("keys/") && gone.stderr.contains("--take-over"), "\(gone)")

        try protection.holdfast(["push", "nas", "--take-over"] + options)
        try protection.holdfast(["remote", "check", "nas", "--read-data", "--key", key] + options)
        #expect(try elsewhere.run("log", "--json", "--key", key).stdout == log)
        #expect(try protection.holdfast(["push"] + options).stderr.isEmpty)
    }

    @Test("a damaged index is named, and what the remote has is restored without it")
    func index() throws {
        let copy = try OffsiteCopy("nas")
        for _ in 0..<3 {
            try copy.commit()
            try copy.push()
        }
        let index = try #require(copy.names("nas", in: "index").first)
        try Data("damaged".utf8).write(to: URL(fileURLWithPath: copy.directory("nas") + "/" + index))
        let (result, image) = try copy.restore(from: "nas")
        #expect(result.status == 0 && image == copy.truth.max { $0.key < $1.key }?.value, "\(result)")
        #expect(result.stderr.contains(index), "\(result)")
        let check = try copy.check("nas", expecting: 4)
        #expect(check.stdout.contains("error: \(index): ") && check.stdout.contains(": 1 error"), "\(check)")
        #expect(!check.stdout.contains("it had all up to"), "\(check)")
        try copy.expectRestorable(from: "nas")
        // What is behind is said in time that people read.
        try copy.commit()
        let status = try copy.protection.status(copy.configuration).stdout
        let line = try #require(status.split(separator: "\n").first { $0.contains("remote nas: ") })
        #expect(line.contains(", behind for ") && !line.contains("second"), "\(status)")
    }

    @Test("a drill and a check of the data find what is gone from the remote, though it is in the cache")
    func cached() throws {
        let copy = try OffsiteCopy("nas")
        for _ in 0..<3 { try copy.commit(bytes: 10_000) }
        try copy.protection.holdfast("forget", "--keep-last", "1", copy.protection.data)
        try copy.push()
        let elsewhere = try Elsewhere(copy.directory("nas"))
        _ = try elsewhere.run("drill")
        _ = try elsewhere.run("check", "--read-data")
        let objects = try copy.names("nas", in: "data")
        try #require(!objects.isEmpty)
        for name in objects {
            let content = try #require(copy.objects("nas")[name])
            try copy.remove(name, from: "nas")
            // What was fetched serves those that only read.
            _ = try elsewhere.run("log")
            for arguments in [["check", "--read-data"], ["drill"]] {
                let found = try elsewhere.run(arguments, expecting: 4)
                #expect("\(found)".contains(name) && "\(found)".contains("--take-over"), "\(found)")
            }
            try content.write(to: URL(fileURLWithPath: copy.directory("nas") + "/" + name))
        }
        _ = try elsewhere.run("drill")
    }

    @Test("a directory that is named in the configuration only: status says once where it is, and what to do")
    func unmade() throws {
        let protection = try Protection()
        let remote = protection.folder.file("remote")
        let text = "remotes:\n  - {name: nas, url: \"file://\(remote)\", every: 1s}\n"
        let path = try protection.folder.write(Array(text.utf8), to: "config.yaml")
        try protection.shell("chmod 600 \(path); mkdir \(remote)")
        let options = ["--config", path]
        try protection.startWatching(options).waitForError { $0.hasPrefix("ready") }
        let advice = "if it is new: holdfast push nas"
        try wait(for: "the error") {
            try protection.remoteStatus(options).remotes["nas"]?.error?.contains(advice) == true
        }
        let status = try protection.status(options).stdout
        #expect(status.contains("remote nas: file://\(remote): ") && status.contains(advice), "\(status)")
        try protection.holdfast(["push", "nas"] + options)
        #expect(try protection.remoteStatus(options).remotes["nas"]?.error == nil)
        try protection.stop()
    }
}
