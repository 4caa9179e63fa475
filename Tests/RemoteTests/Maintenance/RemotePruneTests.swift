import LinuxSystem
import RepositoryFormat
import TestSupport
import Testing

@testable import Remote

@Suite("Removing what no state of a remote needs")
struct RemotePruneTests {
    @Test("nothing is removed before an index is older than the grace; then all that is not needed")
    func grace() async throws {
        let remote = try await MaintainedRemote()
        try await remote.shipCompacted()
        let prune = RemotePrune(remote.access().reading(remote.root))
        remote.advance(hours: 23)
        #expect(try await prune.run() == RemotePrune.Outcome())
        remote.advance(hours: 2)
        let before = remote.bucket.objects
        let outcome = try await prune.run()
        #expect(outcome.horizon == BatchNumber(12))
        #expect(outcome.indexes.objects == 3 && outcome.batches.objects > 4 && outcome.kept.objects == 0)
        let left = remote.bucket.objects
        let removed = before.filter { left[$0.key] == nil }.values.map { UInt64($0.content.count) }
        #expect(removed.count == outcome.indexes.objects + outcome.batches.objects + outcome.data.objects)
        #expect(removed.reduce(0, +) == outcome.indexes.bytes + outcome.batches.bytes + outcome.data.bytes)
        try await remote.shipped.expectRestorable(remote.access())
        #expect(try await remote.check().1.isEmpty)
        let again = try await prune.run()
        #expect(again.indexes.objects + again.batches.objects + again.data.objects == 0)
    }

    @Test("a dry run counts the same, and removes nothing")
    func dryRun() async throws {
        let remote = try await MaintainedRemote()
        try await remote.shipCompacted()
        remote.advance(hours: 25)
        let before = remote.bucket.objects
        let reading = remote.access().reading(remote.root)
        let dry = try await RemotePrune(reading, isDryRun: true).run()
        #expect(remote.bucket.objects == before)
        var last = RemotePrune.Outcome()
        let outcome = try await RemotePrune(reading).run { last = $0 }
        #expect(dry == outcome && last == outcome && outcome.batches.objects > 0)
    }

    @Test("killed at any request it leaves a remote that reads well, and the next run goes on")
    func killed() async throws {
        for at in 1... {
            let remote = try await MaintainedRemote()
            try await remote.shipCompacted()
            remote.advance(hours: 25)
            let store = FaultStore(remote.bucket, seed: UInt64(at), killAt: at)
            _ = try? await RemotePrune(remote.access(store).reading(remote.root)).run()
            try await remote.shipped.expectRestorable(remote.access())
            #expect(try await remote.check().1.isEmpty, "killed at \(at)")
            _ = try await RemotePrune(remote.access().reading(remote.root)).run()
            #expect(try await remote.check().0.unneeded.objects == 0, "killed at \(at)")
            if !store.isKilled {
                #expect(at > 12)
                return
            }
        }
    }

    @Test("what is locked stays and is counted, without an error")
    func locked() async throws {
        let remote = try await MaintainedRemote(.init(lockedFor: .seconds(48 * 3600)))
        try await remote.shipCompacted()
        remote.advance(hours: 25)
        let before = remote.bucket.objects
        let prune = RemotePrune(remote.access().reading(remote.root))
        let outcome = try await prune.run()
        #expect(remote.bucket.objects == before)
        #expect(outcome.kept.objects > 4 && outcome.batches.objects == 0)
        #expect(outcome.reason?.contains("locked") == true)
        remote.advance(hours: 24)
        #expect(try await prune.run().batches.objects > 0)
        try await remote.shipped.expectRestorable(remote.access())
    }

    @Test("uploads of earlier batches are abandoned, those of the next one are under way")
    func uploads() async throws {
        let remote = try await MaintainedRemote()
        try await remote.shipCompacted()
        remote.advance(hours: 25)
        let store = FaultStore(remote.bucket, seed: 1)
        let names = [5, 12, 13, 14].map {
            ObjectNames.data(remote.root, BatchNumber($0), session: 1, index: 1)
        }
        for name in names { _ = try await store.beginUpload(name) }
        let outcome = try await RemotePrune(remote.access().reading(remote.root)).run()
        #expect(outcome.uploads == 2)
        #expect(try await store.uploads("").map(\.name) == Array(names[2...]))
    }

