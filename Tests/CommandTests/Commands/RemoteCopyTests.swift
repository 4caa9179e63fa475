import Foundation
import TestSupport
import Testing

/// What a command with `--from` fetches, and keeps.
@Suite("Reading a remote")
struct RemoteCopyTests {
    /// A small and a large database in one root, a file in another one, and the remote that has both.
    private let protection: Protection
    private let large: String
    private let other: String
    private let elsewhere: TemporaryDirectory

    init() throws {
        elsewhere = try TemporaryDirectory()
        protection = try Protection()
        large = protection.data + "/large.db"
        // The first image of a database of more than 4 MiB is a base. One is of zeros.
        try SQLite3.sql("INSERT INTO t(b) VALUES(zeroblob(5000000));", on: protection.database)
        try SQLite3.sql("CREATE TABLE t(b); INSERT INTO t VALUES(randomblob(6000000));", on: large)
        other = protection.folder.file("other.txt")
        try Data("other".utf8).write(to: URL(fileURLWithPath: other))
        try protection.holdfast("watch", "--once", protection.data)
        try protection.holdfast("watch", "--once", other)
        try protection.holdfast(["remote", "add", "nas", url] + options)
        try protection.holdfast(["push"] + options)
    }

    private var url: String { "file://" + protection.folder.file("remote") }
    private var options: [String] { ["--config", protection.folder.file("config.yaml")] }

    private func environment(_ cacheSize: String? = nil) -> [String: String] {
        var environment = [
            "HOLDFAST_REPO": elsewhere.file("none"), "XDG_CACHE_HOME": elsewhere.file("cache"),
        ]
        environment["HOLDFAST_CACHE_SIZE"] = cacheSize
        return environment
    }

    private func run(_ arguments: String..., cacheSize: String? = nil) throws -> CommandResult {
        try HoldfastProgram.run(arguments + ["--from", url], environment: environment(cacheSize))
    }

    private func expectRestored(_ database: String, cacheSize: String? = nil) throws {
        let copy = elsewhere.file("copy-\(UInt64.random(in: 0 ... .max)).db")
        let result = try run("restore", database, "-o", copy, cacheSize: cacheSize)
        #expect(result.status == 0, "\(result)")
        #expect(try SQLite3.sql(".dump", on: copy) == SQLite3.sql(".dump", on: database))
    }

