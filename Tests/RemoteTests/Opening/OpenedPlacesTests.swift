import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SystemPackage
import TestSupport
import Testing

@testable import Remote
@testable import RepositoryWriter

/// Real directories and servers.
@Suite("Opening a directory")
struct OpenedDirectoryTests {
    private func settings(_ path: String) -> RemoteSettings { RemoteSettings(url: "file://\(path)") }

    @Test("makes it only if asked; an unmounted disk is not taken for a new remote")
    func creates() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("disk/remote")
            let opening = try RemoteOpening.once(settings(path))
            await expect(.noSuchRemote, path, "mounted?") { _ = try await opening.write() }
            await expect(.noSuchRemote, path, "mounted?") { _ = try await opening.openForReading() }
            #expect(!directory.exists("disk"))
            let access = try await opening.openForWriting(Sample.repository, host: "here", mayCreate: true)
            #expect(access.hasConditions && access.address.hasPrefix("file://\(path), created "))
            #expect(try await RemoteOpening.once(settings(path)).write().address == access.address)
            #expect(try await opening.openForReading().roots() == [])
            // As if its disk were unmounted.
            _ = try Command.run("mv", [directory.file("disk/remote"), directory.file("away")])
            _ = try Command.run("mkdir", [path])
            await expect(.noSuchRemote, path, "mounted?") { _ = try await opening.write() }
        }
    }

    @Test("of another repository is refused, and another directory is named")
    func other() async throws {
        try await withTemporaryDirectory { directory in
            let opening = try RemoteOpening.once(settings(directory.file("remote")))
            _ = try await opening.openForWriting(Sample.repository, host: "here", mayCreate: true)
            let other = RepositoryID("00112233445566778899aabbccddeeff")!
            await expect(.otherWriter, "file://\(directory.file("remote-2"))") {
                _ = try await opening.write(other)
            }
        }
    }
}

@Suite("Opening a bucket")
struct OpenedBucketTests {
    private static let variables = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "swordfish"]

    @Test("without a network says where, why and what to check")
    func unreachable() async throws {
        var settings = RemoteSettings(url: "s3://bucket/prefix")
        settings.endpoint = "http://127.0.0.1:\(try S3Server.freePorts(1)[0])"
        let opening = try RemoteOpening.once(settings, Self.variables)
        await expect(.unavailable, "s3://bucket/prefix at http://127.0.0.1:", "refused", "check the network")
        {
            _ = try await opening.write()
        }
        settings.endpoint = "http://holdfast.invalid"
        await expect(.unavailable, "holdfast.invalid cannot be resolved", "check the network") {
            _ = try await RemoteOpening.once(settings, Self.variables).openForReading()
        }
    }

    @Test("in the wrong region says the right one")
    func region() async throws {
        let server = try ScriptedServer(
            "HTTP/1.1 301 X\r\nx-amz-bucket-region: eu-west-1\r\nContent-Length: 0\r\n\r\n"
        )
        var settings = RemoteSettings(url: "s3://bucket/prefix")
        settings.endpoint = server.endpoint
        let opening = try RemoteOpening.once(settings, Self.variables)
        await expect(.failed, "s3://bucket/prefix", "is in the region eu-west-1, not us-east-1", "change") {
            _ = try await opening.write()
        }
    }

    @Test("needs a region at AWS, which the environment may name, and credentials")
    func environment() async throws {
        let settings = RemoteSettings(url: "s3://bucket/prefix")
        await expect(.failed, "no region", "AWS_REGION") {
            _ = try RemoteOpening.once(settings, Self.variables)
        }
        let opening = try RemoteOpening.once(settings, ["AWS_REGION": "eu-west-1"])
        #expect(opening.place == "s3://bucket/prefix at https://s3.eu-west-1.amazonaws.com")
        await expect(.forbidden, "no credentials", "AWS_ACCESS_KEY_ID") { _ = try await opening.write() }
    }

    @Test("never shows a password of an endpoint")
    func endpoint() async {
        var settings = RemoteSettings(url: "s3://bucket/prefix")
        settings.endpoint = "https://user:swordfish@host"
        let error = #expect(throws: RemoteError.self) { try RemoteOpening.once(settings, Self.variables) }
        #expect(error?.description.contains("swordfish") == false)
    }
}

@Suite(
    "Opening SeaweedFS",
    .enabled(if: S3Server.isAvailable(.weed), "needs weed in $PATH or $HOLDFAST_S3_SERVERS"),
    .served(by: .weed)
)
struct OpenedSeaweedTests {
    let server: S3Server

