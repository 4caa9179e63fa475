import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Remote
@testable import RepositoryWriter

@Suite("The fence")
struct FenceTests {
    @Test("of two machines with the same history one wins, the other one stops and says so")
    func cloned() async throws {
        // tursodatabase/libsql#687
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket()
        try shipped.record("a", bytes(1))
        try await shipped.ship(shipped.access(FaultStore(bucket, seed: 1)))
        let clone = try Clone(of: shipped)
        try shipped.record("a", bytes(2))
        try await shipped.ship(shipped.access(FaultStore(bucket, seed: 2)))
        // It has written something as well.
        try clone.record("a", bytes(3))
        await #expect(throws: RemoteError.self) {
            try await shipped.ship(shipped.access(FaultStore(bucket, seed: 3)), from: clone.root)
        }
        let access = shipped.access(FaultStore(bucket, seed: 4))
        let state = try await shipped.expectRestorable(access)
        #expect(state.lastSequence == SequenceNumber(2))
        try shipped.record("a", bytes(4))
        try await shipped.ship(access)
        try await shipped.expectRestorable(access)
    }

    @Test("of two that are at the same batch just now, one gets it")
    func concurrent() async throws {
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket()
        try shipped.record("a", bytes(1))
        let clone = try Clone(of: shipped)
        let one = try await RootShipper.open(shipped.access(FaultStore(bucket, seed: 1)), shipped.root)
        let other = try await RootShipper.open(shipped.access(FaultStore(bucket, seed: 2)), clone.root)
        try await one.ship()
        let error = await #expect(throws: RemoteError.self) { try await other.ship() }
        #expect(error?.kind == .otherWriter)
    }

    @Test("a repository that takes over ships all it has; the former writer stops")
    func takesOver() async throws {
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket()
        try shipped.record("a", bytes(1))
        let former = try await RootShipper.open(shipped.access(FaultStore(bucket, seed: 1)), shipped.root)
        try await former.ship()
        let other = try ShippedRoot()
        // The same root on another machine, without a cursor.
        let clone = try Clone(of: shipped)
        try Directory.remove(ShippingCursor.path(clone.root.directory, "memory"))
        let access = other.access(FaultStore(bucket, seed: 2))
        let error = await #expect(throws: RemoteError.self) { try await RootShipper.open(access, clone.root) }
        #expect(error?.kind == .otherWriter)
        let next = try await RootShipper.open(access, clone.root, takingOver: true)
        try await next.ship()
        try await shipped.expectRestorable(access)
        try shipped.record("a", bytes(2))
        let stopped = await #expect(throws: RemoteError.self) { try await former.ship() }
        #expect(stopped?.kind == .otherWriter)
    }

    @Test("a take-over gets past a hole, and past batches of which nothing else is left")
    func takesOverBehindHole() async throws {
        for kept in [[1, 2, 4], [1, 3, 4], [4], []] {
            let shipped = try ShippedRoot()
            let bucket = MemoryBucket()
            for seed in 1...4 {
                try shipped.record("a", bytes(UInt64(seed)))
                try await shipped.ship(shipped.access(FaultStore(bucket, seed: 1)))
            }
            for number in 1...4 where !kept.contains(number) {
                bucket.replace(
                    ObjectNames.batch(shipped.root.id, BatchID(BatchNumber(UInt64(number)))),
                    by: nil
                )
            }
            let access = shipped.access(FaultStore(bucket, seed: 2))
            let shipper = try await RootShipper.open(access, shipped.root, takingOver: true)
            try await shipper.ship()
            let state = try await shipped.expectRestorable(access)
            #expect(state.lastSequence == SequenceNumber(4), "\(kept)")
        }
    }

    @Test("where no name can be refused, the batch counts that was first; the other writer stops")
    func withoutConditions() async throws {
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket(.init(hasConditions: false))
        try shipped.record("a", bytes(1))
        let clone = try Clone(of: shipped)
        let store = FaultStore(bucket, seed: 1)
        let one = try await RootShipper.open(shipped.access(to: bucket, through: store), shipped.root)
        let other = try await RootShipper.open(shipped.access(to: bucket), clone.root)
        try await one.ship()
        let error = await #expect(throws: RemoteError.self) { try await other.ship() }
        #expect(error?.kind == .otherWriter)
        try shipped.record("a", bytes(2))
        let calls = store.counts.calls
        try await one.ship()
        #expect(store.counts.calls - calls == 3, "a put, and two lists; its own batch is not fetched")
        let state = try await shipped.expectRestorable(shipped.access(to: bucket))
        #expect(state.lastSequence == SequenceNumber(2))
    }

    @Test("a put that is done after the next start is no other writer's", arguments: [true, false])
    func latePut(hasConditions: Bool) async throws {
        for delay in 0...6 {
            let shipped = try ShippedRoot()
            let bucket = MemoryBucket(.init(hasConditions: hasConditions))
            try shipped.record("a", bytes(1))
            try await shipped.ship(shipped.access(to: bucket))
            try shipped.record("a", bytes(2))
            let late = LatePut(store: FaultStore(bucket, seed: 1), bucket: bucket, delay: delay)
            await #expect(throws: RemoteError.self) {
                try await shipped.ship(shipped.access(to: bucket, through: late))
            }
            // The next start has more to ship, so its batch is another one.
            for seed in 3...5 {
                try shipped.record("b", bytes(UInt64(seed)))
                try await shipped.ship(shipped.access(to: bucket))
                let state = try await shipped.expectRestorable(shipped.access(to: bucket))
                #expect(state.lastSequence == shipped.images.keys.max(), "\(delay)")
            }
        }
    }

    @Test("a put that is done amid a take-over does not end it", arguments: [true, false])
    func latePutAmidTakeover(hasConditions: Bool) async throws {
        for (delay, isFirst) in (0...8).flatMap({ [($0, true), ($0, false)] }) {
            let shipped = try ShippedRoot()
            let bucket = MemoryBucket(.init(hasConditions: hasConditions))
            try shipped.record("a", bytes(1))
            if !isFirst { try await shipped.ship(shipped.access(to: bucket)) }
            try shipped.record("a", bytes(2))
            let late = LatePut(store: FaultStore(bucket, seed: 1), bucket: bucket, delay: delay)
            await #expect(throws: RemoteError.self) {
                try await shipped.ship(shipped.access(to: bucket, through: late))
            }
            try shipped.record("b", bytes(3))
            let good = shipped.access(to: bucket)
            try await RootShipper.open(good, shipped.root, takingOver: true).ship()
            let state = try await shipped.expectRestorable(good)
            #expect(state.lastSequence == SequenceNumber(3), "\(delay), \(isFirst)")
        }
    }

    @Test("where no name can be refused, a batch that appears late with an earlier time is waited for")
    func settles() async throws {
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket(.init(hasConditions: false))
        try shipped.record("a", bytes(1))
        let clone = try Clone(of: shipped)
        try clone.record("a", bytes(2))
        let access = shipped.access(to: bucket)
        // Its put began first, and appears while the other one waits.
        let began = bucket.clock
        let other = MemoryBucket(.init(hasConditions: false), clock: began)
        try? await shipped.ship(
            shipped.access(FaultStore(other, seed: 1), hasConditions: false) { _ in throw CancellationError()
            },
            from: clone.root
        )
        let batch = try #require(other.objects.first { $0.key.text.contains("/stream/") })
        bucket.advanceClock(by: .seconds(2))
        let waiting = shipped.access(FaultStore(bucket, seed: 1), hasConditions: false) { time in
            bucket.put(batch.key, batch.value.content, written: began)
            bucket.advanceClock(by: time)
        }
        let error = await #expect(throws: RemoteError.self) { try await shipped.ship(waiting) }
        #expect(error?.kind == .otherWriter)
        let head = try #require(try await access.head(shipped.root.id).batch(BatchNumber(1)))
        #expect(head.bytes == batch.value.content)
    }

    @Test("where no name can be refused, a list that lacks the batch just written is made again")
    func staleList() async throws {
        let shipped = try ShippedRoot()
        let bucket = MemoryBucket(.init(hasConditions: false))
        try shipped.record("a", bytes(1))
        let store = LateLists(store: FaultStore(bucket, seed: 1))
        let access = shipped.access(to: bucket, through: store)
        try await shipped.ship(access)
        #expect(store.lacking.withLock { $0 } == 0)
        try await shipped.expectRestorable(access)
    }

    @Test("after the machine slept, a batch whose name prune made free is not taken for the newest")
    func slept() async throws {
        for isTakeover in [false, true] {
            let shipped = try ShippedRoot()
            let bucket = MemoryBucket()
            try shipped.record("a", bytes(1))
            let access = shipped.access(FaultStore(bucket, seed: 1))
            let sleeper = try await RootShipper.open(access, shipped.root, takingOver: isTakeover)
            if !isTakeover { try await sleeper.ship() }
            let clone = try Clone(of: shipped)
            let other = try await RootShipper.open(access, clone.root, takingOver: true)
            for seed in 2...4 {
                try clone.record("a", bytes(UInt64(seed)))
                try await other.ship()
            }
            // All but the newest batch and its index are gone. The machine's own clock did not notice.
            for name in bucket.objects.keys where name.text.contains("/stream/") {
                let number = ObjectNames.batch(name, in: shipped.root.id)?.number
                if number != other.state.batch.number { bucket.replace(name, by: nil) }
            }
            let index = other.state.indexObject(shipped.root.id, session: 1, writer: "", .now).encoded()
            bucket.put(ObjectNames.index(shipped.root.id, after: other.state.batch), index)
            bucket.advanceClock(by: .seconds(100 * 3600))
            try shipped.record("a", bytes(9))
            let error = await #expect(throws: RemoteError.self) { try await sleeper.ship() }
            #expect(error?.kind == .otherWriter, "\(isTakeover)")
        }
    }

}

