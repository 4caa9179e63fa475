import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Remote
@testable import RepositoryWriter

@Suite("Shipping a root")
struct RootShipperTests {
    @Test("all that is durable is there, and what comes later follows; without news there is no request")
    func ships() async throws {
        // benbjohnson/litestream#234
        let shipped = try ShippedRoot()
        let store = FaultStore(MemoryBucket(), seed: 1)
        let access = shipped.access(store)
        try shipped.record("a", bytes(1))
        let shipper = try await RootShipper.open(access, shipped.root)
        try await shipper.ship()
        var state = try await shipped.expectRestorable(access)
        #expect(state.lastSequence == SequenceNumber(1) && state.batch.number == BatchNumber(1))
        for seed in 2...5 { try shipped.record("b", bytes(UInt64(seed))) }
        try await shipper.ship()
        state = try await shipped.expectRestorable(access)
        #expect(state.lastSequence == SequenceNumber(5) && state.batch.number == BatchNumber(2))
        #expect(state == shipper.state)
        let calls = store.counts.calls
        try await shipper.ship()
        #expect(store.counts.calls == calls)
    }

    /// Catches a segment that is removed from the remote since nobody can say how much of it is durable.
    @Test("without a durable mark, which a failed write removes, the remote keeps all that it has")
    func withoutMark() async throws {
        let shipped = try ShippedRoot(segmentLimit: 4_000)
        let store = FaultStore(MemoryBucket(), seed: 1)
        let access = shipped.access(store)
        for seed in 1...3 { try shipped.record("a", bytes(UInt64(seed))) }
        let shipper = try await RootShipper.open(access, shipped.root)
        try await shipper.ship()
        let before = shipper.state
        let mark = shipped.root.directory.appending("durable")
        try OpenFile(mark, .update).truncate(to: 0)
        try #require(try shipped.root.durableMark() == nil)
        let calls = store.counts.calls
        try await shipper.ship()
        #expect(shipper.state == before && store.counts.calls == calls, "there is no news")
        try shipped.recordBase("b", bytes(9))
        try OpenFile(mark, .update).truncate(to: 0)
        try await shipper.ship()
        #expect(Set(before.segments.keys).isSubset(of: shipper.state.segments.keys))
        #expect(shipper.state.mark == before.mark && shipper.state.bases.count == 1)
        try shipped.record("a", bytes(10))
        try await shipper.ship()
        let state = try await shipped.expectRestorable(access)
        #expect(state.lastSequence == SequenceNumber(5))
    }

    @Test("a segment that was compacted, and snapshots that were removed, take the place of what was there")
    func compacted() async throws {
        let shipped = try ShippedRoot(segmentLimit: 4_000)
        let bucket = MemoryBucket()
        let access = shipped.access(FaultStore(bucket, seed: 1))
        let shipper = try await RootShipper.open(access, shipped.root)
        for seed in 1...12 {
            try shipped.record("a", bytes(UInt64(seed)))
            try await shipper.ship()
        }
        #expect(shipper.state.segments.values.allSatisfy { $0.object == nil })
        try RootCompaction(shipped.root).run()
        try await shipper.ship()
        var state = try await shipped.expectRestorable(access)
        #expect(state.segments.values.contains { $0.object != nil })
        let segments = state.segments.count
        let kept = (1...12).filter { $0 % 4 == 0 }.map {
            (sequence: SequenceNumber(UInt64($0)), isConsistentPoint: true)
        }
        _ = try RootPruning(shipped.root).run(KeptSnapshots(kept, upTo: SequenceNumber(12)))
        try await shipper.ship()
        state = try await shipped.expectRestorable(access)
        #expect(state.segments.count < segments)
        #expect(bucket.objects.count > state.dataObjects.count, "nothing is deleted")
    }

    @Test("a lost answer is no other writer")
    func lostAnswer() async throws {
        let shipped = try ShippedRoot()
        try shipped.record("a", bytes(1))
        let store = FaultStore(MemoryBucket(), seed: 7, .init(lostAnswers: 0.4))
        let access = shipped.access(RetryingStore(store, mostAttempts: nil, seed: 1) { _, _ in })
        for seed in 2...30 {
            try shipped.record("a", bytes(UInt64(seed)))
            try await shipped.ship(access)
        }
        #expect(store.counts.lostAnswers > 10)
        let state = try await shipped.expectRestorable(access)
        #expect(state.lastSequence == SequenceNumber(30))
    }

    @Test("a start that is killed at any request leaves a stream that the next one goes on with")
    func killed() async throws {
        // tursodatabase/libsql#718
        for at in 1...12 {
            let shipped = try ShippedRoot()
            let bucket = MemoryBucket()
            let access = shipped.access(FaultStore(bucket, seed: 1))
            try shipped.record("a", bytes(1))
            try await shipped.ship(access)
            for seed in [UInt64(2), 3, 4] {
                try shipped.record("a", bytes(seed))
                let killed = FaultStore(bucket, seed: seed, killAt: at)
                try? await shipped.ship(shipped.access(killed))
                // Amid that the root goes on, so the batch would be another one now.
                try shipped.record("b", bytes(seed))
                try await shipped.ship(shipped.access(FaultStore(bucket, seed: 1)))
                let state = try await shipped.expectRestorable(access)
                #expect(state.lastSequence == shipped.images.keys.max())
            }
        }
    }

