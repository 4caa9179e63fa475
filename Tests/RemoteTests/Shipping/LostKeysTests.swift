import LinuxSystem
import RepositoryFormat
import RepositoryReader
import TestSupport
import Testing

@testable import Remote
@testable import RepositoryWriter

/// An encrypted remote whose writer has a data key of its own at each start.
@Suite("Key objects that somebody removed")
struct LostKeysTests {
    private let bucket = MemoryBucket(.init(leastPartBytes: 1))
    private let secret = SecretKey()
    private let shipped: ShippedRoot

    init() throws {
        shipped = try ShippedRoot(segmentLimit: 4_000)
    }

    private func start(_ store: FaultStore? = nil) throws -> (key: ObjectName, access: RemoteAccess) {
        let (bucket, store) = (bucket, store ?? FaultStore(bucket, seed: 1))
        let key = DataKey()
        let targets = try SealTargets([secret.recipient])
        let object = try KeyObject(sealing: key, for: targets, repository: Sample.repository)
        let writer = KeyWriter(store, object, hasConditions: true)
        var access = shipped.access(
            store,
            codec: ObjectCodec(sealing: key, opening: nil),
            sleep: { bucket.advanceClock(by: $0) },
            now: { bucket.clock }
        )
        access.writeKey = { () throws(RemoteError) in try await writer.run() }
        return (KeyObjectName(key.id).name, access)
    }

    private var reader: RemoteAccess {
        let store = FaultStore(bucket, seed: 1)
        let ring = KeyRing(store, of: Sample.repository, OpeningKeys([secret]))
        return shipped.access(store, codec: ObjectCodec(sealing: nil, opening: ring))
    }

    /// One snapshot, by a start of its own. Returns the name of its key object.
    private func ship(_ seed: UInt64) async throws -> ObjectName {
        try shipped.record("a", bytes(seed, 500))
        let (key, access) = try start()
        try await shipped.ship(access)
        return key
    }

    private func expectGone(_ key: ObjectName, _ ship: () async throws -> Void) async throws {
        let before = bucket.objects
        await expect(.damaged, "\(key) was removed", "--take-over") { try await ship() }
        let isUnchanged = bucket.objects == before
        #expect(isUnchanged)
    }

    @Test("each is noticed by the next start, also by one that has nothing new; a take-over mends it")
    func starts() async throws {
        var keys: [ObjectName] = []
        for seed in UInt64(1)...3 { keys.append(try await ship(seed)) }
        for key in keys {
            let content = try #require(bucket.object(key)).content
            bucket.replace(key, by: nil)
            try await expectGone(key) { try await shipped.ship(start().access) }
            bucket.replace(key, by: content)
            try await shipped.ship(start().access)
        }
        for key in keys { bucket.replace(key, by: nil) }
        await expect(.damaged, "was removed", "--take-over") { try await shipped.ship(start().access) }
        try await RootShipper.open(start().access, shipped.root, takingOver: true).ship()
        #expect(try await shipped.expectRestorable(reader).lastSequence == SequenceNumber(3))
        // Keys of before the reset are needed no more.
        _ = try await ship(4)
    }

    @Test("one that goes on looks each hour with something new, and writes its own key once more")
    func hourly() async throws {
        let former = try await ship(1)
        let (own, access) = try start()
        let shipper = try await RootShipper.open(access, shipped.root)
        for seed in UInt64(2)...3 {
            try shipped.record("a", bytes(seed, 500))
            try await shipper.ship()
            bucket.replace(own, by: nil)
            bucket.advanceClock(by: .seconds(3601))
        }
        bucket.replace(former, by: nil)
        try shipped.record("a", bytes(4, 500))
        try await expectGone(former) { try await shipper.ship() }
    }

    @Test("one that a later start has used for an object of a start that was killed is noticed as well")
    func staged() async throws {
        let image = bytes(1, 700_000)
        var count = 0
        for at in 1... {
            let test = try LostKeysTests()
            try test.shipped.recordBase("a", image)
            let killed = FaultStore(test.bucket, seed: 1, killAt: at)
            var limits = RootShipper.Limits()
            limits.partBytes = 262_144
            let (key, access) = try test.start(killed)
            try? await test.shipped.ship(access, limits)
            guard killed.isKilled else { break }
            try await test.shipped.ship(test.start().access, limits)
            let state = try await test.reader.reading(test.shipped.root.id).newestState()
            for name in state.dataObjects {
                let content = try #require(test.bucket.object(name)).content
                let header = try SealHeader(
                    parsing: Array(content.prefix(SealHeader.byteCount)),
                    name: name
                )
                guard KeyObjectName(header.keyID).name == key else { continue }
                count += 1
                test.bucket.replace(key, by: nil)
                try await test.expectGone(key) { try await test.shipped.ship(test.start().access) }
                break
            }
        }
        #expect(count > 0)
    }

    @Test("one that prune has removed, because nothing is sealed with it, is no loss")
    func pruned() async throws {
        var limits = RootShipper.Limits()
        limits.batchesPerIndex = 4
        var seed: UInt64 = 0
        func ship(_ count: Int, _ access: RemoteAccess) async throws {
            for _ in 0..<count {
                seed += 1
                try shipped.record("a", bytes(seed, 2_500))
                try await shipped.ship(access, limits)
            }
        }
        let (former, first) = try start()
        try await ship(6, first)
        bucket.advanceClock(by: .seconds(3600))
        let (_, second) = try start()
        try await ship(6, second)
        try RootCompaction(shipped.root).run()
        try await ship(4, second)
        bucket.advanceClock(by: .seconds(25 * 3600))
        try await ship(1, second)
        _ = try await RemotePrune(reader.reading(shipped.root.id)).run()
        #expect(try await KeyPrune(reader, grace: .seconds(24 * 3600)).run().removed.objects == 1)
        #expect(bucket.object(former) == nil)
        try await ship(1, start().access)
        try await shipped.expectRestorable(reader)
    }

    @Test("one with which no object is sealed is asked for once, and forgotten")
    func unused() async throws {
        _ = try await ship(1)
        let access = try start().access
        var cursor = try #require(try ShippingCursor(shipped.root, access.address))
        let known = cursor.keyUses
        #expect(known.count == 1)
        cursor.noteUse(of: .random(), for: cursor.state.batch.number)
        try await ShippedObjects(access, shipped.root.id).require(&cursor)
        #expect(cursor.keyUses == known)
    }
}