    /// The files in the cache whose paths contain that.
    private func cached(_ part: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: elsewhere.file("cache"))
            .filter { $0.contains(part) && !$0.contains("/described/") }.map { elsewhere.file("cache/\($0)") }
    }

    private func bases() throws -> [String] { try cached("/bases/") }

    private func size(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
    }

    @Test("only the base of the database is fetched, and only its root")
    func needed() throws {
        try expectRestored(protection.database)
        #expect(try bases().count == 1 && bases().allSatisfy { try size($0) < 100_000 })
        #expect(try cached("root.json").count == 1)
        let log = try run("log", large, "--json")
        #expect(log.status == 0 && log.stdout.contains("large.db"), "\(log)")
        #expect(try bases().count == 1)
        let file = try run("restore", other, "-o", elsewhere.file("other.txt"))
        #expect(file.status == 0 && elsewhere.exists("other.txt"), "\(file)")
        #expect(try cached("root.json").count == 2)
        let check = try run("check", "--read-data")
        #expect(check.status == 0, "\(check)")
        #expect(try bases().contains { try size($0) > 2_000_000 }, "a check reads all")
    }

    private struct Sizes: Decodable, Equatable {
        let snapshots: Int
        let segment_bytes: Int
        let base_bytes: Int
        let restore_read_bytes: Int
    }

    @Test("find, stats and recoveries tell of the remote what they tell of the repository")
    func readers() throws {
        let commit = { (sql: String) in
            try SQLite3.sql(sql, on: protection.database)
            try protection.holdfast("watch", "--once", protection.data)
        }
        try commit("INSERT INTO t VALUES(2, 'gone');")
        try commit("DELETE FROM t WHERE i = 2;")
        try protection.holdfast("rows", "restore", "t", "2", protection.database, "--at", "latest~1")
        try commit("DELETE FROM t WHERE i = 2;")
        try protection.holdfast(["push"] + options)

        let sizes = { (result: CommandResult) in
            let line = try #require(result.lines.first, "\(result)")
            return try JSONDecoder().decode(Sizes.self, from: Data(line.utf8))
        }
        let stats = try sizes(run("stats", protection.data, "--json"))
        #expect(try stats == sizes(protection.holdfast("stats", protection.data, "--json")))
        #expect(try stats.base_bytes > 4_000_000 && bases().isEmpty, "no base is read for that")
        for command in [
            ["recoveries", protection.data, "--json"],
            ["find", "t", protection.database, "--deleted", "--json"],
        ] {
            let remote = try HoldfastProgram.run(command + ["--from", url], environment: environment())
            let local = try protection.holdfast(command)
            #expect(remote.status == 0 && remote.lines.count == 1, "\(remote)")
            #expect(remote.stdout == local.stdout)
        }
        let found = try run("find", "t", protection.database, "--deleted")
        let advice = #/  (holdfast restore .* --at [0-9]+ --output FILE --from .*)\n/#
        #expect(found.stdout.firstMatch(of: advice) != nil, "\(found)")
    }

    @Test("a drill is shown and not recorded: the copy stays as the remote has it, without mirrors")
    func drill() throws {
        let drill = try run("drill", protection.data)
        #expect(drill.status == 0 && drill.stdout.contains("all was right"), "\(drill)")
        let segment = try #require(try cached("/segments/").first)
        let name = segment.split(separator: "/").suffix(4).joined(separator: "/")
        let copied = try #require(FileManager.default.contents(atPath: segment))
        #expect(try protection.folder.bytes(of: "repository/" + name).starts(with: copied))
        #expect(try cached("/mirror").isEmpty)
        let list = try run("drill", "--list", protection.data)
        #expect(list.status == 0 && list.stdout.isEmpty, "\(list)")
    }

    @Test("what is damaged in the cache is fetched again, each kind of file")
    func damaged() throws {
        try expectRestored(large)
        for part in ["/bases/", "/segments/", "/root.json", "/durable", "/remote-state", "/repository.json"] {
            let file = try #require(try cached(part).first, "\(part)")
            let half = try size(file) / 2
            for damage in [
                "truncate -s \(half) '\(file)'", "rm '\(file)'",
                "printf damaged | dd of='\(file)' bs=1 seek=\(half) conv=notrunc status=none",
            ] {
                let content = FileManager.default.contents(atPath: file)
                try protection.shell(damage)
                let damaged = FileManager.default.contents(atPath: file)
                #expect(damaged != content, "\(damage)")
                try expectRestored(large)
                #expect(FileManager.default.contents(atPath: file) != damaged, "\(damage)")
            }
            #expect(try bases().count == 1, "\(part)")
        }
        let check = try run("check", "--read-data")
        #expect(check.status == 0, "\(check)")
    }

    @Test("the cache takes no more than HOLDFAST_CACHE_SIZE, apart from what the command needs itself")
    func bounded() throws {
        try expectRestored(large, cacheSize: "1M")
        try expectRestored(protection.database)
        #expect(try bases().count == 2)
        try expectRestored(protection.database, cacheSize: "1M")
        #expect(try bases().count == 1 && bases().allSatisfy { try size($0) < 100_000 })
        try expectRestored(large, cacheSize: "1M")
        let wrong = try run("log", large, cacheSize: "much")
        #expect(wrong.status == 64 && wrong.stderr.contains("HOLDFAST_CACHE_SIZE"), "\(wrong)")
    }

    @Test("a root that was not used goes as well, unless another process reads it")
    func unused() throws {
        let restoreOther = {
            let copy = elsewhere.file("\(UInt64.random(in: 0 ... .max)).txt")
            let result = try run("restore", other, "-o", copy)
            #expect(result.status == 0 && FileManager.default.fileExists(atPath: copy), "\(result)")
        }
        try restoreOther()
        let use = try #require(try cached("/used/").first)
        let reader = try hold(use, "LOCK_SH")
        try expectRestored(protection.database, cacheSize: "0")
        #expect(try cached("root.json").count == 2)
        reader.kill()
        try expectRestored(protection.database, cacheSize: "0")
        #expect(try cached("root.json").count == 1)
        try restoreOther()
        #expect(try cached("root.json").count == 2)
    }

    /// Has a lock as another command has it, until it is killed.
    private func hold(_ path: String, _ lock: String) throws -> RunningProgram {
        let script = """
            import fcntl, os, signal, sys
            file = os.open(sys.argv[1], os.O_RDONLY)
            fcntl.flock(file, getattr(fcntl, sys.argv[2]))
            print("ready", flush=True)
            signal.pause()
            """
        let program = try RunningProgram(
            "/usr/bin/python3",
            ["-c", script, path, lock],
            environment: HoldfastProgram.environment()
        )
        try program.waitForOutput { $0 == "ready" }
        return program
    }

    @Test("a command that waits while another one changes the copy says so once, and then goes on")
    func waits() throws {
        let first = try run("log", large, "--json")
        #expect(first.status == 0 && !first.stderr.contains("waiting"), "\(first)")
        let file = try #require(try cached("/repository.json").first)
        let directory = URL(fileURLWithPath: file).deletingLastPathComponent().path
        let holder = try hold(directory, "LOCK_EX")
        let second = try HoldfastProgram.start(
            ["log", large, "--json", "--from", url],
            environment: environment()
        )
        let said = "holdfast: another process updates the copy of \(url) in \(directory): waiting for it"
        try second.waitForError { $0 == said }
        holder.kill()
        let result = try second.waitForEnd()
        #expect(result.status == 0 && result.stdout == first.stdout, "\(result)")
        #expect(result.stderr.split(separator: "\n").count { $0.contains("waiting") } == 1, "\(result)")
    }

    @Test("commands at the same time get what they want while the remote goes on")
    func atOnce() throws {
        for round in 1...6 {
            if round == 4 { try FileManager.default.removeItem(atPath: elsewhere.file("cache")) }
            try SQLite3.sql("INSERT INTO t VALUES(randomblob(5000));", on: large)
            try protection.holdfast("watch", "--once", protection.data)
            try protection.holdfast(["push"] + options)
            let programs = try (1...3).map { number in
                let copy = elsewhere.file("\(round)-\(number).db")
                // The bound removes what the others have fetched.
                let size = number == 3 ? "0" : nil
                let program = try HoldfastProgram.start(
                    ["restore", large, "-o", copy, "--from", url],
                    environment: environment(size)
                )
                return (copy, program)
            }
            for (copy, program) in programs {
                let result = try program.waitForEnd()
                #expect(result.status == 0, "\(round): \(result)")
                #expect(try SQLite3.sql(".dump", on: copy) == SQLite3.sql(".dump", on: large))
            }
        }
    }
}
