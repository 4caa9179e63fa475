import LinuxSystem
import RepositoryFormat
import RepositoryReader
import TestSupport
import Testing

@testable import Remote

@Suite("Removing keys with which nothing is sealed")
struct KeyPruneTests {
    private let bucket = MemoryBucket()
    private let secret = SecretKey()
    private let shipped: ShippedRoot
    private let grace = Duration.seconds(24 * 3600)

    init() throws { shipped = try ShippedRoot() }

    private var keys: Set<ObjectName> {
        Set(bucket.objects.keys.filter { $0.text.hasPrefix(KeyObjectName.prefix) })
    }

    /// A start of a writer. Returns the key object that it has written.
    @discardableResult
    private func start(_ seed: UInt64, takingOver: Bool = false) async throws -> ObjectName {
        let before = keys
        let opening = try RemoteOpening(FaultStore(bucket, seed: 1), .bucket(secret.recipient))
        let access = try await opening.write()
        try shipped.record("a", bytes(seed))
        try await RootShipper.open(access, shipped.root, takingOver: takingOver).ship()
        bucket.advanceClock(by: .seconds(60))
        return try #require(keys.subtracting(before).first)
    }

    private func reader(_ store: (any RemoteStore)? = nil) async throws -> RemoteAccess {
        try await withTemporaryDirectory { directory in
            let file = try privateFile(secret.revealedText, "key", in: directory)
            return try await RemoteOpening(store ?? FaultStore(bucket, seed: 1, pageCount: 3))
                .openForReading(keyFile: file)
        }
    }

    private func prune(isDryRun: Bool = false) async throws -> KeyPrune.Outcome {
        let access = try await reader()
        if !isDryRun { _ = try await RemotePrune(access.reading(shipped.root.id), grace: grace).run() }
        return try await KeyPrune(access, grace: grace, isDryRun: isDryRun).run()
    }

    /// Three starts, of which the last one begins anew: nothing needs what the first two have sealed.
    private func startThrice() async throws -> [ObjectName] {
        var written: [ObjectName] = []
        for seed in UInt64(1)...3 { written.append(try await start(seed, takingOver: seed == 3)) }
        return written
    }

    @Test("when the objects of a start are gone, so is its key; all that is left can be read")
    func removed() async throws {
        let written = try await startThrice()
        #expect(try await prune() == KeyPrune.Outcome() && keys == Set(written), "within the grace")
        bucket.advanceClock(by: .seconds(25 * 3600))
        let before = bucket.objects
        let dry = try await prune(isDryRun: true)
        #expect(bucket.objects == before && dry == KeyPrune.Outcome(), "the objects are still there")
        let outcome = try await prune()
        #expect(outcome.removed.objects == 2 && outcome.kept.objects == 0)
        #expect(keys == [written[2]])
        try await shipped.expectRestorable(try await reader())
        #expect(try await prune() == KeyPrune.Outcome())
    }

    @Test("a key is kept for a single object, whether anything needs that or not")
    func kept() async throws {
        let written = try await startThrice()
        bucket.advanceClock(by: .seconds(25 * 3600))
        let root = shipped.root.id
        let batch = ObjectNames.batch(root, BatchID(BatchNumber(1)))
        let content = try #require(bucket.object(batch)?.content)
        _ = try await RemotePrune(try await reader().reading(root), grace: grace).run()
        #expect(bucket.object(batch) == nil)
        // As a leftover under a name that nobody needs, in another root.
        let other = ObjectNames.data(RootID(7), BatchNumber(9), session: 1, index: 1)
        bucket.replace(other, by: Array(content.prefix(SealHeader.byteCount)))
        bucket.replace(ObjectNames.data(RootID(7), BatchNumber(9), session: 1, index: 2), by: [1, 2])
        let outcome = try await KeyPrune(try await reader(), grace: grace).run()
        #expect(outcome.removed.objects == 1 && keys == [written[0], written[2]])
    }

    @Test("the newest key stays, and all objects of a key go or stay together")
    func newest() async throws {
        let first = try await start(1)
        let access = try await RemoteOpening(FaultStore(bucket, seed: 1), .bucket(secret.recipient)).write()
        try await access.writeKey()
        let begun = try #require(keys.subtracting([first]).first)
        bucket.advanceClock(by: .seconds(25 * 3600))
        #expect(try await prune() == KeyPrune.Outcome() && keys == [first, begun], "it has just begun")
        // Somebody has wrapped it for others a moment ago.
        let version = try #require(ObjectName(begun.text + ".2"))
        let content = try #require(bucket.object(begun)?.content)
        bucket.put(version, content)
        bucket.advanceClock(by: .seconds(60))
        let last = try await start(2)
        #expect(try await prune() == KeyPrune.Outcome() && keys == [first, begun, version, last])
        bucket.advanceClock(by: .seconds(25 * 3600))
        #expect(try await prune().removed.objects == 2)
        #expect(keys == [first, last])
        try await shipped.expectRestorable(try await reader())
    }

    @Test("while an upload is under way, or nobody may say so, no key is removed")
    func uploads() async throws {
        let written = try await startThrice()
        bucket.advanceClock(by: .seconds(25 * 3600))
        let store = FaultStore(bucket, seed: 1)
        let name = ObjectNames.data(shipped.root.id, BatchNumber(9), session: 1, index: 1)
        let upload = try await store.beginUpload(name)
        #expect(try await prune() == KeyPrune.Outcome() && keys == Set(written))
        try await store.abandonUpload(upload, name)
        let blind = try await reader(UploadsUnknown(store: store))
        #expect(try await KeyPrune(blind, grace: grace).run() == KeyPrune.Outcome())
        #expect(keys == Set(written))
        #expect(try await prune().removed.objects == 2)
    }

    @Test("killed at any request it leaves a remote that reads well, and the next run goes on")
    func killed() async throws {
        let written = try await startThrice()
        bucket.advanceClock(by: .seconds(25 * 3600))
        _ = try await RemotePrune(try await reader().reading(shipped.root.id), grace: grace).run()
        for at in 1... {
            let store = FaultStore(bucket, seed: UInt64(at), killAt: at)
            if let access = try? await reader(store) { _ = try? await KeyPrune(access, grace: grace).run() }
            #expect(keys.contains(written[2]))
            try await shipped.expectRestorable(try await reader())
            if !store.isKilled { break }
        }
        #expect(keys == [written[2]])
    }

    @Test("a grace that is too short removes nothing")
    func short() async throws {
        let written = try await startThrice()
        bucket.advanceClock(by: .seconds(25 * 3600))
        let prune = KeyPrune(try await reader(), grace: .seconds(3600))
        #expect(await errorKind { () async throws(RemoteError) in try await prune.run() } == .failed)
        #expect(keys == Set(written))
    }
}

private struct UploadsUnknown: ForwardingStore {
    let store: any RemoteStore

    func uploads(_ prefix: String) async throws(RemoteError) -> [(name: ObjectName, upload: UploadID)] {
        throw RemoteError(.forbidden, "these credentials may not do that")
    }
}
