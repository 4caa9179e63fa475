import LinuxSystem
import RepositoryFormat
import TestSupport
import Testing

@testable import Remote

@Suite("What prune may remove")
struct PrunePlanTests {
    private let root = RootID(7)
    private let day = Instant(nanoseconds: 1_000_000_000)

    private func listed(_ name: ObjectName, isYoung: Bool = false) -> ListedObject {
        ListedObject(name: name, sizeBytes: 1, written: Instant(nanoseconds: isYoung ? 1_000_000_000 : 1))
    }

    private func data(_ number: UInt64, _ session: UInt64 = 1) -> ObjectName {
        ObjectNames.data(root, BatchNumber(number), session: session, index: 1)
    }

    /// After batch `number`, with a sealed segment in `object` and one with a piece of batch `piece`.
    private func state(_ number: UInt64, _ object: ObjectName, piece: UInt64) throws -> RemoteState {
        let index = StreamObject(
            kind: .index,
            root: root,
            number: BatchNumber(number),
            previous: .none,
            session: 1,
            time: day,
            lastSequence: .none,
            writer: "",
            manifest: [
                .description([1]),
                .segment(SequenceNumber(1), DataObject(name: object, sizeBytes: 1, digest: .none)),
                .piece(
                    segment: SequenceNumber(5),
                    SegmentPiece(batch: BatchID(BatchNumber(piece)), offset: 0, dataOffset: 0, count: 1)
                ),
            ]
        )
        return try RemoteState(index, BatchID(BatchNumber(number)), object)
    }

    private func plan() throws -> PrunePlan {
        PrunePlan(
            root,
            horizon: BatchNumber(10),
            keeping: [try state(10, data(4), piece: 6), try state(20, data(3), piece: 7)],
            writtenBefore: day
        )
    }

    @Test("batches and indexes below the horizon go, its own and later ones stay")
    func numbers() throws {
        let plan = try plan()
        for number in UInt64(1)...20 {
            let id = BatchID(BatchNumber(number))
            let isNamed = number == 6 || number == 7
            let batch = plan.kind(of: listed(ObjectNames.batch(root, id)))
            #expect(batch == (number < 10 && !isNamed ? .batch : nil), "\(number)")
            let index = plan.kind(of: listed(ObjectNames.index(root, after: id)))
            #expect(index == (number < 10 ? .index : nil), "\(number)")
        }
    }

    @Test("content with at most the horizon's number goes, unless the horizon or the newest index names it")
    func content() throws {
        let plan = try plan()
        for number in UInt64(1)...20 {
            let isNamed = number == 3 || number == 4
            #expect(
                plan.kind(of: listed(data(number))) == (number <= 10 && !isNamed ? .data : nil),
                "\(number)"
            )
            #expect(plan.kind(of: listed(data(number, 2))) == (number <= 10 ? .data : nil), "\(number)")
            #expect(plan.isBehind(data(number, 2)) == (number <= 10))
        }
    }

    @Test("what is young, and what has another name, stays")
    func others() throws {
        let plan = try plan()
        let old = BatchID(BatchNumber(2))
        for name in [ObjectNames.batch(root, old), ObjectNames.index(root, after: old), data(2)] {
            #expect(plan.kind(of: listed(name)) != nil)
            #expect(plan.kind(of: listed(name, isYoung: true)) == nil)
        }
        let other = RootID(8)
        let names = [
            ObjectNames.remote, ObjectNames.batch(other, old), object("keys/2"),
            object("roots/\(root)/stream/2"), object("roots/\(root)/stream/000000000002.0A"),
            object("roots/\(root)/data/2.1.1"), object("roots/\(root)/else/000000000002"),
        ]
        for name in names { #expect(plan.kind(of: listed(name)) == nil, "\(name)") }
    }

    @Test("where names have sessions, the batch of the writer that lost goes, and the other one stays")
    func sessions() throws {
        let winner = BatchID(BatchNumber(6), session: 0xa)
        let loser = BatchID(BatchNumber(6), session: 0xb)
        var state = RemoteState()
        let batch = StreamObject(
            kind: .batch,
            root: root,
            number: BatchNumber(1),
            previous: .none,
            session: 0xa,
            time: day,
            lastSequence: .none,
            writer: "",
            manifest: [.append(segment: SequenceNumber(1), offset: 0, count: 1)],
            data: [1]
        )
        let first = BatchID(BatchNumber(1), session: 0xa)
        try state.apply(batch, first, digest: .none, ObjectNames.batch(root, first))
        let plan = PrunePlan(root, horizon: BatchNumber(10), keeping: [state], writtenBefore: day)
        #expect(plan.kind(of: listed(ObjectNames.batch(root, first))) == nil)
        #expect(
            plan.kind(of: listed(ObjectNames.batch(root, BatchID(BatchNumber(1), session: 0xb)))) == .batch
        )
        #expect(plan.kind(of: listed(ObjectNames.batch(root, winner))) == .batch)
        #expect(plan.kind(of: listed(ObjectNames.batch(root, loser))) == .batch)
    }
}