    @Test("without the right to end uploads, they stay, and all else is removed")
    func forbiddenUploads() async throws {
        let remote = try await MaintainedRemote()
        try await remote.shipCompacted()
        remote.advance(hours: 25)
        let store = FaultStore(remote.bucket, seed: 1)
        _ = try await store.beginUpload(
            ObjectNames.data(remote.root, BatchNumber(5), session: 1, index: 1)
        )
        let access = remote.access(UploadsForbidden(store: store))
        let outcome = try await RemotePrune(access.reading(remote.root)).run()
        #expect(outcome.uploads == 0 && outcome.batches.objects > 0)
        #expect(outcome.reason?.contains("may not") == true)
        #expect(try await store.uploads("").count == 1)
    }

    @Test("a writer that was away does not take the name of a batch that was removed")
    func formerWriter() async throws {
        // tursodatabase/libsql#687
        let remote = try await MaintainedRemote()
        try await remote.ship(2)
        let copy = try ShippedRoot(copyOf: remote.shipped)
        let bucket = remote.bucket
        let access = copy.access(FaultStore(bucket, seed: 1), now: { bucket.clock })
        let former = try await RootShipper.open(access, copy.root)
        try await remote.shipCompacted()
        remote.advance(hours: 25)
        _ = try await RemotePrune(remote.access().reading(remote.root)).run()
        #expect(bucket.object(ObjectNames.batch(remote.root, BatchID(BatchNumber(3)))) == nil)
        try copy.record("a", [1, 2, 3])
        for _ in 0..<2 {
            let error = await #expect(throws: RemoteError.self) { try await former.ship() }
            #expect(error?.kind == .otherWriter)
        }
        // Nor does another start of it, or of a repository that was shipped before.
        for root in [copy.root, try ShippedRoot(copyOf: copy).root] {
            let error = await #expect(throws: RemoteError.self) {
                _ = try await RootShipper.open(access, root)
            }
            #expect(error?.kind == .otherWriter)
        }
        try await remote.shipped.expectRestorable(remote.access())
    }

    @Test("the writer goes on after everything but the newest index is old, also by taking over")
    func goesOn() async throws {
        for takingOver in [false, true] {
            let remote = try await MaintainedRemote()
            try await remote.ship(12)
            remote.advance(hours: 100)
            let outcome = try await RemotePrune(remote.access().reading(remote.root)).run()
            #expect(outcome.horizon == BatchNumber(12))
            let shipper = try await RootShipper.open(
                remote.access(),
                remote.shipped.root,
                takingOver: takingOver
            )
            try remote.shipped.record("a", [1, 2, 3])
            try await shipper.ship()
            #expect(shipper.state.batch.number == BatchNumber(13))
            try await remote.shipped.expectRestorable(remote.access())
        }
    }

    @Test("a damaged index, or a grace that is too short, removes nothing")
    func refused() async throws {
        let remote = try await MaintainedRemote()
        try await remote.shipCompacted()
        remote.advance(hours: 25)
        let reading = remote.access().reading(remote.root)
        let short = RemotePrune(reading, grace: .seconds(3600))
        #expect(await errorKind { () async throws(RemoteError) in try await short.run() } == .failed)
        let index = ObjectNames.index(remote.root, after: BatchID(BatchNumber(12)))
        remote.bucket.replace(index, by: [1, 2, 3])
        remote.advance(hours: 25)
        let before = remote.bucket.objects
        let prune = RemotePrune(reading)
        #expect(await errorKind { () async throws(RemoteError) in try await prune.run() } == .damaged)
        #expect(remote.bucket.objects == before)
    }
}

private struct UploadsForbidden: ForwardingStore {
    let store: any RemoteStore

    func abandonUpload(_ upload: UploadID, _ name: ObjectName) async throws(RemoteError) {
        throw RemoteError(.forbidden, "these credentials may not do that")
    }
}
