import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The same of remotes that a server has: what a quiet time costs there, and what its outage costs here.
@Suite(
    "Public faults of remotes: servers",
    .serialized,
    .enabled(if: S3Server.isAvailable(.weed), "needs weed in $PATH or $HOLDFAST_S3_SERVERS")
)
struct PublicFaultsOfServedRemotesTests {
    /// A watcher that ships to a server, through a relay.
    private final class Served {
        let protection: Protection
        let relay: Relay
        let watcher: RunningProgram
        private let server: S3Server

        init(databases: [String] = []) throws {
            protection = try Protection()
            for name in databases {
                try SQLite3.sql(
                    "CREATE TABLE t(b); INSERT INTO t VALUES(1);",
                    on: protection.data + "/" + name
                )
            }
            server = try S3Server.start(.weed)
            relay = try Relay(to: server)
            let environment = protection.environment.merging(
                ["AWS_ACCESS_KEY_ID": server.accessKey, "AWS_SECRET_ACCESS_KEY": server.secretKey]
            ) { $1 }
            let configuration = ["--config", protection.folder.file("config.yaml")]
            try protection.holdfast("watch", "--once", protection.data)
            let added = try HoldfastProgram.run(
                [
                    "remote", "add", "offsite", "s3://\(server.bucket)/copy", "--endpoint", relay.endpoint,
                    "--every", "1s",
                ] + configuration,
                environment: environment
            )
            guard added.status == 0 else { throw CommandFailure(command: "remote add", result: added) }
            self.configuration = configuration
            self.environment = environment
            watcher = try HoldfastProgram.start(
                ["watch", protection.data] + configuration,
                environment: environment
            )
            try watcher.waitForError { $0.hasPrefix("ready") }
            try waitUntilShipped()
        }

        deinit {
            watcher.kill()
            server.stop()
        }

        let configuration: [String]
        private let environment: [String: String]

        func waitUntilShipped() throws { try protection.waitUntilShipped(to: "offsite", configuration) }

        /// The database as the remote has it.
        func restored() throws -> String {
            let copy = protection.folder.file("restored.db")
            let cache = ["XDG_CACHE_HOME": protection.folder.file("cache")]
            let result = try HoldfastProgram.run(
                ["restore", protection.database, "--from", "offsite", "--at", "latest", "--output", copy]
                    + configuration,
                environment: environment.merging(cache) { $1 }
            )
            guard result.status == 0 else { throw CommandFailure(command: "restore", result: result) }
            return try SQLite3.sql(".dump", on: copy)
        }
    }

    @Test("while nothing changes, several databases cost no request; a commit costs puts alone")
    func idle() throws {
        // benbjohnson/litestream#234
        let names = ["b.db", "c.db", "d.db"]
        let served = try Served(databases: names)
        let before = served.relay.received
        #expect(before.contains { $0.contains("PUT ") }, "\(before)")
        // Reads and syncs go on for several of the intervals in which changes are shipped.
        let end = MonotonicInstant.now.advanced(by: .seconds(4))
        while MonotonicInstant.now < end {
            for name in names {
                try SQLite3.sql("SELECT count(*) FROM t;", on: served.protection.data + "/" + name)
            }
            try served.protection.sync()
        }
        #expect(served.relay.received == before)
        try SQLite3.sql("INSERT INTO t VALUES(2);", on: served.protection.data + "/c.db")
        try served.waitUntilShipped()
        let news = served.relay.received.dropFirst(before.count).filter { $0.contains(" HTTP/1.1") }
        #expect(
            !news.isEmpty && news.allSatisfy { $0.contains("PUT ") && $0.contains("/stream/") },
            "\(news)"
        )
    }

    @Test("the server is away while thousands commit: memory does not grow, and all is shipped afterwards")
    func outage() throws {
        // tursodatabase/libsql#639
        let served = try Served()
        let protection = served.protection
        let child = try #require(try served.watcher.childProcess(with: "push"))
        served.relay.stop()
        // In the first rounds a batch of 8 MiB is made, encoded and tried.
        var (first, most) = (0, 0)
        let commits = Array(repeating: "INSERT INTO t(b) VALUES(randomblob(12000));", count: 500)
        for round in 0..<6 {
            try SQLite3.sql("PRAGMA synchronous=OFF;" + commits.joined(), on: protection.database)
            try protection.sync()
            let now = try RunningProgram.anonymousMemoryBytes(of: child)
            if round < 3 { first = max(first, now) } else { most = max(most, now) }
        }
        print("RssAnon in the first rounds \(first >> 10) KiB, later at most \(most >> 10) KiB")
        #expect(most < max(first, 30 << 20) + 8 << 20, "\(first) bytes, then \(most)")
        let (sequence, remotes) = try protection.remoteStatus(served.configuration)
        let lagging = try #require(remotes["offsite"])
        #expect(lagging.sequence < sequence && lagging.lag_ms > 0, "\(lagging)")
        try served.relay.start()
        try served.waitUntilShipped()
        #expect(served.watcher.isRunning)
        #expect(try RunningProgram.anonymousMemoryBytes(of: child) > 0, "the same process ships")
        #expect(try served.restored() == SQLite3.sql(".dump", on: protection.database))
    }
}
