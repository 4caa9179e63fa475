import LinuxSystem
import SQLiteFiles
import SystemPackage
import Testing

@testable import RepositoryFormat
@testable import RepositoryReader

@Suite("The state of a history, record by record")
struct HistoryTrackerTests {
    private var tracker = HistoryTracker()
    private var offset: UInt64 = 0
    /// Of each snapshot, whether everything that it builds on is there.
    private var areWhole: [Bool] = []

    init() throws { try take(.file, CraftedRecords.file("a.db")) }

    @Test("a snapshot has the last base before its end, but none that is void or that a fresh start follows")
    mutating func endedBase() throws {
        try take(.base, sequence: 1, base)
        #expect(tracker.endedBase == nil)
        let location = RecordLocation(segment: SequenceNumber(1), offset: offset)
        try take(.changes, changes(nil, continues: true))
        #expect(tracker.endedBase == nil)
        try take(.changes, sequence: 1, changes(.scan, continues: true))
        let ended = try #require(tracker.endedBase)
        #expect(ended.sequence == SequenceNumber(1) && ended.location == location)
        #expect(ended.reference.digest == 7)

        try take(.changes, sequence: 2, changes(.commit))
        #expect(tracker.ended == FileID(1) && tracker.endedBase == nil, "it builds on the one before")

        try take(.base, sequence: 3, base)
        try take(.void)
        try take(.changes, sequence: 3, changes(.commit))
        #expect(tracker.ended == FileID(1) && tracker.endedBase == nil)

        try take(.base, sequence: 4, base)
        try take(.changes, sequence: 4, changes(.scan, continues: true, startsFresh: true))
        #expect(tracker.ended == FileID(1) && tracker.endedBase == nil)
        #expect(areWhole == [true, true, true, true])
    }

    @Test("a loss before the snapshot's end leaves its base, which does not make the file complete again")
    mutating func lossBeforeEnd() throws {
        try take(.base, sequence: 1, base)
        tracker.lost(Finding(.error, FilePath("segment"), at: 0, "lost"))
        try take(.changes, sequence: 1, changes(.scan, continues: true))
        #expect(tracker.endedBase?.sequence == SequenceNumber(1))

        try take(.base, sequence: 2, base)
        try take(.changes, sequence: 2, changes(.scan, continues: true))
        #expect(tracker.endedBase?.sequence == SequenceNumber(2))
        #expect(areWhole == [false, true])
    }

    /// A record of file 1.
    private mutating func take(_ type: RecordType, sequence: UInt64 = 0, _ payload: [UInt8] = []) throws {
        offset += 100
        let header = RecordHeader(
            type,
            flags: 0,
            payloadBytes: payload.count,
            file: FileID(1),
            firstSequence: SequenceNumber(sequence),
            time: Self.time
        )
        let place = RecordPlace(
            location: RecordLocation(segment: SequenceNumber(1), offset: offset),
            path: FilePath("segment"),
            end: offset + 100,
            storedBytes: 100,
            isInBlock: false
        )
        try tracker.consume(type, header, unsafe payload.span.bytes, place) { event in
            if case .snapshot(let record) = event { areWhole.append(record.isWhole) }
        }
    }

    private static let time = Instant(nanoseconds: 0)

    private var base: [UInt8] {
        var bytes: [UInt8] = []
        BaseReference(shape: .empty(.plain), digest: 7, indexChecksum: 0).encode(into: &bytes)
        return bytes
    }

    /// One entry without a page. `event`: nil for a part of a snapshot.
    private func changes(
        _ event: SnapshotEvent?,
        continues: Bool = false,
        startsFresh: Bool = false
    ) -> [UInt8] {
        let entry = ChangesFormat.Entry(
            time: Self.time,
            event: event,
            startsFresh: startsFresh,
            shape: .empty(.plain)
        )
        var table: [UInt8] = []
        table.append(entry: entry, numbers: [], after: Self.time)
        var bytes: [UInt8] = []
        bytes.appendChangesHeader(
            flags: ChangesFormat.Flag.noPrefix | (continues ? ChangesFormat.Flag.continues : 0)
                | (event == nil ? ChangesFormat.Flag.isUnfinished : 0),
            pageSize: .plain,
            entryCount: 1,
            tableBytes: table.count,
            rawBytes: 0
        )
        return bytes + table
    }
}
