import Foundation
import TestSupport
import Testing

/// A protected database that the real program ships to directories, as mounted disks would be. Of each
/// snapshot the truth is known: the database file as it was then.
final class OffsiteCopy {
    let protection: Protection
    private(set) var truth: [Int: Data] = [:]

    /// `remotes`: their names, in the order of the configuration.
    init(_ remotes: String...) throws {
        protection = try Protection()
        try capture()
        for name in remotes {
            try protection.holdfast(
                ["remote", "add", name, url(name), "--every", "1s"] + configuration
            )
        }
    }

    var configuration: [String] { ["--config", protection.folder.file("config.yaml")] }

    func directory(_ remote: String) -> String { protection.folder.file("remote-\(remote)") }

    private func url(_ remote: String) -> String { "file://" + directory(remote) }

    /// Commits a row of so many bytes that cannot be compressed, and has it captured.
    func commit(bytes: Int = 100) throws {
        try SQLite3.sql("INSERT INTO t(b) VALUES(randomblob(\(bytes)));", on: protection.database)
        try capture()
    }

    private func capture() throws {
        try protection.holdfast("watch", "--once", protection.data)
        try note()
    }

    /// What the database is now is the truth of its last snapshot.
    func note() throws {
        truth[try #require(protection.snapshots().last?.sequence)] = try protection.live("a.db")
    }

    @discardableResult
    func push(_ arguments: String..., expecting status: Int32 = 0) throws -> CommandResult {
        try protection.holdfast(["push"] + arguments + configuration, expecting: status)
    }

    @discardableResult
    func check(_ remote: String, expecting status: Int32 = 0) throws -> CommandResult {
        try protection.holdfast(
            ["remote", "check", remote, "--read-data"] + configuration,
            expecting: status
        )
    }

    /// Restores on a machine that has nothing but the URL.
    func restore(
        from remote: String,
        at when: String = "latest",
        _ options: String...
    ) throws -> (result: CommandResult, image: Data?) {
        let elsewhere = try TemporaryDirectory()
        let copy = elsewhere.file("copy.db")
        let result = try HoldfastProgram.run(
            ["restore", protection.database, "--from", url(remote), "--at", when, "--output", copy] + options,
            environment: [
                "HOLDFAST_REPO": elsewhere.file("none"), "XDG_CACHE_HOME": elsewhere.file("cache"),
            ]
        )
        return (result, FileManager.default.contents(atPath: copy))
    }

    /// Each snapshot that the repository has is restored from the remote as it was.
    func expectRestorable(from remote: String, line: Int = #line) throws {
        let sequences = try protection.snapshots().compactMap(\.sequence)
        #expect(!sequences.isEmpty)
        for when in sequences.map(String.init) + ["latest"] {
            let (result, image) = try restore(from: remote, at: when)
            let expected = truth[Int(when) ?? sequences.last ?? 0]
            #expect(result.status == 0 && image == expected, "\(when), line \(line): \(result)")
        }
    }

    /// The objects of a remote by their names.
    func objects(_ remote: String) throws -> [String: Data] {
        let directory = directory(remote)
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory)
        let contents = names.filter { !$0.hasPrefix("holdfast_remote") }.compactMap { name in
            FileManager.default.contents(atPath: directory + "/" + name).map { (name, $0) }
        }
        return Dictionary(uniqueKeysWithValues: contents)
    }

    /// The names of its objects in that part of a root.
    func names(_ remote: String, in part: String) throws -> [String] {
        try objects(remote).keys.filter { $0.contains("/\(part)/") }.sorted()
    }

    func remove(_ object: String, from remote: String) throws {
        try FileManager.default.removeItem(atPath: directory(remote) + "/" + object)
    }

    /// What `status` says of the remotes, by their names.
    func status() throws -> (sequence: Int, remotes: [String: RemoteStatus]) {
        try protection.remoteStatus(configuration)
    }
}

struct RemoteStatus: Decodable {
    let name: String
    let lag_ms: Int
    let sequence: Int
    let error: String?

    fileprivate struct Root: Decodable {
        let sequence: Int
        let remotes: [RemoteStatus]?
    }
}

extension Protection {
    /// What `status` says of the remotes, by their names.
    func remoteStatus(
        _ configuration: [String]
    ) throws -> (sequence: Int, remotes: [String: RemoteStatus]) {
        let text = try status(["--json"] + configuration).stdout
        let root = try JSONDecoder().decode(RemoteStatus.Root.self, from: Data(text.utf8))
        return (root.sequence, Dictionary(uniqueKeysWithValues: (root.remotes ?? []).map { ($0.name, $0) }))
    }

    /// Waits until the remote has acknowledged all that is durable now. Returns the sequence of that.
    @discardableResult
    func waitUntilShipped(to remote: String, _ configuration: [String]) throws -> Int {
        let sequence = try sync()
        try wait(for: "\(remote) to have snapshot \(sequence)") {
            let status = try remoteStatus(configuration).remotes[remote]
            return status.map { $0.sequence >= sequence && $0.lag_ms == 0 && $0.error == nil } ?? false
        }
        return sequence
    }
}
