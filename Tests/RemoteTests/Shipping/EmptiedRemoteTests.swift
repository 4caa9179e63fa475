import LinuxSystem
import RepositoryFormat
import RepositoryReader
import TestSupport
import Testing

@testable import Remote

@Suite("A remote that somebody emptied")
struct EmptiedRemoteTests {
    /// As if somebody had removed these objects of the root.
    private func remove(from bucket: MemoryBucket, _ isRemoved: (ObjectName) -> Bool = { _ in true }) {
        for name in bucket.objects.keys where isRemoved(name) { bucket.replace(name, by: nil) }
    }

    /// So many snapshots, each by a start of its own.
    private func ship(_ count: UInt64, _ shipped: ShippedRoot, _ access: RemoteAccess) async throws {
        for seed in 1...count {
            try shipped.record("a", bytes(seed))
            try await shipped.ship(access)
        }
    }

    /// A writer that finds only its last batch gone ships it once more.
    private func lastTwo(_ access: RemoteAccess, _ shipped: ShippedRoot) async throws -> [ObjectName] {
        let last = try await RootShipper.open(access, shipped.root).state.batch.number.value
        return [last - 1, last].map { ObjectNames.batch(shipped.root.id, BatchID(BatchNumber($0))) }
    }

    /// Ships, which fails with that kind, and writes nothing.
    private func expectRefused(
        _ kind: RemoteError.Kind,
        _ bucket: MemoryBucket,
        _ ship: () async throws -> Void
    ) async throws {
        let before = bucket.objects
        let error = await #expect(throws: RemoteError.self) { try await ship() }
        #expect(error?.kind == kind && error?.description.contains("--take-over") == true, "\(error)")
        let isUnchanged = bucket.objects == before
        #expect(isUnchanged)
    }

    /// Catches batches that are shipped behind others that nobody has any more, and are of no use to readers.
    @Test("all was removed: nothing is written until one takes over, behind the numbers that were used")
    func emptied() async throws {
        for hasConditions in [true, false] {
            let shipped = try ShippedRoot()
            let bucket = MemoryBucket(.init(hasConditions: hasConditions))
            let access = shipped.access(
                FaultStore(bucket, seed: 1),
                hasConditions: hasConditions,
                sleep: { bucket.advanceClock(by: $0) },
                now: { bucket.clock }
            )
            try await ship(3, shipped, access)
            let last = try await RootShipper.open(access, shipped.root).state.batch.number
            remove(from: bucket)
            // Also by a start that has nothing new.
            try await expectRefused(.damaged, bucket) { try await shipped.ship(access) }
            let shipper = try await RootShipper.open(access, shipped.root, takingOver: true)
            try await shipper.ship()
            #expect(shipper.state.batch.number >= last)
            let state = try await shipped.expectRestorable(access)
            #expect(state.lastSequence == SequenceNumber(3))
            // One that goes on looks each hour with something new.
            remove(from: bucket)
            bucket.advanceClock(by: .seconds(3601))
            try shipped.record("a", bytes(4))
            try await expectRefused(.damaged, bucket) { try await shipper.ship() }
        }
    }

    /// Catches a writer that goes on for ever behind a hole: it wrote a batch since then.
    @Test("what was shipped first was removed, and batches have come since: it is noticed")
    func hole() async throws {
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket()
        let access = shipped.access(FaultStore(bucket, seed: 1))
        try shipped.record("a", bytes(1))
        try await shipped.ship(access)
        let shipper = try await RootShipper.open(access, shipped.root)
        remove(from: bucket)
        try shipped.record("a", bytes(2))
        try await shipper.ship()
        try shipped.record("a", bytes(3))
        try await expectRefused(.damaged, bucket) { try await shipped.ship(access) }
    }

    @Test("a batch amid those that readers need was removed: it is noticed")
    func amid() async throws {
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket()
        let access = shipped.access(FaultStore(bucket, seed: 1))
        try await ship(6, shipped, access)
        let lost = ObjectNames.batch(shipped.root.id, BatchID(BatchNumber(3)))
        try #require(bucket.objects[lost] != nil)
        remove(from: bucket) { $0 == lost }
        try shipped.record("a", bytes(7))
        try await expectRefused(.damaged, bucket) { try await shipped.ship(access) }
    }

    @Test("the remote was removed as a whole: it is to be opened once more")
    func removed() async throws {
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket()
        var access = shipped.access(FaultStore(bucket, seed: 1))
        try shipped.record("a", bytes(1))
        try await shipped.ship(access)
        remove(from: bucket)
        access.isStillThere = { false }
        try await expectRefused(.noSuchRemote, bucket) { try await shipped.ship(access) }
    }

    @Test("the last batches were removed, and something is left: nothing is written until one takes over")
    func beheaded() async throws {
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket()
        let access = shipped.access(FaultStore(bucket, seed: 1))
        try await ship(3, shipped, access)
        let last = try await lastTwo(access, shipped)
        remove(from: bucket, last.contains)
        try shipped.record("a", bytes(4))
        let before = bucket.objects
        let error = await #expect(throws: RemoteError.self) { try await shipped.ship(access) }
        #expect(error?.kind == .damaged && error?.description.contains("--take-over") == true, "\(error)")
        let isUnchanged = bucket.objects == before
        #expect(isUnchanged)
        try await RootShipper.open(access, shipped.root, takingOver: true).ship()
        let state = try await shipped.expectRestorable(access)
        #expect(state.lastSequence == SequenceNumber(4))
    }

    @Test("a take-over that is killed at any request is gone on with by the next start, up to its index")
    func killedTakeover() async throws {
        for at in 1... {
            let shipped = try ShippedRoot()
            let bucket = MemoryBucket()
            let access = shipped.access(FaultStore(bucket, seed: 1))
            try await ship(3, shipped, access)
            let last = try await lastTwo(access, shipped)
            remove(from: bucket, last.contains)
            let killed = FaultStore(bucket, seed: 1, killAt: at)
            try? await RootShipper.open(shipped.access(killed), shipped.root, takingOver: true).ship()
            do {
                try await shipped.ship(access)
                let state = try await shipped.expectRestorable(access, "killed at \(at)")
                #expect(state.lastSequence == SequenceNumber(3), "killed at \(at)")
            } catch let error as RemoteError {
                let cursor = try ShippingCursor(shipped.root, access.address)
                #expect(error.kind == .damaged, "killed at \(at): \(error)")
                #expect(cursor?.needsIndex == false, "it has not begun to write: killed at \(at)")
            }
            if !killed.isKilled { break }
        }
    }

    @Test(
        "all was removed, and another machine has begun: it is not taken from it",
        arguments: [1, 3] as [UInt64]
    )
    func emptiedAndTaken(count: UInt64) async throws {
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket()
        let access = shipped.access(FaultStore(bucket, seed: 1))
        let clone = try Clone(of: shipped)
        try await ship(count, shipped, access)
        remove(from: bucket)
        try clone.record("a", bytes(7))
        try await shipped.ship(shipped.access(FaultStore(bucket, seed: 2)), from: clone.root)
        let before = bucket.objects
        for _ in 1...2 {
            let error = await #expect(throws: RemoteError.self) { try await shipped.ship(access) }
            #expect(error?.kind == (count == 1 ? .otherWriter : .damaged))
        }
        let isUnchanged = bucket.objects == before
        #expect(isUnchanged)
    }
}
