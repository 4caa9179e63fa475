import LinuxSystem
import RepositoryFormat
import RepositoryReader
import TestSupport

@testable import Remote
@testable import RepositoryWriter

/// A remote with batches, an index each 4, data objects and leftovers of all kinds.
final class MaintainedRemote {
    let shipped: ShippedRoot
    let bucket: MemoryBucket
    private let hasConditions: Bool
    private let shipper: RootShipper
    private var random = SeededRandom(seed: 5)

    init(_ settings: MemoryBucket.Settings = .init(), codec: ObjectCodec = .plain) async throws {
        shipped = try ShippedRoot(segmentLimit: 4_000)
        let bucket = MemoryBucket(settings)
        self.bucket = bucket
        hasConditions = settings.hasConditions
        var limits = RootShipper.Limits()
        limits.batchesPerIndex = 4
        let access = shipped.access(
            FaultStore(bucket, seed: 1),
            codec: codec,
            hasConditions: settings.hasConditions,
            sleep: { bucket.advanceClock(by: $0) },
            now: { bucket.clock }
        )
        shipper = try await RootShipper.open(access, shipped.root, limits: limits)
    }

    var root: RootID { shipped.root.id }
    var state: RemoteState { shipper.state }

    func ship(_ count: Int) async throws {
        for _ in 0..<count {
            try shipped.record("a", random.bytes(2_500))
            try await shipper.ship()
        }
    }

    /// Batches, then a compaction that replaces most of them.
    func shipCompacted() async throws {
        try await ship(9)
        try RootCompaction(shipped.root).run()
        try await ship(4)
    }

    func access(_ store: (any RemoteStore)? = nil, codec: ObjectCodec = .plain) -> RemoteAccess {
        shipped.access(
            store ?? FaultStore(bucket, seed: 1, pageCount: 3),
            codec: codec,
            hasConditions: hasConditions
        )
    }

    func advance(hours: Int) { bucket.advanceClock(by: .seconds(hours * 3600)) }

    func check(codec: ObjectCodec = .plain) async throws -> (RemoteCheck.Outcome, [RemoteFinding]) {
        var findings: [RemoteFinding] = []
        let check = RemoteCheck(access(codec: codec).reading(root))
        return (try await check.run { findings.append($0) }, findings)
    }
}
