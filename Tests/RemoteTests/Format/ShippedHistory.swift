import LinuxSystem
import RepositoryFormat
import RepositoryReader
import SQLiteFiles
import SystemPackage
import TestSupport
import Testing

@testable import Remote
@testable import RepositoryWriter

/// A random history of a root that is shipped now and then, by one start of a writer after the other, and
/// what the repository had at each batch.
final class ShippedHistory {
    static let repository = "00112233445566778899aabbccddeeff"

    let shipped: ShippedRoot
    let bucket: MemoryBucket
    let hasConditions: Bool
    let secret: SecretKey?
    private(set) var random: SeededRandom
    /// The files of the root after each batch that ended a shipment.
    private(set) var expected: [UInt64: ReferenceRemoteReader.Root] = [:]
    private var shipper: RootShipper?
    private var access: RemoteAccess?
    /// Sequences that no removal was asked for.
    private var kept: Set<UInt64> = []
    private var lastSequence: UInt64 = 0

    init(seed: UInt64, hasConditions: Bool, isSealed: Bool) throws {
        random = SeededRandom(seed: seed)
        shipped = try ShippedRoot(segmentLimit: 4_000)
        bucket = MemoryBucket(.init(hasConditions: hasConditions))
        self.hasConditions = hasConditions
        secret = isSealed ? SecretKey() : nil
        try record()
    }

    var store: FaultStore { FaultStore(bucket, seed: 1) }

    /// So many random steps, then each kind of step once, in random order.
    func run(steps: Int) async throws {
        for _ in 0..<steps { try await step(Int.random(in: 0..<20, using: &random)) }
        for kind in (0..<20).shuffled(using: &random) { try await step(kind) }
        try await ship()
    }

    private func step(_ kind: Int) async throws {
        switch kind {
        case 0..<8: try record()
        case 8: try base()
        case 9, 10: try RootCompaction(shipped.root).run()
        case 11: try prune()
        case 12: shipper = nil
        case 13: try await takeOver()
        case 14: try await writeIndex()
        case 15: try await loseBatch()
        default: try await ship()
        }
    }

    func ship() async throws {
        if shipper == nil { shipper = try await RootShipper.open(try await start(), shipped.root) }
        try await shipper?.ship()
        try note()
    }

    /// What the page calls the objects of the remote.
    func objects() throws -> [String: ReferenceRemoteReader.Object] {
        var objects: [String: ReferenceRemoteReader.Object] = [:]
        for (name, object) in bucket.objects {
            objects[name.text] = .init(content: object.content, written: object.written.nanoseconds)
        }
        let json = """
            {"format":"holdfast-remote","version":1,"repository":"\(Self.repository)",\
            "created":"2026-01-29T11:00:00Z","conditions":\(hasConditions),"encrypted":\(secret != nil)}
            """
        objects["remote.json"] = .init(content: Array(json.utf8), written: 0)
        return objects
    }

    /// For reading.
    func reader() throws -> RemoteAccess {
        guard let secret else { return shipped.access(store, hasConditions: hasConditions) }
        let repository = try #require(RepositoryID(Self.repository))
        let codec = ObjectCodec(sealing: nil, opening: KeyRing(store, of: repository, OpeningKeys([secret])))
        return shipped.access(store, codec: codec, hasConditions: hasConditions)
    }

    private func record() throws {
        let name = ["a", "b", "c"].randomElement(using: &random)!
        try shipped.record(name, random.bytes(Int.random(in: 1...3_000, using: &random)))
        try recorded()
    }

    private func recorded() throws {
        let last = try #require(try shipped.root.durableMark()).lastSequence.rawValue
        kept.formUnion((lastSequence..<last).map { $0 + 1 })
        lastSequence = last
    }

    /// A file that is recorded as a whole.
    private func base() throws {
        shipped.recorded.close()
        let writer = try RootWriter(root: shipped.root, options: shipped.recorded.options)
        let file = writer.declare(name: "base", kind: .plain)
        let image = random.bytes(Int.random(in: 1...9_000, using: &random))
        let shape = try #require(ImageSize(pageSize: .plain, byteCount: UInt64(image.count)))
        try writer.beginBase(file, shape: shape)
        try writer.baseChunk(file, firstPage: PageNumber(1), bytes: image)
        let time = Instant(nanoseconds: 1_800_000_000_000_000_000)
        _ = try writer.endBase(file, event: .scan, time: time, shape: shape)
        _ = try writer.flush()
        try recorded()
    }

    private func prune() throws {
        kept = kept.filter { _ in Bool.random(using: &random) }
        let snapshots = kept.sorted().map { (sequence: SequenceNumber($0), isConsistentPoint: true) }
        _ = try RootPruning(shipped.root).run(KeptSnapshots(snapshots, upTo: SequenceNumber(lastSequence)))
    }

    /// A start of a writer, in an encrypted remote with a key of its own.
    private func start() async throws -> RemoteAccess {
        var codec = ObjectCodec.plain
        if let secret {
            let key = DataKey()
            let repository = try #require(RepositoryID(Self.repository))
            let targets = try SealTargets([secret.recipient])
            let object = try KeyObject(sealing: key, for: targets, repository: repository)
            try await store.put(KeyObjectName(key.id).name, object.bytes)
            codec = ObjectCodec(sealing: key, opening: nil)
        }
        let bucket = bucket
        let access = shipped.access(store, codec: codec, hasConditions: hasConditions) { time in
            bucket.advanceClock(by: time)
        }
        self.access = access
        return access
    }

    private func takeOver() async throws {
        shipper = try await RootShipper.open(try await start(), shipped.root, takingOver: true)
        try await ship()
    }

    /// An index more than a writer writes.
    private func writeIndex() async throws {
        try await ship()
        let access = try #require(access)
        let state = try #require(shipper).state
        let root = shipped.root.id
        let name = ObjectNames.index(root, after: state.batch)
        let index = state.indexObject(root, session: 7, writer: access.writer, .now)
        try await store.put(name, try access.codec.encoded(index.encoded(), .index, root, name))
    }

    /// What a writer leaves that came too late.
    private func loseBatch() async throws {
        guard !hasConditions else { return }
        try await ship()
        let number = try #require(shipper).state.batch.number
        bucket.put(ObjectNames.batch(shipped.root.id, BatchID(number, session: 1)), random.bytes(300))
    }

    private func note() throws {
        guard let number = shipper?.state.batch.number.value else { return }
        let root = try ownFiles()
        if let before = expected[number] { #expect(before == root, "\(random)") }
        expected[number] = root
    }

    /// What is durable of the root in its repository.
    private func ownFiles() throws -> ReferenceRemoteReader.Root {
        let root = shipped.root
        var files: [String: [UInt8]] = [:]
        let mark = try #require(try root.durableMark())
        for first in try root.segments() {
            let content = try content(root.segmentPath(first))
            let isLast = first == mark.segment
            files["segments/" + SegmentName.make(first).string] =
                isLast ? Array(content.prefix(Int(mark.validBytes))) : content
        }
        for path in try root.bases() {
            files["bases/" + (path.lastComponent?.string ?? "")] = try content(path)
        }
        files["durable"] = try content(root.directory.appending("durable"))
        files["root.json"] = try content(root.directory.appending("root.json"))
        files["root-copy.json"] = files["root.json"]
        return .init(files: files, lastSequence: mark.lastSequence.rawValue)
    }

    private func content(_ path: FilePath) throws -> [UInt8] {
        try #require(try OpenFile(path, .read).content(upTo: 1 << 30))
    }
}
