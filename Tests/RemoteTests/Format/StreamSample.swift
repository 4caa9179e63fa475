import LinuxSystem
import RepositoryFormat
import TestSupport

@testable import Remote

/// A batch and an index with every kind of entry, and random ones.
enum StreamSample {
    static let root = RootID(0x0123_4567_89AB_CDEF)
    static let session: UInt64 = 0x1122_3344_5566_7788
    static let id = BatchID(BatchNumber(1))
    static let batchName = ObjectNames.batch(root, id)
    static let indexName = ObjectNames.index(root, after: id)

    static func name(_ kind: StreamObject.Kind) -> ObjectName { kind == .batch ? batchName : indexName }

    static let batch = object(
        .batch,
        [
            .reset, .description([1, 2]), .segment(SequenceNumber(1), data(3)),
            .append(segment: SequenceNumber(1), offset: 3, count: 4),
            .append(segment: SequenceNumber(9), offset: 0, count: 2), .segmentRemoved(SequenceNumber(5)),
            .base(BaseID(SequenceNumber(2), FileID(7)), data(1)),
            .baseRemoved(BaseID(SequenceNumber(2), FileID(6))), .mark([3]),
        ],
        data: [1, 2, 3, 4, 5, 6]
    )

    static let index = object(
        .index,
        [
            .description([1, 2]), .segment(SequenceNumber(1), data(3)),
            .piece(segment: SequenceNumber(1), SegmentPiece(batch: id, offset: 3, dataOffset: 0, count: 4)),
            .base(BaseID(SequenceNumber(2), FileID(7)), data(1)), .mark([3]),
        ]
    )

    static func object(
        _ kind: StreamObject.Kind,
        _ manifest: [ManifestEntry],
        data: [UInt8] = []
    ) -> StreamObject {
        StreamObject(
            kind: kind,
            root: root,
            number: id.number,
            previous: .none,
            session: session,
            time: Instant(nanoseconds: 1_750_000_000_000_000_000),
            lastSequence: SequenceNumber(6),
            writer: "höst",
            manifest: manifest,
            data: data
        )
    }

    static func data(_ size: UInt64) -> DataObject {
        let name = ObjectNames.data(root, id.number, session: session, index: 1)
        return DataObject(name: name, sizeBytes: size, digest: ObjectDigest(of: [UInt8(size & 0xFF)]))
    }

    /// The bytes with the digest that they should end with.
    static func resealed(_ bytes: [UInt8]) -> [UInt8] {
        let content = Array(bytes.dropLast(32))
        return content + ObjectDigest(of: content).bytes
    }

    /// Entries over few segments, with numbers that fit often, and the most impossible ones.
    static func entry(_ kind: StreamObject.Kind, _ random: inout SeededRandom) -> ManifestEntry {
        let segment = SequenceNumber([1, 2, 1 << 62].randomElement(using: &random)!)
        let base = BaseID(segment, FileID([1, 1 << 31].randomElement(using: &random)!))
        func number() -> UInt64 {
            [0, 0, 1, 2, 3, 4, 1 << 62, .max - 1, .max].randomElement(using: &random)!
        }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .description(random.bytes(2))
        case 1: return .segment(segment, data(number()))
        case 2: return .base(base, data(number()))
        case 3: return .mark(random.bytes(1))
        case 4 where kind == .batch: return .segmentRemoved(segment)
        case 5 where kind == .batch: return .baseRemoved(base)
        case 6 where kind == .batch: return .reset
        default:
            if kind == .batch { return .append(segment: segment, offset: number(), count: number()) }
            let batch = BatchID(BatchNumber(1), session: [nil, 1, .max].randomElement(using: &random)!)
            let piece = SegmentPiece(
                batch: batch,
                offset: number(),
                dataOffset: number(),
                count: number()
            )
            return .piece(segment: segment, piece)
        }
    }
}