    init() throws { server = try #require(SharedServer.current) }

    @Test("finds that it refuses a name that is taken")
    func twice() async throws {
        let opening = try server.opening("twice")
        let access = try await opening.write()
        #expect(access.hasConditions)
        #expect(try await opening.write().address == access.address)
        #expect(try await server.store("twice").names() == ["remote.json"])
    }

    @Test("lists the roots of more than a page")
    func roots() async throws {
        let opening = try server.opening("roots")
        let access = try await opening.write()
        let roots = [1, 0x10, 0xffff].map { RootID($0) }
        for root in roots {
            for number in UInt64(1)...(root == roots[0] ? 1_010 : 2) {
                try await access.store.put(ObjectNames.batch(root, BatchID(BatchNumber(number))), [1])
            }
            try await access.store.put(ObjectNames.data(root, BatchNumber(1), session: 9, index: 1), [1])
        }
        #expect(try await opening.openForReading().roots() == roots)
    }

    @Test("says what is wrong with the credentials or the bucket, of which remote, and what to do")
    func refused() async throws {
        let place = "s3://holdfast-test/refused at \(server.endpoint)"
        await expect(.forbidden, place, "SignatureDoesNotMatch", "check AWS_SECRET_ACCESS_KEY") {
            _ = try await server.opening("refused", secretKey: "swordfish").write()
        }
        await expect(.forbidden, place, "SignatureDoesNotMatch") {
            _ = try await server.opening("refused", secretKey: "swordfish").openForReading()
        }
        await expect(.noSuchRemote, "s3://never-made/p at", "no bucket never-made", "create it") {
            _ = try await server.opening("p", bucket: "never-made").write()
        }
        await expect(.noSuchRemote, place, "remote.json") {
            _ = try await server.opening("refused").openForReading()
        }
    }

    @Test("ships a root, sealed, over several starts, and fetches it again")
    func endToEnd() async throws {
        try await ServedRoot(server).run()
    }
}

@Suite(
    "Opening rclone",
    .enabled(if: S3Server.isAvailable(.rclone), "needs rclone 1.65 in $PATH or $HOLDFAST_S3_SERVERS"),
    .served(by: .rclone)
)
struct OpenedRcloneTests {
    let server: S3Server

    init() throws { server = try #require(SharedServer.current) }

    @Test("finds that it overwrites a name that is taken")
    func twice() async throws {
        let opening = try server.opening("twice")
        let access = try await opening.write()
        #expect(!access.hasConditions)
        #expect(try await opening.write().address == access.address)
        #expect(try await server.store("twice").names() == ["remote.json"])
    }

    @Test("ships a root, sealed, over several starts, and fetches it again")
    func endToEnd() async throws {
        try await ServedRoot(server).run()
    }
}

/// A root that is shipped to a server, encrypted, as the program does it.
private struct ServedRoot {
    let server: S3Server
    private let secret = SecretKey()
    private let shipped: ShippedRoot

    init(_ server: S3Server) throws {
        self.server = server
        shipped = try ShippedRoot(segmentLimit: 1_000)
    }

    func run() async throws {
        try await withTemporaryDirectory { directory in
            let key = try privateFile(secret.revealedText, "key", in: directory)
            let opening = try server.opening("root", recipients: [secret.recipient])
            var seed: UInt64 = 0
            for start in 1...3 {
                let access = try await opening.write()
                let shipper = try await RootShipper.open(access, shipped.root)
                for _ in 1...2 {
                    seed += 1
                    try shipped.record("secretname", content(30_000, seed: seed))
                    try await shipper.ship()
                }
                #expect(shipper.state.batch.number == BatchNumber(UInt64(2 * start)))
            }
            // What is compacted goes as an object of its own.
            try RootCompaction(shipped.root).run()
            try await RootShipper.open(opening.write(), shipped.root).ship()
            let reader = try await opening.openForReading(keyFile: key)
            #expect(try await reader.roots() == [shipped.root.id])
            let state = try await shipped.expectRestorable(reader)
            #expect(state.lastSequence == SequenceNumber(seed))
            #expect(state.segments.values.contains { $0.object != nil })
            try await expectOneWriter(opening)
            try await shipped.expectRestorable(reader)
            let blind = try await opening.openForReading()
            await expect(.wrongKey) { try await shipped.expectRestorable(blind) }
        }
    }

    /// A copy of the machine ships the same number; one of the two stops.
    private func expectOneWriter(_ opening: RemoteOpening) async throws {
        let clone = try Clone(of: shipped)
        let one = try await RootShipper.open(opening.write(), shipped.root)
        let other = try await RootShipper.open(opening.write(), clone.root)
        try shipped.record("secretname", content(30_000, seed: 100))
        try clone.record("secretname", content(30_000, seed: 200))
        try await one.ship()
        await expect(.otherWriter) { try await other.ship() }
    }
}