    @Test("what is sealed shows nothing of the content, and needs no secret to go on, but to read")
    func sealed() async throws {
        let shipped = try ShippedRoot(segmentLimit: 4_000)
        let bucket = MemoryBucket()
        let repository = try #require(RepositoryID("00112233445566778899aabbccddeeff"))
        let secret = SecretKey()
        for start in 1...3 {
            let store = FaultStore(bucket, seed: 1)
            let key = DataKey()
            let object = try KeyObject(
                sealing: key,
                for: SealTargets([secret.recipient]),
                repository: repository
            )
            try await store.put(KeyObjectName(key.id).name, object.bytes)
            let access = shipped.access(store, codec: ObjectCodec(sealing: key, opening: nil))
            for seed in 1...8 {
                try shipped.record("secretname", bytes(UInt64(start * 100 + seed)))
                try await shipped.ship(access)
            }
            try RootCompaction(shipped.root).run()
            try await shipped.ship(access)
        }
        let store = FaultStore(bucket, seed: 2)
        let ring = KeyRing(store, of: repository, OpeningKeys([secret]))
        try await shipped.expectRestorable(
            shipped.access(store, codec: ObjectCodec(sealing: nil, opening: ring))
        )
        let plain = shipped.access(store)
        let error = await #expect(throws: RemoteError.self) {
            try await plain.reading(shipped.root.id).newestState()
        }
        #expect(error?.kind == .wrongKey)
        for (name, object) in bucket.objects where !name.text.hasPrefix("keys/") {
            let text = String(decoding: object.content, as: UTF8.self)
            #expect(!text.contains("secretname") && !text.contains("HOLDSEG1") && !text.contains("HOLDOFF1"))
        }
    }

    @Test("a day after the last index there is another one, though each start ships one batch")
    func dailyIndex() async throws {
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket()
        for seed in 1...7 {
            try shipped.record("a", bytes(UInt64(seed)))
            try await shipped.ship(shipped.access(FaultStore(bucket, seed: 1), now: { bucket.clock }))
            bucket.advanceClock(by: .seconds(10 * 3600))
        }
        let indexed = bucket.objects.keys.compactMap { ObjectNames.indexed($0, in: shipped.root.id) }
        #expect(indexed.map(\.number.value).sorted() == [1, 4, 7])
        try await shipped.expectRestorable(shipped.access(to: bucket))
    }

    @Test("the remote lacks something since the first snapshot that it does not have")
    func lacking() async throws {
        let shipped = try ShippedRoot(segmentLimit: 4_000)
        for seed in 1...9 { try shipped.record(seed % 2 == 0 ? "a" : "b", bytes(UInt64(seed))) }
        var times: [SequenceNumber: Instant] = [:]
        try RootHistory(shipped.root).visit { event in
            if case .snapshot(let record) = event { times[record.state.sequence] = record.state.time }
        }
        #expect(times.count == 9)
        for isCompacted in [false, true] {
            if isCompacted { try RootCompaction(shipped.root).run() }
            for known in 0...9 as ClosedRange<UInt64> {
                var report = ShippingReport(remote: "nas", url: "file:///nas")
                report.sequence = known
                let since = try report.lackingSince(shipped.root)
                #expect(since == times[SequenceNumber(known + 1)], "after \(known), \(isCompacted)")
            }
        }
    }

    @Test("each batch is acknowledged, not only the last one")
    func acknowledged() async throws {
        let shipped = try ShippedRoot()
        try shipped.record("a", bytes(1, 30_000))
        var limits = RootShipper.Limits()
        limits.batchBytes = 5_000
        let access = shipped.access(to: MemoryBucket())
        let shipper = try await RootShipper.open(access, shipped.root, limits: limits)
        var numbers: [UInt64] = []
        try await shipper.ship { numbers.append($0.batch.number.value) }
        #expect(numbers.count > 4 && numbers == Array(1...UInt64(numbers.count)))
    }

    @Test("a large object goes in parts")
    func large() async throws {
        let shipped = try ShippedRoot()
        let access = shipped.access(FaultStore(MemoryBucket(), seed: 1))
        try shipped.record("a", bytes(1, 30 << 20))
        try await shipped.ship(access)
        try RootCompaction(shipped.root).run()
        try shipped.record("b", bytes(2))
        try await shipped.ship(access)
        let state = try await shipped.expectRestorable(access)
        #expect(state.batch.number > BatchNumber(3), "batches are bounded as well")
    }
}