/// The first put of a batch gets no answer, and is done after some more requests of anybody.
private struct LatePut: ForwardingStore {
    let store: any RemoteStore
    let bucket: MemoryBucket
    let delay: Int

    func putNew(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) -> PutOutcome {
        try await put(name, content)
        return .taken
    }

    func put(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) {
        guard name.text.contains("/stream/") else { return try await store.put(name, content) }
        let bucket = bucket
        bucket.putLater(after: delay) {
            if bucket.putNew(name, content) == nil { bucket.put(name, content) }
        }
        throw FaultStore.killed
    }
}

/// After the first put of a batch, two lists lack it.
private final class LateLists: ForwardingStore {
    let store: any RemoteStore
    let lacking = Mutex(-1)

    init(store: any RemoteStore) { self.store = store }

    func put(_ name: ObjectName, _ content: [UInt8]) async throws(RemoteError) {
        try await store.put(name, content)
        if name.text.contains("/stream/") { lacking.withLock { if $0 < 0 { $0 = 2 } } }
    }

    func list(_ prefix: String, after last: ObjectName?) async throws(RemoteError) -> ObjectPage {
        let page = try await store.list(prefix, after: last)
        let isLacking = lacking.withLock { count in
            defer { count -= count > 0 ? 1 : 0 }
            return count > 0
        }
        return isLacking ? ObjectPage(objects: [], hasMore: false, time: page.time) : page
    }
}

/// A machine that was copied with its repository, and goes on by itself.
final class Clone {
    private let place: TemporaryDirectory
    let root: RootDescription

    init(of shipped: ShippedRoot) throws {
        place = try TemporaryDirectory(prefix: "holdfast-clone")
        _ = try Command.run("cp", ["-r", shipped.directory.file("repository"), place.file("repository")])
        let repository = try RepositoryDirectory(at: FilePath(place.file("repository")))
        root = try #require(try repository.roots().usable.first)
    }

    func record(_ name: String, _ image: [UInt8]) throws {
        let writer = try RootWriter(root: root)
        let file = writer.declare(name: FilePath(name), kind: .plain)
        let shape = try #require(ImageSize(pageSize: .plain, byteCount: UInt64(image.count)))
        var pages = PageSet(pageSize: .plain)
        for (index, start) in stride(from: 0, to: image.count, by: PageSize.plain.bytes).enumerated() {
            let end = min(start + PageSize.plain.bytes, image.count)
            unsafe pages.append(PageNumber(UInt32(index + 1)), image.span.bytes.extracting(start..<end))
        }
        _ = try writer.stage(Changes(file: file, time: .now, event: .scan, shape: shape, pages: pages))
        _ = try writer.flush()
    }
}
